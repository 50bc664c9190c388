//! Which API a call speaks, from its method and path, exactly.

use crate::headers::{ANTHROPIC_VERSION, Headers};
use crate::wire::{Dialect, Format};

/// What a call asks of the broker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Api {
    /// An answer of a model.
    Completion(Format),
    /// The list of models that the caller may ask for.
    Models(Dialect),
}

impl Api {
    /// The API's name in records and metrics.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Completion(Format::OpenAiChat) => "openai.chat",
            Self::Completion(Format::AnthropicMessages) => "anthropic.messages",
            Self::Completion(Format::OpenAiResponses) => "openai.responses",
            Self::Models(_) => "models",
        }
    }

    /// In whose shape the caller expects errors.
    #[must_use]
    pub fn dialect(self) -> Dialect {
        match self {
            Self::Completion(format) => format.dialect(),
            Self::Models(dialect) => dialect,
        }
    }
}

/// Why a call has no API; each in the dialect that the caller most likely speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ApiError {
    /// There is nothing at this path.
    UnknownPath(Dialect),
    /// Something that was kept of an earlier answer is asked for, and the broker keeps nothing.
    NotKept(Dialect),
    /// The path is right, the method is not; with the one that would be.
    WrongMethod(Dialect, &'static str),
}

/// Tells the API of a call.
///
/// A path may repeat `/v1` or lack it: clients differ in whether their base URL ends with `/v1`.
pub fn of(headers: &Headers) -> Result<Api, ApiError> {
    let path = headers.text(":path").unwrap_or_default();
    let path = path.split_once('?').map_or(path, |(path, _)| path);
    let mut path = path.strip_suffix('/').unwrap_or(path);
    while let Some(rest) = path.strip_prefix("/v1/") {
        path = path.get(path.len() - rest.len() - 1..).unwrap_or_default();
    }
    let likely = match headers.first(ANTHROPIC_VERSION) {
        Some(_) => Dialect::Anthropic,
        None => Dialect::OpenAi,
    };
    let (api, method) = match path {
        "/chat/completions" => (Api::Completion(Format::OpenAiChat), "POST"),
        "/messages" => (Api::Completion(Format::AnthropicMessages), "POST"),
        "/responses" => (Api::Completion(Format::OpenAiResponses), "POST"),
        "/models" => (Api::Models(likely), "GET"),
        _ if path.starts_with("/responses/") => return Err(ApiError::NotKept(Dialect::OpenAi)),
        _ if path.starts_with("/messages/") => return Err(ApiError::UnknownPath(Dialect::Anthropic)),
        _ => return Err(ApiError::UnknownPath(likely)),
    };
    if headers.first(":method") == Some(method.as_bytes()) {
        Ok(api)
    } else {
        Err(ApiError::WrongMethod(api.dialect(), method))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn api(method: &str, path: &str, anthropic: bool) -> Result<Api, ApiError> {
        let mut pairs = vec![
            (":method".to_owned(), method.as_bytes().to_vec()),
            (":path".to_owned(), path.as_bytes().to_vec()),
        ];
        if anthropic {
            pairs.push((ANTHROPIC_VERSION.to_owned(), b"2023-06-01".to_vec()));
        }
        of(&Headers::new(pairs))
    }

    #[test]
    fn paths_are_matched_whole_with_or_without_the_version() {
        for path in [
            "/v1/chat/completions",
            "/v1/chat/completions/",
            "/chat/completions?x=1",
            "/v1/v1/chat/completions",
        ] {
            assert_eq!(
                api("POST", path, false),
                Ok(Api::Completion(Format::OpenAiChat)),
                "{path}"
            );
        }
        for path in [
            "/v1/messages",
            "/v1/messages?beta=true",
            "/v1/v1/messages",
            "/messages",
        ] {
            assert_eq!(
                api("POST", path, true),
                Ok(Api::Completion(Format::AnthropicMessages)),
                "{path}"
            );
        }
        assert_eq!(
            api("GET", "/v1/models", true),
            Ok(Api::Models(Dialect::Anthropic))
        );
        assert_eq!(api("GET", "/v1/models", false), Ok(Api::Models(Dialect::OpenAi)));
    }

    #[test]
    fn what_only_resembles_a_path_is_none() {
        for path in [
            "",
            "/",
            "/v1",
            "/v1/",
            "/v1chat/completions",
            "/v1/chat/completionsx",
            "/x/v1/messages",
            "/V1/messages",
            "/v1//messages",
        ] {
            assert_eq!(
                api("POST", path, false),
                Err(ApiError::UnknownPath(Dialect::OpenAi)),
                "{path}"
            );
        }
        assert_eq!(
            api("POST", "/v1/messages/count_tokens", false),
            Err(ApiError::UnknownPath(Dialect::Anthropic))
        );
    }

    #[test]
    fn responses_are_made_and_not_kept() {
        for path in ["/v1/responses", "/responses/", "/v1/v1/responses?x=1"] {
            let completion = Api::Completion(Format::OpenAiResponses);
            assert_eq!(api("POST", path, false), Ok(completion), "{path}");
        }
        for path in [
            "/v1/responses/resp_1",
            "/v1/responses/resp_1/input_items",
            "/v1/responses/compact",
        ] {
            let not_kept = Err(ApiError::NotKept(Dialect::OpenAi));
            assert_eq!(api("GET", path, false), not_kept, "{path}");
        }
        assert_eq!(
            api("GET", "/v1/responses", false),
            Err(ApiError::WrongMethod(Dialect::OpenAi, "POST"))
        );
    }

    #[test]
    fn a_wrong_method_names_the_right_one() {
        assert_eq!(
            api("GET", "/v1/messages", false),
            Err(ApiError::WrongMethod(Dialect::Anthropic, "POST"))
        );
        assert_eq!(
            api("POST", "/v1/models", false),
            Err(ApiError::WrongMethod(Dialect::OpenAi, "GET"))
        );
    }
}
