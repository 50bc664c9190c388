//! Which API a call speaks, from its method and path, exactly.

use crate::endpoint::{Endpoint, Operation, Passed};
use crate::headers::{ANTHROPIC_VERSION, Headers};
use crate::wire::{Dialect, Format};

/// What a call asks of the broker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Api {
    /// An answer of a model.
    Completion(Format),
    /// The list of models that the caller may ask for.
    Models(Dialect),
    /// One model of that list.
    Model(Dialect),
    /// Embeddings of texts, in OpenAI's format.
    Embeddings,
    /// How many tokens a call of Anthropic's messages would have.
    CountTokens,
    /// What passes through to a provider of the same API.
    Passed(Passed),
}

impl Api {
    /// The API's name in records and metrics.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Completion(Format::OpenAiChat) => "openai.chat",
            Self::Completion(Format::AnthropicMessages) => "anthropic.messages",
            Self::Completion(Format::OpenAiResponses) => "openai.responses",
            Self::Models(_) | Self::Model(_) => "models",
            Self::Embeddings => "openai.embeddings",
            Self::CountTokens => "anthropic.count_tokens",
            Self::Passed(passed) => passed.as_str(),
        }
    }

    /// The one in which a caller asks this of a provider.
    #[must_use]
    pub fn of(format: Format, endpoint: Endpoint) -> Self {
        match endpoint {
            Endpoint::Answer => Self::Completion(format),
            Endpoint::Embeddings => Self::Embeddings,
            Endpoint::CountTokens => Self::CountTokens,
            Endpoint::Passed(passed) => Self::Passed(passed),
        }
    }

    /// In whose shape the caller expects errors.
    #[must_use]
    pub fn dialect(self) -> Dialect {
        match self {
            Self::Completion(format) => format.dialect(),
            Self::Models(dialect) | Self::Model(dialect) => dialect,
            Self::Embeddings => Dialect::OpenAi,
            Self::CountTokens => Dialect::Anthropic,
            Self::Passed(passed) => passed.dialect(),
        }
    }

    /// What providers are asked, and in the ways of which format; `None` if the broker answers itself.
    #[must_use]
    pub fn asks(self) -> Option<(Format, Endpoint)> {
        Some(match self {
            Self::Completion(format) => (format, Endpoint::Answer),
            Self::Models(_) | Self::Model(_) => return None,
            Self::Embeddings => (Format::OpenAiChat, Endpoint::Embeddings),
            Self::CountTokens => (Format::AnthropicMessages, Endpoint::CountTokens),
            Self::Passed(passed) => (passed.format(), Endpoint::Passed(passed)),
        })
    }
}

/// Why a call has no API; each in the dialect that the caller most likely speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ApiError {
    /// There is nothing at this path.
    UnknownPath(Dialect),
    /// The path is right, the method is not; with the one that would be.
    WrongMethod(Dialect, &'static str),
}

/// The path of a call after `/v1`, without a slash at its end and what follows a question mark.
#[must_use]
pub fn path(headers: &Headers) -> &str {
    let path = headers.text(":path").unwrap_or_default();
    let path = path.split_once('?').map_or(path, |(path, _)| path);
    let mut path = path.strip_suffix('/').unwrap_or(path);
    while let Some(rest) = path.strip_prefix("/v1/") {
        path = path.get(path.len() - rest.len() - 1..).unwrap_or_default();
    }
    path
}

/// The API of a call at none of the broker's own paths.
fn passed(path: &str, headers: &Headers, likely: Dialect) -> Result<Api, ApiError> {
    let Some(operation) = Operation::at(path, likely) else {
        return Err(ApiError::UnknownPath(match path {
            _ if path.starts_with("/messages/") => Dialect::Anthropic,
            _ if path.starts_with("/responses/") => Dialect::OpenAi,
            _ => likely,
        }));
    };
    let passed = operation.asked(path, headers.first(":method"));
    passed
        .map(Api::Passed)
        .map_err(|methods| ApiError::WrongMethod(operation.dialect(), methods))
}

/// The model that the path of a call names, percent-encoded or not; `None` if that is no text.
#[must_use]
pub fn model_id(headers: &Headers) -> Option<String> {
    let id = path(headers).strip_prefix("/models/")?;
    let mut decoded = Vec::with_capacity(id.len());
    let mut bytes = id.bytes();
    while let Some(byte) = bytes.next() {
        decoded.push(match byte {
            b'%' => {
                let mut digit = || char::from(bytes.next()?).to_digit(16);
                u8::try_from(digit()? << 4 | digit()?).ok()?
            }
            _ => byte,
        });
    }
    String::from_utf8(decoded).ok()
}

/// Tells the API of a call.
///
/// A path may repeat `/v1` or lack it: clients differ in whether their base URL ends with `/v1`.
pub fn of(headers: &Headers) -> Result<Api, ApiError> {
    let path = path(headers);
    let likely = match headers.first(ANTHROPIC_VERSION) {
        Some(_) => Dialect::Anthropic,
        None => Dialect::OpenAi,
    };
    let (api, method) = match path {
        "/chat/completions" => (Api::Completion(Format::OpenAiChat), "POST"),
        "/messages" => (Api::Completion(Format::AnthropicMessages), "POST"),
        "/responses" => (Api::Completion(Format::OpenAiResponses), "POST"),
        "/models" => (Api::Models(likely), "GET"),
        "/embeddings" => (Api::Embeddings, "POST"),
        "/messages/count_tokens" => (Api::CountTokens, "POST"),
        _ if path.starts_with("/models/") => (Api::Model(likely), "GET"),
        _ => return passed(path, headers, likely),
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
            api("POST", "/v1/messages/count_token", false),
            Err(ApiError::UnknownPath(Dialect::Anthropic))
        );
    }

    #[test]
    fn responses_are_made_and_looked_at() {
        for path in ["/v1/responses", "/responses/", "/v1/v1/responses?x=1"] {
            let completion = Api::Completion(Format::OpenAiResponses);
            assert_eq!(api("POST", path, false), Ok(completion), "{path}");
        }
        for (path, allowed) in [
            ("/v1/responses/resp_1", "GET, DELETE"),
            ("/v1/responses/resp_1/input_items?limit=2", "GET"),
            ("/v1/responses/resp_1/cancel", "POST"),
        ] {
            let wrong = Err(ApiError::WrongMethod(Dialect::OpenAi, allowed));
            assert_eq!(api("PUT", path, false), wrong, "{path}");
        }
        for path in [
            "/v1/responses/compact",
            "/v1/responses/input_tokens",
            "/v1/responses/resp_1/output",
            "/v1/responses/resp_1/cancel/now",
            "/v1/responses//cancel",
        ] {
            let unknown = Err(ApiError::UnknownPath(Dialect::OpenAi));
            assert_eq!(api("POST", path, false), unknown, "{path}");
        }
        assert_eq!(
            api("GET", "/v1/responses", false),
            Err(ApiError::WrongMethod(Dialect::OpenAi, "POST"))
        );
    }

    #[test]
    fn a_model_is_named_by_the_rest_of_the_path() {
        let id = |path: &str| {
            assert_eq!(
                api("GET", path, true),
                Ok(Api::Model(Dialect::Anthropic)),
                "{path}"
            );
            model_id(&Headers::new(vec![(
                ":path".to_owned(),
                path.as_bytes().to_vec(),
            )]))
        };
        for (path, expected) in [
            ("/v1/models/gpt", "gpt"),
            ("/models/gpt?beta=true", "gpt"),
            ("/v1/models/meta/llama:70b", "meta/llama:70b"),
            ("/v1/models/meta%2Fllama%3a70b/", "meta/llama:70b"),
            ("/v1/models/caf%C3%A9", "caf\u{e9}"),
        ] {
            assert_eq!(id(path).as_deref(), Some(expected), "{path}");
        }
        for path in [
            "/v1/models/%",
            "/v1/models/%2",
            "/v1/models/%zz",
            "/v1/models/%ff",
        ] {
            assert_eq!(id(path), None, "{path}");
        }
    }

    #[test]
    fn what_passes_through_says_whose_it_is_and_how_it_is_asked() {
        let passed = |method, path| match api(method, path, false) {
            Ok(Api::Passed(passed)) => passed.as_str(),
            other => panic!("{method} {path}: {other:?}"),
        };
        assert_eq!(passed("POST", "/v1/completions"), "openai.completions");
        assert_eq!(passed("DELETE", "/v1/files/file-1"), "openai.files");
        assert_eq!(
            passed("GET", "/v1/messages/batches/msgbatch_1/results"),
            "anthropic.batches"
        );
        assert_eq!(
            api("PUT", "/v1/files", true),
            Err(ApiError::WrongMethod(Dialect::Anthropic, "GET, POST"))
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
