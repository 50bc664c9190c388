//! The paths at which providers are asked.

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
        (_, UpstreamFormat::OpenAiChat) => "/v1/chat/completions".into(),
        (_, UpstreamFormat::AnthropicMessages) => "/v1/messages".into(),
    };
    match (to.address.base_path.as_str(), path) {
        ("", Cow::Borrowed(path)) => Cow::Borrowed(path.as_bytes()),
        (base, path) => Cow::Owned([base, &path].concat().into_bytes()),
    }
}

/// A name as a part of a path that it cannot break out of: all but letters, digits and `-_.~@` as percent and
/// hexadecimal digits. The caller puts something before or after it, for a name may consist of dots.
fn segment(name: &str) -> String {
    let mut segment = String::with_capacity(name.len());
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~@".contains(&byte) {
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
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn a_name_stays_in_its_segment() {
        for (name, expected) in [
            ("claude-opus-4@20250514", "claude-opus-4@20250514"),
            ("us.anthropic.claude-v1:0", "us.anthropic.claude-v1%3A0"),
            ("a/../b?x=1#y", "a%2F..%2Fb%3Fx%3D1%23y"),
            ("a\r\nx: y%2f", "a%0D%0Ax%3A%20y%252f"),
            ("\u{e4}", "%C3%A4"),
        ] {
            assert_eq!(segment(name), expected);
        }
    }
}
