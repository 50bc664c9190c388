//! What a call is told of a response that cannot be found: what OpenAI says, so that clients do what they would there.

use super::{Row, invalid, quoted};

/// A response that a call names in vain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotStored {
    /// The call would go on with it.
    Previous(String),
    /// The call is about it.
    Asked(String),
}

impl NotStored {
    pub(super) fn row(&self) -> Row {
        match self {
            Self::Previous(id) => Row {
                parameter: Some("previous_response_id".into()),
                ..invalid(
                    400,
                    "previous_response_not_found",
                    format!(
                        "Previous response with id '{}' not found. It may be another workspace's, or be kept at an \
                         account where this call may not go; what others than OpenAI answered is not kept at all. Send \
                         the whole conversation as `input`.",
                        quoted(id)
                    )
                    .into(),
                )
            },
            Self::Asked(id) => Row {
                anthropic_type: "not_found_error",
                ..invalid(
                    404,
                    "response_not_found",
                    format!("Response with id '{}' not found.", quoted(id)).into(),
                )
            },
        }
    }
}
