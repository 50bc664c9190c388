//! The paths at which providers are asked.

pub mod azure;

use std::borrow::Cow;
use std::fmt::Write as _;

use super::Destination;
use crate::config::ProviderKind;
use crate::wire::UpstreamFormat;

/// The path of a request in `format`, after what the account's address puts before every path.
pub fn path<'a>(to: &Destination<'_>, format: UpstreamFormat, is_stream: bool) -> Cow<'a, [u8]> {
    let path: Cow<'_, str> = match (to.kind, format) {
        (ProviderKind::Vertex, UpstreamFormat::AnthropicMessages) => {
            let model = segment(to.model);
            let verb = if is_stream {
                "streamRawPredict"
            } else {
                "rawPredict"
            };
            format!("/publishers/anthropic/models/{model}:{verb}").into()
        }
        (ProviderKind::Bedrock, format) => {
            let model = segment(to.model);
            let verb = match (format, is_stream) {
                (UpstreamFormat::AnthropicMessages, false) => "invoke",
                (UpstreamFormat::AnthropicMessages, true) => "invoke-with-response-stream",
                (_, false) => "converse",
                (_, true) => "converse-stream",
            };
            format!("/model/{model}/{verb}").into()
        }
        (ProviderKind::Vertex, UpstreamFormat::Gemini) => {
            format!("/publishers/google/models/{}", generate(to.model, is_stream)).into()
        }
        // What `v1` lacks of this, `v1beta` has, and Google's own SDKs ask there.
        (_, UpstreamFormat::Gemini) => format!("/v1beta/models/{}", generate(to.model, is_stream)).into(),
        // Only Bedrock is asked in this format.
        (_, UpstreamFormat::BedrockConverse) => "/".into(),
        (ProviderKind::AzureOpenAi, UpstreamFormat::OpenAiResponses) => {
            return Cow::Owned(azure::of_resource(to, "/responses").into_bytes());
        }
        (ProviderKind::AzureOpenAi, _) => {
            return Cow::Owned(azure::of_deployment(to, "/chat/completions").into_bytes());
        }
        (_, UpstreamFormat::OpenAiResponses) => "/v1/responses".into(),
        (_, UpstreamFormat::OpenAiChat | UpstreamFormat::MistralChat | UpstreamFormat::TgiChat) => {
            "/v1/chat/completions".into()
        }
        (_, UpstreamFormat::CohereChat) => "/v2/chat".into(),
        (_, UpstreamFormat::AnthropicMessages) => "/v1/messages".into(),
    };
    let base = to.address.base_path.as_str();
    let base = match format {
        // What SDKs have as the end of their base URL.
        UpstreamFormat::CohereChat => base.strip_suffix("/v2").unwrap_or(base),
        _ => base,
    };
    match (base, path) {
        ("", Cow::Borrowed(path)) => Cow::Borrowed(path.as_bytes()),
        (base, path) => Cow::Owned([base, &path].concat().into_bytes()),
    }
}

/// The last segment of a path that asks Gemini; without `alt=sse` a stream would be one long array.
fn generate(model: &str, is_stream: bool) -> String {
    let verb = if is_stream {
        "streamGenerateContent?alt=sse"
    } else {
        "generateContent"
    };
    format!("{}:{verb}", segment(model))
}

/// A name as one segment of a path that it cannot break out of: all but letters, digits and `-_.~@` as percent and
/// hexadecimal digits. Segments of nothing but dots lead elsewhere, so even their dots are encoded.
pub fn segment(name: &str) -> String {
    let are_dots_plain = name.bytes().any(|byte| byte != b'.');
    let mut segment = String::with_capacity(name.len());
    for byte in name.bytes() {
        let is_plain =
            byte.is_ascii_alphanumeric() || b"-_~@".contains(&byte) || byte == b'.' && are_dots_plain;
        if is_plain {
            segment.push(char::from(byte));
        } else {
            // Writing to memory cannot fail.
            let _written = write!(segment, "%{byte:02X}");
        }
    }
    segment
}

#[cfg(test)]
mod tests {
    use super::super::Address;
    use super::*;
    use crate::config::Scheme;
    use crate::wire::Format;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn the_model_and_whether_it_is_to_stream_stand_in_the_path() {
        let address = Address {
            scheme: Scheme::Https,
            authority: "example.com".into(),
            base_path: "/base".into(),
            api_version: None,
        };
        for (kind, model, is_stream, expected) in [
            (
                ProviderKind::Gemini,
                "gemini-3.8-flash",
                false,
                "/base/v1beta/models/gemini-3.8-flash:generateContent",
            ),
            (
                ProviderKind::Gemini,
                "gemini-3.8-flash",
                true,
                "/base/v1beta/models/gemini-3.8-flash:streamGenerateContent?alt=sse",
            ),
            (
                ProviderKind::Vertex,
                "gemini/../x",
                false,
                "/base/publishers/google/models/gemini%2F..%2Fx:generateContent",
            ),
            (
                ProviderKind::Vertex,
                "claude-opus-4@20250514",
                true,
                "/base/publishers/anthropic/models/claude-opus-4@20250514:streamRawPredict",
            ),
        ] {
            let to = Destination {
                kind,
                model,
                address: &address,
            };
            let format = kind.speaks(model, Format::OpenAiChat);
            assert_eq!(path(&to, format, is_stream), expected.as_bytes());
        }
    }

    #[test]
    fn a_name_stays_in_its_segment() {
        for (name, expected) in [
            ("claude-opus-4@20250514", "claude-opus-4@20250514"),
            ("us.anthropic.claude-v1:0", "us.anthropic.claude-v1%3A0"),
            ("a/../b?x=1#y", "a%2F..%2Fb%3Fx%3D1%23y"),
            ("a\r\nx: y%2f", "a%0D%0Ax%3A%20y%252f"),
            ("\u{e4}", "%C3%A4"),
            ("..", "%2E%2E"),
        ] {
            assert_eq!(segment(name), expected);
        }
    }
}
