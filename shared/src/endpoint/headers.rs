//! The head of an attempt's request.

use std::borrow::Cow;

use super::{Endpoint, Naming, Operation, Passed};
use crate::api;
use crate::config::ProviderKind;
use crate::headers::Headers;
use crate::provider::{self, Destination, azure};
use crate::stored;
use crate::wire::Format;

/// The longest query of a path that goes on to a provider: real ones have a limit and an id in it.
const MAX_QUERY: usize = 2_048;

/// All headers of an attempt's request for what is no answer of a model. The credential is Envoy's to add. `client`:
/// the headers of the agent.
#[must_use]
pub fn request_headers<'a>(
    endpoint: Endpoint,
    to: &Destination<'a>,
    format: Format,
    client: &'a Headers,
    is_stream: bool,
    body_length: usize,
) -> Vec<(&'static str, Cow<'a, [u8]>)> {
    let mut headers = provider::request_headers(to, format, client, is_stream, body_length);
    let passed = match endpoint {
        Endpoint::Passed(passed) => Some(passed),
        Endpoint::Answer | Endpoint::Embeddings | Endpoint::CountTokens => None,
    };
    let mut whole_path = whole_path(endpoint, to, client);
    for (name, value) in &mut headers {
        match *name {
            ":path" => *value = Cow::Owned(std::mem::take(&mut whole_path).into_bytes()),
            ":method" => {
                if let Some(passed) = passed {
                    *value = Cow::Borrowed(passed.method.as_bytes());
                }
            }
            "content-type" => {
                if passed.is_some_and(keeps_type)
                    && let Some(given) = client.first("content-type")
                {
                    *value = Cow::Borrowed(given);
                }
            }
            // Sound and files come in types of their own.
            "accept" if passed.is_some_and(|passed| passed.operation != Operation::Completions) => {
                *value = Cow::Borrowed(client.first("accept").unwrap_or(b"*/*"));
            }
            _ => {}
        }
    }
    // What has no body is no JSON either.
    if body_length == 0 {
        let has_body = passed.is_none_or(|passed| passed.method == "POST");
        headers.retain(|(name, _)| match *name {
            "content-type" => false,
            "content-length" => has_body,
            _ => true,
        });
    }
    headers
}

/// The path at which the provider is asked.
fn whole_path(endpoint: Endpoint, to: &Destination<'_>, client: &Headers) -> String {
    let base = to.address.base_path.as_str();
    if let Some(counter) = endpoint.counter(to.kind, to.model) {
        return [base, &counter.path(to.model)].concat();
    }
    match (endpoint.translation(to.kind, to.model), to.kind) {
        (Some(embedder), ProviderKind::Cohere) => {
            // What SDKs have as the end of their base URL.
            let base = base.strip_suffix("/v2").unwrap_or(base);
            [base, &embedder.path(to.model)].concat()
        }
        (Some(embedder), _) => [base, &embedder.path(to.model)].concat(),
        (None, ProviderKind::AzureOpenAi) if endpoint.is_of_object() => {
            azure::of_resource(to, &without_version(&path(endpoint, client)))
        }
        (None, ProviderKind::AzureOpenAi) => azure::of_deployment(to, &path(endpoint, client)),
        (None, _) => [base, "/v1", &path(endpoint, client)].concat(),
    }
}

/// The path without what the agent says of `api-version`: the configuration says it, and of two Azure would take one.
fn without_version(path: &str) -> String {
    let Some((path, query)) = path.split_once('?') else {
        return path.to_owned();
    };
    // Names may be percent-encoded, and Azure does not look at their case.
    let is_kept = |member: &&str| {
        let name = member.split('=').next().unwrap_or_default();
        !name.contains('%') && !name.eq_ignore_ascii_case("api-version")
    };
    let kept: Vec<&str> = query.split('&').filter(is_kept).collect();
    if kept.is_empty() {
        path.to_owned()
    } else {
        [path, "?", &kept.join("&")].concat()
    }
}

/// Whether the agent's content type goes on: that of a form holds what parts it.
fn keeps_type(passed: Passed) -> bool {
    passed.operation.naming() != Naming::Json
}

/// The path after `/v1`: the agent's, with what follows the question mark where an object is asked for.
fn path(endpoint: Endpoint, client: &Headers) -> String {
    let path = if endpoint.is_of_response() {
        stored::providers_path(api::path(client))
    } else {
        api::path(client).to_owned()
    };
    if !endpoint.is_of_object() {
        return path;
    }
    let whole = client.text(":path").unwrap_or_default();
    let is_visible =
        |query: &&str| query.len() <= MAX_QUERY && query.bytes().all(|byte| byte.is_ascii_graphic());
    match whole.split_once('?').map(|(_, query)| query).filter(is_visible) {
        Some(query) => [&path, "?", query].concat(),
        None => path,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Scheme;
    use crate::provider::Address;
    use crate::wire::Dialect;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn client(method: &str, path: &str, more: &[(&str, &str)]) -> Headers {
        let secrets = [
            ("authorization", "Bearer agent-token"),
            ("x-api-key", "agent-token"),
            ("cookie", "c"),
        ];
        let own = [(":method", method), (":path", path), ("x-broker-model", "m")];
        let pairs = own.iter().chain(&secrets).chain(more);
        Headers::new(
            pairs
                .map(|(name, value)| ((*name).to_owned(), value.as_bytes().to_vec()))
                .collect(),
        )
    }

    fn sent(method: &str, path: &str, more: &[(&str, &str)], length: usize) -> Vec<String> {
        let client = client(method, path, more);
        let (format, endpoint) = api::of(&client).unwrap().asks().unwrap();
        let address = Address {
            scheme: Scheme::Https,
            authority: "api.example.com".into(),
            base_path: "/base".into(),
            api_version: None,
        };
        let to = Destination {
            kind: match format.dialect() {
                Dialect::OpenAi => ProviderKind::OpenAi,
                Dialect::Anthropic => ProviderKind::Anthropic,
            },
            model: "up",
            address: &address,
        };
        request_headers(endpoint, &to, format, &client, false, length)
            .iter()
            .map(|(name, value)| format!("{name}={}", String::from_utf8_lossy(value)))
            .collect()
    }

    #[test]
    fn the_path_is_the_providers_and_only_objects_keep_the_query() {
        for (method, path, expected) in [
            ("POST", "/v1/embeddings?x=1", "/base/v1/embeddings"),
            ("POST", "/embeddings/", "/base/v1/embeddings"),
            (
                "POST",
                "/v1/messages/count_tokens?beta=true",
                "/base/v1/messages/count_tokens",
            ),
            (
                "GET",
                "/v1/files?limit=2&after=file-1",
                "/base/v1/files?limit=2&after=file-1",
            ),
            ("DELETE", "/files/file-1", "/base/v1/files/file-1"),
            ("GET", "/v1/files?a b", "/base/v1/files"),
        ] {
            let sent = sent(method, path, &[], 0);
            assert!(sent.contains(&format!(":path={expected}")), "{sent:?}");
            assert!(sent.contains(&format!(":method={method}")), "{sent:?}");
        }
    }

    /// The path at Azure's account; `version`: that of the API, where it is asked in its old way.
    fn azure_path(base: &str, version: Option<&str>, method: &str, path: &str) -> String {
        let client = client(method, path, &[]);
        let (_, endpoint) = api::of(&client).unwrap().asks().unwrap();
        let address = Address {
            scheme: Scheme::Https,
            authority: "r.openai.azure.com".into(),
            base_path: base.into(),
            api_version: version.map(str::to_owned),
        };
        let to = Destination {
            kind: ProviderKind::AzureOpenAi,
            model: "my/deployment",
            address: &address,
        };
        whole_path(endpoint, &to, &client)
    }

    #[test]
    fn azures_deployments_stand_in_the_path_of_its_old_way_and_its_files_belong_to_none() {
        let deployment = "/openai/deployments/my%2Fdeployment";
        for (method, path, undated, dated) in [
            (
                "POST",
                "/v1/embeddings",
                "/embeddings",
                format!("{deployment}/embeddings?"),
            ),
            (
                "POST",
                "/v1/completions?x=1",
                "/completions",
                format!("{deployment}/completions?"),
            ),
            (
                "POST",
                "/v1/images/generations",
                "/images/generations",
                format!("{deployment}/images/generations?"),
            ),
            (
                "POST",
                "/v1/audio/transcriptions",
                "/audio/transcriptions",
                format!("{deployment}/audio/transcriptions?"),
            ),
            (
                "GET",
                "/v1/files?limit=2",
                "/files?limit=2",
                "/openai/files?limit=2&".to_owned(),
            ),
            (
                "GET",
                "/v1/files/file-1/content",
                "/files/file-1/content",
                "/openai/files/file-1/content?".to_owned(),
            ),
            (
                "POST",
                "/v1/batches/b/cancel",
                "/batches/b/cancel",
                "/openai/batches/b/cancel?".to_owned(),
            ),
        ] {
            for base in ["", "/openai"] {
                let v1 = azure_path(base, None, method, path);
                assert_eq!(v1, format!("/openai/v1{undated}"));
                let old = azure_path(base, Some("2024-10-21"), method, path);
                assert_eq!(old, format!("{dated}api-version=2024-10-21"));
            }
            let hub = azure_path("/hub/openai", None, method, path);
            assert_eq!(hub, format!("/hub/openai/v1{undated}"));
        }
    }

    #[test]
    fn providers_with_words_of_their_own_are_asked_at_their_own_paths() {
        let path = |kind, model, base: &str, path| {
            let client = client("POST", path, &[]);
            let (_, endpoint) = api::of(&client).unwrap().asks().unwrap();
            let address = Address {
                scheme: Scheme::Https,
                authority: "example.com".into(),
                base_path: base.into(),
                api_version: None,
            };
            let to = Destination {
                kind,
                model,
                address: &address,
            };
            whole_path(endpoint, &to, &client)
        };
        let (embeddings, count) = ("/v1/embeddings", "/v1/messages/count_tokens?beta=true");
        for (kind, model, base, asked, expected) in [
            (
                ProviderKind::Cohere,
                "embed-v4.0",
                "/compatible/v2",
                embeddings,
                "/compatible/v2/embed",
            ),
            (
                ProviderKind::Mistral,
                "mistral-embed",
                "",
                embeddings,
                "/v1/embeddings",
            ),
            (
                ProviderKind::Vertex,
                "claude-x",
                "/v1/projects/p/locations/l",
                count,
                "/v1/projects/p/locations/l/publishers/anthropic/models/count-tokens:rawPredict",
            ),
            (
                ProviderKind::Gemini,
                "gemini-x",
                "",
                count,
                "/v1beta/models/gemini-x:countTokens",
            ),
            (
                ProviderKind::Bedrock,
                "us.anthropic.claude-x-v1:0",
                "",
                count,
                "/model/anthropic.claude-x-v1%3A0/count-tokens",
            ),
            (
                ProviderKind::Anthropic,
                "claude-x",
                "/base",
                count,
                "/base/v1/messages/count_tokens",
            ),
        ] {
            assert_eq!(path(kind, model, base, asked), expected);
        }
    }

    #[test]
    fn azures_version_is_the_configurations() {
        for (query, expected) in [
            ("limit=2", "?limit=2&api-version=2024-10-21"),
            ("api-version=2020-01-01", "?api-version=2024-10-21"),
            (
                "limit=2&API-Version=1&after=f&api%2Dversion=1",
                "?limit=2&after=f&api-version=2024-10-21",
            ),
        ] {
            let client = client("GET", &["/v1/files?", query].concat(), &[]);
            let address = Address {
                scheme: Scheme::Https,
                authority: "r.openai.azure.com".into(),
                base_path: String::new(),
                api_version: Some("2024-10-21".into()),
            };
            let to = Destination {
                kind: ProviderKind::AzureOpenAi,
                model: "up",
                address: &address,
            };
            let (_, endpoint) = api::of(&client).unwrap().asks().unwrap();
            let path = whole_path(endpoint, &to, &client);
            assert_eq!(path, ["/openai/files", expected].concat());
        }
    }

    #[test]
    fn a_form_keeps_its_type_and_nothing_of_the_agents_own_goes_on() {
        let form = ("content-type", "multipart/form-data; boundary=x");
        let given = [form, ("accept", "audio/mpeg"), ("openai-organization", "org")];
        let sent = sent("POST", "/v1/audio/transcriptions", &given, 7);
        assert_eq!(
            sent,
            [
                ":method=POST",
                ":scheme=https",
                ":authority=api.example.com",
                ":path=/base/v1/audio/transcriptions",
                "content-type=multipart/form-data; boundary=x",
                "content-length=7",
                "accept=audio/mpeg",
                "accept-encoding=identity",
                concat!("user-agent=model-broker/", env!("CARGO_PKG_VERSION")),
            ]
        );
    }

    #[test]
    fn what_has_no_body_says_nothing_of_one() {
        let get = sent("GET", "/v1/batches/b", &[("content-type", "text/x")], 0);
        assert!(
            get.iter().all(|header| !header.starts_with("content-")),
            "{get:?}"
        );
        let cancel = sent("POST", "/v1/batches/b/cancel", &[], 0);
        assert!(cancel.contains(&"content-length=0".to_owned()), "{cancel:?}");
    }

    #[test]
    fn anthropics_opt_ins_go_on() {
        let given = [
            ("anthropic-version", "2023-06-01"),
            ("anthropic-beta", "files-api-2025-04-14"),
        ];
        let sent = sent("GET", "/v1/files", &given, 0);
        assert!(
            sent.contains(&"anthropic-beta=files-api-2025-04-14".to_owned()),
            "{sent:?}"
        );
        let versions = sent
            .iter()
            .filter(|header| header.starts_with("anthropic-version="));
        assert_eq!(versions.count(), 1);
    }
}
