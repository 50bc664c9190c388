//! What a provider account is sent beside the body: a clean slate of headers for every attempt.

use crate::config::{ProviderKind, Scheme};
use crate::headers::{ANTHROPIC_BETA, ANTHROPIC_VERSION, Headers, Lookup};
use crate::wire::Format;

/// The revision of Anthropic's API that is spoken where the client names none.
const ANTHROPIC_DEFAULT_VERSION: &[u8] = b"2023-06-01";

/// The headers of an answer that go on to the agent; the rest describes the provider account or the connection.
///
/// Not the provider's id of the request: the agent is told the broker's, under which its record is found.
const ANSWER_HEADERS: [&str; 9] = [
    ":status",
    "content-type",
    "content-length",
    "content-encoding",
    "retry-after",
    "retry-after-ms",
    "x-should-retry",
    "openai-version",
    "openai-processing-ms",
];

/// Where a provider account is, as its cluster's egress filter is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// With or without TLS.
    pub scheme: Scheme,
    /// The host, with the port where it is not the scheme's own.
    pub authority: String,
    /// What stands before `/v1` in every path.
    pub base_path: String,
}

impl ProviderKind {
    /// The format that this kind takes natively.
    #[must_use]
    pub fn format(self) -> Format {
        match self {
            Self::OpenAi | Self::OpenAiCompatible => Format::OpenAiChat,
            Self::Anthropic => Format::AnthropicMessages,
        }
    }
}

/// All headers of an attempt's request, in order. The credential is Envoy's to add.
#[must_use]
pub fn request_headers(
    kind: ProviderKind,
    address: &Address,
    client: &Headers,
    is_stream: bool,
    body_length: usize,
) -> Vec<(&'static str, Vec<u8>)> {
    let format = kind.format();
    let scheme = match address.scheme {
        Scheme::Http => "http",
        Scheme::Https => "https",
    };
    let accept = if is_stream { "text/event-stream" } else { "application/json" };
    let mut headers = vec![
        (":method", b"POST".to_vec()),
        (":scheme", scheme.into()),
        (":authority", address.authority.clone().into_bytes()),
        (":path", [address.base_path.as_str(), format.path()].concat().into_bytes()),
        ("content-type", b"application/json".to_vec()),
        ("content-length", body_length.to_string().into_bytes()),
        ("accept", accept.into()),
        // Usage cannot be read from a compressed answer.
        ("accept-encoding", b"identity".to_vec()),
        ("user-agent", concat!("model-broker/", env!("CARGO_PKG_VERSION")).into()),
    ];
    if format == Format::AnthropicMessages {
        let given = |name| match client.lookup(name) {
            Lookup::Once(value) => Some(value.to_vec()),
            Lookup::Absent | Lookup::Repeated => None,
        };
        let version = given(ANTHROPIC_VERSION).unwrap_or_else(|| ANTHROPIC_DEFAULT_VERSION.to_vec());
        headers.push((ANTHROPIC_VERSION, version));
        headers.extend(given(ANTHROPIC_BETA).map(|features| (ANTHROPIC_BETA, features)));
    }
    headers
}

/// The headers of an answer that go on to the agent.
#[must_use]
pub fn answer_headers(given: Vec<(String, Vec<u8>)>, keeps_length: bool) -> Vec<(String, Vec<u8>)> {
    given
        .into_iter()
        .filter(|(name, _)| ANSWER_HEADERS.contains(&name.as_str()))
        .filter(|(name, _)| keeps_length || name != "content-length")
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn address() -> Address {
        Address { scheme: Scheme::Https, authority: "api.example.com".into(), base_path: "/base".into() }
    }

    #[test]
    fn nothing_of_the_client_goes_on_but_what_the_format_needs() {
        let pair = |name: &str, value: &str| (name.to_owned(), value.as_bytes().to_vec());
        let client = Headers::new(vec![
            pair("authorization", "Bearer agent-token"),
            pair("x-api-key", "agent-token"),
            pair("cookie", "session"),
            pair("x-envoy-retry-on", "5xx"),
            pair("anthropic-version", "2026-10-21"),
            pair("anthropic-beta", "feature"),
        ]);
        let headers = request_headers(ProviderKind::Anthropic, &address(), &client, true, 7);
        let text: Vec<_> =
            headers.iter().map(|(name, value)| format!("{name}={}", String::from_utf8_lossy(value))).collect();
        assert_eq!(
            text,
            [
                ":method=POST",
                ":scheme=https",
                ":authority=api.example.com",
                ":path=/base/v1/messages",
                "content-type=application/json",
                "content-length=7",
                "accept=text/event-stream",
                "accept-encoding=identity",
                concat!("user-agent=model-broker/", env!("CARGO_PKG_VERSION")),
                "anthropic-version=2026-10-21",
                "anthropic-beta=feature",
            ]
        );
        let openai = request_headers(ProviderKind::OpenAi, &address(), &client, false, 7);
        assert!(openai.iter().all(|(name, _)| !name.starts_with("anthropic")));
    }

    #[test]
    fn an_answer_loses_what_describes_the_account() {
        let pair = |name: &str| (name.to_owned(), b"x".to_vec());
        let given = vec![
            pair(":status"),
            pair("content-length"),
            pair("set-cookie"),
            pair("openai-organization"),
            pair("x-ratelimit-remaining-tokens"),
            pair("retry-after"),
        ];
        let names = |keeps_length| {
            answer_headers(given.clone(), keeps_length).into_iter().map(|(name, _)| name).collect::<Vec<_>>()
        };
        assert_eq!(names(true), [":status", "content-length", "retry-after"]);
        assert_eq!(names(false), [":status", "retry-after"]);
    }
}
