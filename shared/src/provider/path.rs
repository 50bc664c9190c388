//! The paths at which providers are asked.

use std::borrow::Cow;

use super::Destination;
use crate::wire::UpstreamFormat;

/// The path of a request in `format`, after what the account's address puts before every path.
pub fn path<'a>(to: &Destination<'_>, format: UpstreamFormat, _is_stream: bool) -> Cow<'a, [u8]> {
    let path = match format {
        UpstreamFormat::OpenAiChat => "/v1/chat/completions",
        UpstreamFormat::AnthropicMessages => "/v1/messages",
        UpstreamFormat::OpenAiResponses => "/v1/responses",
    };
    match to.address.base_path.as_str() {
        "" => Cow::Borrowed(path.as_bytes()),
        base => Cow::Owned([base, path].concat().into_bytes()),
    }
}
