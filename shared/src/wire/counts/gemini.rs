//! Google's models: the Gemini API, <https://ai.google.dev/api/tokens>, which is told a whole call, and Vertex AI,
//! <https://docs.cloud.google.com/vertex-ai/generative-ai/docs/model-reference/count-tokens>, which takes of one what has
//! tokens.

use super::{Codec, Counted};
use crate::config::{NO_DEFAULTS, ProviderKind};
use crate::provider::segment;
use crate::wire::{Dropped, Format, Target, Untranslatable, UpstreamFormat};
use json::write::Object;
use json::{Node, write};

pub(super) static CODEC: Codec = Codec {
    write,
    count: "totalTokens",
    path: |model| format!("/v1beta/models/{}:countTokens", segment(model)),
};

pub(super) static VERTEX: Codec = Codec {
    write: write_vertex,
    count: "totalTokens",
    path: |model| format!("/publishers/google/models/{}:countTokens", segment(model)),
};

fn write(counted: Counted<'_>, model: &str) -> Result<Vec<u8>, Untranslatable> {
    let call = call(counted, ProviderKind::Gemini, model)?;
    let mut out = Vec::with_capacity(call.len().saturating_add(128));
    write::object(&mut out, |body| {
        body.object("generateContentRequest", |request| {
            request.string("model", &["models/", model].concat());
            copy(&call, request, |_| true);
        });
    });
    Ok(out)
}

fn write_vertex(counted: Counted<'_>, model: &str) -> Result<Vec<u8>, Untranslatable> {
    let call = call(counted, ProviderKind::Vertex, model)?;
    let mut out = Vec::with_capacity(call.len());
    write::object(&mut out, |body| {
        let is_taken =
            |key: &str| ["contents", "systemInstruction", "tools", "generationConfig"].contains(&key);
        copy(&call, body, is_taken);
    });
    Ok(out)
}

/// The call whose tokens are counted.
fn call(counted: Counted<'_>, kind: ProviderKind, model: &str) -> Result<Vec<u8>, Untranslatable> {
    let request = Format::AnthropicMessages.read_chat(counted.body)?;
    let target = Target {
        kind,
        model,
        defaults: &NO_DEFAULTS,
    };
    let format = UpstreamFormat::Gemini;
    format.check_chat(&request, &target)?;
    // What is left out of the call has no tokens there.
    Ok(format.write_chat(&request, &target, &mut Dropped::default()))
}

fn copy(call: &[u8], into: &mut Object<'_>, is_taken: impl Fn(&str) -> bool) {
    Node::unread_object(call).members(|key, value| {
        let key = std::str::from_utf8(&key).unwrap_or_default();
        if is_taken(key) {
            into.raw(key, value.raw());
        }
    });
}
