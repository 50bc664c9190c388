//! What a provider account is sent beside the body: a clean slate of headers for every attempt.

mod bedrock;
mod capability;
pub mod model_name;
pub mod models;
mod path;

use std::borrow::Cow;

pub use capability::{Capabilities, Capability};

use crate::config::{ProviderKind, Scheme, Server};
use crate::headers::{ANTHROPIC_BETA, ANTHROPIC_VERSION, Headers, Lookup};
use crate::wire::anthropic::envelope::Envelope;
use crate::wire::{Format, UpstreamFormat};
pub use path::azure;
use path::path;
pub(crate) use path::segment;

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
    /// The dated version of Azure's API, where that is asked in its old way.
    pub api_version: Option<String>,
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
            Self::OpenAi | Self::AzureOpenAi => true,
            Self::Anthropic
            | Self::OpenAiCompatible
            | Self::Mistral
            | Self::Cohere
            | Self::SelfHosted(_)
            | Self::Bedrock
            | Self::Gemini
            | Self::Vertex => false,
        }
    }

    /// The format in which a provider of this kind is asked for a model when the call came in the format `from`.
    #[must_use]
    pub fn speaks(self, model: &str, from: Format) -> UpstreamFormat {
        match self {
            Self::SelfHosted(Server::Tgi) => UpstreamFormat::TgiChat,
            Self::OpenAi | Self::AzureOpenAi if from == Format::OpenAiResponses => {
                UpstreamFormat::OpenAiResponses
            }
            Self::OpenAi | Self::OpenAiCompatible | Self::AzureOpenAi | Self::SelfHosted(_) => {
                UpstreamFormat::OpenAiChat
            }
            Self::Vertex if model.starts_with("claude") => UpstreamFormat::AnthropicMessages,
            Self::Gemini | Self::Vertex => UpstreamFormat::Gemini,
            Self::Anthropic => UpstreamFormat::AnthropicMessages,
            Self::Mistral => UpstreamFormat::MistralChat,
            Self::Cohere => UpstreamFormat::CohereChat,
            // Claude's own format says more than the one for all models.
            Self::Bedrock if bedrock::is_claude(model) => UpstreamFormat::AnthropicMessages,
            Self::Bedrock => UpstreamFormat::BedrockConverse,
        }
    }

    /// The format in which errors come from where calls are asked in `format`.
    #[must_use]
    pub fn errs_in(self, format: UpstreamFormat) -> UpstreamFormat {
        match self {
            Self::Bedrock => UpstreamFormat::BedrockConverse,
            _ => format,
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
            fixed(match to.kind {
                _ if !is_stream => "application/json",
                ProviderKind::Bedrock => "application/vnd.amazon.eventstream",
                _ => "text/event-stream",
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
        let envelope = Envelope::of(to.kind);
        if envelope.has_version_header() {
            let version = given(ANTHROPIC_VERSION).unwrap_or(Cow::Borrowed(ANTHROPIC_DEFAULT_VERSION));
            headers.push((ANTHROPIC_VERSION, version));
        }
        if envelope.has_features_header() {
            headers.extend(given(ANTHROPIC_BETA).map(|features| (ANTHROPIC_BETA, features)));
        }
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
            api_version: None,
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
        let claude = Destination {
            model: "claude-opus-5",
            ..to(ProviderKind::Vertex)
        };
        let vertex = request_headers(&claude, messages, &client, true, 7);
        let own = vertex.iter().filter(|(name, _)| name.starts_with("anthropic"));
        let own: Vec<_> = own.map(|(name, _)| *name).collect();
        assert_eq!(own, ["anthropic-beta"], "the body says the version");
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
