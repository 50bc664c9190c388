//! The paths at which providers are asked.

mod azure;

use std::borrow::Cow;

use super::Destination;
use crate::config::ProviderKind;
use crate::wire::UpstreamFormat;

/// The path of a request in `format`, after what the account's address puts before every path.
pub fn path<'a>(to: &Destination<'_>, format: UpstreamFormat, _is_stream: bool) -> Cow<'a, [u8]> {
    if to.kind == ProviderKind::AzureOpenAi {
        return Cow::Owned(azure::chat(to).into_bytes());
    }
    let path = match format {
        UpstreamFormat::OpenAiChat | UpstreamFormat::MistralChat | UpstreamFormat::TgiChat => {
            "/v1/chat/completions"
        }
        UpstreamFormat::AnthropicMessages => "/v1/messages",
        UpstreamFormat::CohereChat => "/v2/chat",
    };
    let base = to.address.base_path.as_str();
    let base = match format {
        // What SDKs have as the end of their base URL.
        UpstreamFormat::CohereChat => base.strip_suffix("/v2").unwrap_or(base),
        _ => base,
    };
    match base {
        "" => Cow::Borrowed(path.as_bytes()),
        base => Cow::Owned([base, path].concat().into_bytes()),
    }
}
