//! What a provider account is sent beside the body: a clean slate of headers for every attempt.

mod capability;
pub mod model_name;
pub mod models;
mod path;

use std::borrow::Cow;

pub use capability::{Capabilities, Capability};

use crate::config::{ProviderKind, Scheme};
use crate::headers::{ANTHROPIC_BETA, ANTHROPIC_VERSION, Headers, Lookup};
use crate::wire::{Format, UpstreamFormat};
use path::path;

/// The revision of Anthropic's API that is spoken where the client names none.
const ANTHROPIC_DEFAULT_VERSION: &[u8] = b"2023-06-01";

/// The headers of an answer that go on to the agent; the rest describes the provider account or the connection.
///
/// Not the provider's id of the request: the agent is told the broker's, under which its record is found.
const ANSWER_HEADERS: [&str; 10] = [
    ":status",
    "content-type",
    "content-length",
    "content-encoding",
    // The name of a file.
    "content-disposition",
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

/// Where an attempt goes.
#[derive(Clone, Copy, Debug)]
pub struct Destination<'a> {
    /// What the provider is.
    pub kind: ProviderKind,
    /// What it calls the model.
    pub model: &'a str,
    /// Where it is.
    pub address: &'a Address,
}

impl ProviderKind {
    /// Whether OpenAI's own models answer, in its own service or another's: they have ways of their own that servers
    /// with the same API may not know.
    #[must_use]
    pub fn is_openai(self) -> bool {
        match self {
            Self::OpenAi => true,
            Self::Anthropic | Self::OpenAiCompatible => false,
        }
    }

    /// The format in which a provider of this kind is asked for a model when the call came in the format `from`.
    #[must_use]
    pub fn speaks(self, _model: &str, _from: Format) -> UpstreamFormat {
        match self {
            Self::OpenAi | Self::OpenAiCompatible => UpstreamFormat::OpenAiChat,
            Self::Anthropic => UpstreamFormat::AnthropicMessages,
        }
    }
}

/// All headers of an attempt's request, in order. The credential is Envoy's to add. `client`: the headers of the
/// agent, which called in the format `from`; those of another format than the provider's mean nothing there.
#[must_use]
pub fn request_headers<'a>(
    to: &Destination<'a>,
    from: Format,
    client: &'a Headers,
    is_stream: bool,
    body_length: usize,
) -> Vec<(&'static str, Cow<'a, [u8]>)> {
    let format = to.kind.speaks(to.model, from);
    let fixed = |text: &'static str| Cow::Borrowed(text.as_bytes());
    let scheme = match to.address.scheme {
        Scheme::Http => "http",
        Scheme::Https => "https",
    };
    let mut headers = Vec::with_capacity(11);
    headers.extend([
        (":method", fixed("POST")),
        (":scheme", fixed(scheme)),
        (":authority", Cow::Borrowed(to.address.authority.as_bytes())),
        (":path", path(to, format, is_stream)),
        ("content-type", fixed("application/json")),
        ("content-length", Cow::Owned(body_length.to_string().into_bytes())),
        (
            "accept",
            fixed(if is_stream {
                "text/event-stream"
            } else {
                "application/json"
            }),
        ),
        // Usage cannot be read from a compressed answer.
        ("accept-encoding", fixed("identity")),
        (
            "user-agent",
            fixed(concat!("model-broker/", env!("CARGO_PKG_VERSION"))),
        ),
    ]);
    if format == UpstreamFormat::AnthropicMessages {
        let given = |name| match Some(client).filter(|_| format.is(from))?.lookup(name) {
            Lookup::Once(value) => Some(Cow::Borrowed(value)),
            Lookup::Absent | Lookup::Repeated => None,
        };
        let version = given(ANTHROPIC_VERSION).unwrap_or(Cow::Borrowed(ANTHROPIC_DEFAULT_VERSION));
        headers.push((ANTHROPIC_VERSION, version));
        headers.extend(given(ANTHROPIC_BETA).map(|features| (ANTHROPIC_BETA, features)));
    }
    headers
}

/// The headers of an answer that go on to the agent.
#[must_use]
pub fn answer_headers(given: &[(String, Vec<u8>)], keeps_length: bool) -> Vec<(&str, &[u8])> {
    given
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_slice()))
        .filter(|(name, _)| ANSWER_HEADERS.contains(name))
        .filter(|(name, _)| keeps_length || *name != "content-length")
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn address() -> Address {
        Address {
            scheme: Scheme::Https,
            authority: "api.example.com".into(),
            base_path: "/base".into(),
        }
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
        let address = address();
        let to = |kind| Destination {
            kind,
            model: "m",
            address: &address,
        };
        let messages = Format::AnthropicMessages;
        let headers = request_headers(&to(ProviderKind::Anthropic), messages, &client, true, 7);
        let text: Vec<_> = headers
            .iter()
            .map(|(name, value)| format!("{name}={}", String::from_utf8_lossy(value)))
            .collect();
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
        let openai = request_headers(&to(ProviderKind::OpenAi), Format::OpenAiChat, &client, false, 7);
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
            answer_headers(&given, keeps_length)
                .into_iter()
                .map(|(name, _)| name)
                .collect::<Vec<_>>()
        };
        assert_eq!(names(true), [":status", "content-length", "retry-after"]);
        assert_eq!(names(false), [":status", "retry-after"]);
    }
}
