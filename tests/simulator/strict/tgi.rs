//! text-generation-inference: what OpenAI's API was when it was written, and nothing that came later.

use serde_json::Value;

use super::{Checked, Fault, ensure, field, openai_messages, text};

/// What it says to this call.
pub(super) fn check(body: &Value) -> Checked {
    for name in body.as_object().into_iter().flat_map(|body| body.keys()) {
        ensure(KEYS.contains(&name.as_str()), || {
            invalid(&format!(
                "Failed to deserialize the JSON body into the target type: unknown field `{name}`"
            ))
        })?;
    }
    if let Some(format) = field(body, "response_format") {
        let is_schema = text(format, "type") == Some("json_object") && field(format, "value").is_some();
        ensure(is_schema, || {
            invalid("Input validation error: response_format needs a value")
        })?;
    }
    openai_messages::check(body, openai_messages::Manners::OpenAi)
}

fn invalid(message: &str) -> Fault {
    Fault {
        status: 422,
        ..Fault::new(message)
    }
}

const KEYS: [&str; 20] = [
    "frequency_penalty",
    "guideline",
    "logit_bias",
    "logprobs",
    "max_tokens",
    "messages",
    "model",
    "n",
    "presence_penalty",
    "response_format",
    "seed",
    "stop",
    "stream",
    "stream_options",
    "temperature",
    "tool_choice",
    "tool_prompt",
    "tools",
    "top_logprobs",
    "top_p",
];
