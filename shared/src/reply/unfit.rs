//! What a call is told that no member of its pool can or may serve.

use super::{Row, invalid};
use crate::provider::Capability;
use crate::routing::Unfit;

impl Unfit {
    pub(super) fn row(&self) -> Row {
        match self {
            // Not a word of what the policies say: that is between the operator and the record.
            Self::Denied => Row {
                openai_type: "permission_error",
                anthropic_type: "permission_error",
                parameter: Some("model".into()),
                ..invalid(
                    403,
                    "policy_denied",
                    "this agent is not allowed to make this call; whoever runs the broker can tell why by the id of \
                     the request"
                        .into(),
                )
            },
            Self::Region => Row {
                openai_type: "permission_error",
                anthropic_type: "permission_error",
                parameter: Some("model".into()),
                ..invalid(
                    403,
                    "region_not_allowed",
                    "no provider of this model is in a region that this agent's calls may go to".into(),
                )
            },
            Self::Lacks(capability) => lacking(*capability),
            // Clients look for these words to shorten a conversation by themselves.
            Self::TooLong { input, most } => Row {
                parameter: Some("messages".into()),
                anthropic_message: Some(
                    format!("prompt is too long: about {} tokens > {} maximum", input.0, most.0).into(),
                ),
                ..invalid(
                    400,
                    "context_length_exceeded",
                    format!(
                        "This model's maximum context length is {} tokens. However, your messages resulted in \
                         about {} tokens. Please reduce the length of the messages.",
                        most.0, input.0
                    )
                    .into(),
                )
            },
        }
    }
}

fn lacking(capability: Capability) -> Row {
    let (code, parameter, message) = match capability {
        Capability::Streaming => (
            "lacks_streaming",
            "stream",
            "no provider of this model can answer with a stream",
        ),
        Capability::Tools => ("lacks_tools", "tools", "no provider of this model can call tools"),
        Capability::Vision => (
            "lacks_vision",
            "messages",
            "no provider of this model can look at images",
        ),
        Capability::Json => (
            "lacks_json",
            "response_format",
            "no provider of this model can answer in a given JSON format",
        ),
        Capability::Embeddings => (
            "lacks_embeddings",
            "model",
            "no provider of this model can embed texts",
        ),
    };
    Row {
        parameter: Some(parameter.into()),
        ..invalid(400, code, message.into())
    }
}
