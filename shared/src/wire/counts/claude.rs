//! Claude in another cloud's service. Vertex AI:
//! <https://docs.cloud.google.com/vertex-ai/generative-ai/docs/partner-models/claude/count-tokens>. Bedrock:
//! <https://docs.aws.amazon.com/bedrock/latest/userguide/count-tokens.html>, where the call is one of `InvokeModel` in
//! base64: in Converse's words tools would not count.

use super::{Codec, Counted};
use crate::provider::segment;
use crate::request;
use crate::wire::anthropic::envelope::Envelope;
use crate::wire::media;
use json::splice::{Edit, splice};
use json::{Node, write};

pub(super) static VERTEX: Codec = Codec {
    write: |counted, model| Ok(enveloped(counted, Envelope::Vertex, "model", &model)),
    count: "input_tokens",
    path: |_| "/publishers/anthropic/models/count-tokens:rawPredict".to_owned(),
};

pub(super) static BEDROCK: Codec = Codec {
    write: |counted, _| Ok(invoked(counted)),
    count: "inputTokens",
    path: |model| {
        format!(
            "/model/{}/count-tokens",
            segment(of_bedrock(model).unwrap_or(model))
        )
    },
};

/// The name under which Bedrock counts for one of Claude's models: calls may need the profile of a region, counts refuse
/// it.
pub(super) fn of_bedrock(model: &str) -> Option<&str> {
    let id = model.rsplit('/').next().unwrap_or_default();
    let at = id.find("anthropic.claude")?;
    let is_whole = at == 0 || id.get(..at).is_some_and(|before| before.ends_with('.'));
    id.get(at..).filter(|_| is_whole)
}

/// The call as `InvokeModel` takes it, to be counted.
fn invoked(counted: Counted<'_>) -> Vec<u8> {
    let [given, thinking] = Node::unread_object(counted.body).fields(["max_tokens", "thinking"]);
    // What is counted is a call that could be made, and those have a bound above the budget for thoughts.
    let budget = thinking.and_then(|thinking| thinking.field("budget_tokens")?.unsigned());
    let bound = given.and_then(Node::unsigned);
    let bound = bound.unwrap_or_else(|| budget.unwrap_or_default().saturating_add(1));
    let call = if given.is_none() {
        enveloped(counted, Envelope::Bedrock, "max_tokens", &bound)
    } else {
        of_edits(counted, Envelope::Bedrock, Vec::new())
    };
    let mut out = Vec::new();
    write::object(&mut out, |body| {
        body.object("input", |input| {
            input.object("invokeModel", |invoke| {
                invoke.string("body", &media::encode(&call));
            });
        });
    });
    out
}

/// The agent's call with another member, as the service wants it.
fn enveloped(counted: Counted<'_>, envelope: Envelope, key: &str, value: &impl serde::Serialize) -> Vec<u8> {
    let more = request::insert_member(counted.request, key, value);
    of_edits(counted, envelope, more.into_iter().collect())
}

fn of_edits(counted: Counted<'_>, envelope: Envelope, mut edits: Vec<Edit>) -> Vec<u8> {
    envelope.wrap(counted.body, counted.request, counted.features, &mut edits);
    splice(counted.body, &mut edits).concat()
}
