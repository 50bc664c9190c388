//! Claude in another cloud's service: the model stands in the path, and the body says of which revision it is where
//! Anthropic's own API has a header.
//!
//! Vertex AI: <https://platform.claude.com/docs/en/build-with-claude/claude-on-vertex-ai>. Bedrock's `InvokeModel`:
//! <https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-anthropic-claude-messages-request-response.html>

use crate::config::ProviderKind;
use crate::request::Request;
use json::splice::Edit;
use json::write::{Members, Object};
use json::{Span, scan};

/// What the members are called that say in the body what Anthropic's own API is told elsewhere.
const VERSION: &str = "anthropic_version";
const FEATURES: &str = "anthropic_beta";

/// What a body must say beside the message, and what it must not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Envelope {
    /// Anthropic's own API: the body says it all.
    Plain,
    /// Vertex AI: no `model`; a stream has a path of its own and is asked for in the body all the same. Features in
    /// beta stay in the header.
    Vertex,
    /// Bedrock's `InvokeModel`: neither `model` nor `stream`; features in beta stand in the body.
    Bedrock,
}

impl Envelope {
    /// What a provider of this kind wants.
    #[must_use]
    pub fn of(kind: ProviderKind) -> Self {
        match kind {
            ProviderKind::Vertex => Self::Vertex,
            ProviderKind::Bedrock => Self::Bedrock,
            _ => Self::Plain,
        }
    }

    /// The revision of the API, where the body says it.
    fn version(self) -> Option<&'static str> {
        match self {
            Self::Plain => None,
            Self::Vertex => Some("vertex-2023-10-16"),
            Self::Bedrock => Some("bedrock-2023-05-31"),
        }
    }

    /// Whether the body says that the answer is to be a stream.
    pub(super) fn says_stream(self) -> bool {
        self != Self::Bedrock
    }

    /// Whether the body may say how urgent the call is. Bedrock refuses the word.
    pub(super) fn has_tier(self) -> bool {
        self != Self::Bedrock
    }

    /// Whether the provider fetches pictures and documents from addresses:
    /// <https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-anthropic-claude-messages.html>.
    pub(super) fn fetches(self) -> bool {
        self != Self::Bedrock
    }

    /// Whether the revision goes in the header `anthropic-version`.
    #[must_use]
    pub fn has_version_header(self) -> bool {
        self == Self::Plain
    }

    /// Whether features in beta go in the header `anthropic-beta`.
    #[must_use]
    pub fn has_features_header(self) -> bool {
        self != Self::Bedrock
    }

    /// Writes what stands in the place of the model.
    pub(super) fn write(self, body: &mut Object<'_>, model: &str) {
        match self.version() {
            None => body.string("model", model),
            Some(version) => body.string(VERSION, version),
        }
    }

    /// Makes of the edits for Anthropic's own API those for this one. `features`: the value of the agent's header
    /// `anthropic-beta`.
    pub fn wrap(self, body: &[u8], request: &Request, features: Option<&[u8]>, edits: &mut Vec<Edit>) {
        let Some(version) = self.version() else { return };
        // The model's name stands in the path, and its member becomes the one that says the revision.
        edits.retain(|edit| edit.span != request.model_span);
        let Some(model_at) = key_at(body, request.model_span) else {
            return;
        };
        let own = Members::new(|members| {
            members.string(VERSION, version);
            if let Some(features) = features.filter(|_| self == Self::Bedrock) {
                members.array(FEATURES, |list| each_feature(features, |name| list.string(name)));
            }
        });
        let model = Span {
            start: model_at,
            end: request.model_span.end,
        };
        // After those that insert at the body's beginning: edits at one place keep their order.
        edits.push(Edit::replace(model, own.into_bytes()));
        // The body was scanned when it came.
        let _scanned = scan::object(body, |key, value| {
            let is_out = match key.as_ref() {
                b"stream" => !self.says_stream(),
                b"service_tier" => !self.has_tier(),
                key => key == VERSION.as_bytes() || key == FEATURES.as_bytes(),
            };
            if is_out && let Some(member) = with_comma(body, value.span, model) {
                edits.push(Edit::replace(member, Vec::new()));
            }
        });
    }
}

/// Each of the features that a header names.
fn each_feature(header: &[u8], mut each: impl FnMut(&str)) {
    let names = header.split(|byte| *byte == b',').map(<[u8]>::trim_ascii);
    names
        .filter_map(|name| std::str::from_utf8(name).ok())
        .filter(|name| !name.is_empty())
        .for_each(&mut each);
}

/// Where the member of a value begins: the opening quote of its key, which has no quote within.
fn key_at(body: &[u8], value: Span) -> Option<usize> {
    let before = body.get(..value.start)?.trim_ascii_end();
    let before = before.strip_suffix(b":")?.trim_ascii_end();
    memchr::memrchr(b'"', before.strip_suffix(b"\"")?)
}

/// A member and the comma between it and the model's, which stays: of several that go none takes another's comma.
fn with_comma(body: &[u8], value: Span, model: Span) -> Option<Span> {
    let start = key_at(body, value)?;
    if start < model.start {
        let after = memchr::memchr(b',', body.get(value.end..model.start)?)?;
        let end = value.end.saturating_add(after).saturating_add(1);
        Some(Span { start, end })
    } else {
        let before = memchr::memrchr(b',', body.get(..start)?)?;
        Some(Span {
            start: before,
            end: value.end,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::anthropic::request::read_facts;
    use json::splice::splice;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn wrapped(envelope: Envelope, body: &str, features: Option<&str>) -> String {
        let body = body.as_bytes();
        let request = read_facts(body).unwrap();
        let mut edits = vec![
            Edit::insert(request.members_at, *b"\"temperature\":1.0,"),
            Edit::replace(request.model_span, *b"\"claude-x\""),
        ];
        envelope.wrap(body, &request, features.map(str::as_bytes), &mut edits);
        let wrapped = splice(body, &mut edits).concat();
        serde_json::from_slice::<serde_json::Value>(&wrapped).unwrap();
        String::from_utf8(wrapped).unwrap()
    }

    #[test]
    fn anthropics_own_api_gets_what_it_always_got() {
        assert_eq!(
            wrapped(
                Envelope::Plain,
                r#"{"stream":true,"model":"claude"}"#,
                Some("some-beta")
            ),
            r#"{"temperature":1.0,"stream":true,"model":"claude-x"}"#
        );
    }

    #[test]
    fn vertex_is_told_the_revision_in_the_place_of_the_model() {
        assert_eq!(
            wrapped(
                Envelope::Vertex,
                r#"{ "max_tokens":64, "stream": true, "mo\u0064el" : "claude" }"#,
                Some("some-beta")
            ),
            r#"{"temperature":1.0, "max_tokens":64, "stream": true, "anthropic_version":"vertex-2023-10-16" }"#
        );
    }

    #[test]
    fn bedrock_is_told_the_features_too_and_the_stream_in_the_path_only() {
        assert_eq!(
            wrapped(
                Envelope::Bedrock,
                r#"{"stream":true , "model":"claude","service_tier":"auto","messages":[]}"#,
                Some("one-2026, two-2026,")
            ),
            concat!(
                r#"{"temperature":1.0, "anthropic_version":"bedrock-2023-05-31","#,
                r#""anthropic_beta":["one-2026","two-2026"],"messages":[]}"#
            )
        );
    }

    #[test]
    fn what_the_agent_says_in_these_words_goes_wherever_it_stands() {
        let version = r#""anthropic_version":"2026-10-21""#;
        let beta = r#""anthropic_beta":["x"]"#;
        let model = r#""model":"claude""#;
        let wanted = r#"{"temperature":1.0,"anthropic_version":"bedrock-2023-05-31"}"#;
        for members in [
            [version, beta, r#""stream":false"#, model],
            [version, beta, model, r#""stream":false"#],
            [version, model, r#""stream":false"#, beta],
            [model, r#""stream":false"#, version, version],
        ] {
            let body = format!("{{{}}}", members.join(","));
            assert_eq!(wrapped(Envelope::Bedrock, &body, None), wanted, "{body}");
        }
    }
}
