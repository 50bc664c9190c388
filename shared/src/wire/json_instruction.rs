//! What asks for JSON where a provider has no parameter for it and only instructions can.

use super::arguments::compact_into_string;
use super::ir::{ChatRequest, OutputFormat};
use json::Text;

/// Where any object will do.
const JSON: &str =
    "Answer with one JSON object and nothing else: no words before or after it, no code fence.";

/// What comes before a schema.
const SCHEMA: &str = "Answer with JSON that fits this JSON schema and nothing else: no words before or after it, no code fence.\n";

/// The instruction that stands for the shape of the answer. `takes_schemas`: whether the model has a parameter for a
/// schema; for just any object none has.
pub(super) fn instruction(request: &ChatRequest<'_>, takes_schemas: bool) -> Option<Text<'static>> {
    match &request.output {
        Some(OutputFormat::JsonObject) => Some(Text::of_plain(JSON)),
        Some(OutputFormat::JsonSchema { schema, .. }) if !takes_schemas => {
            let mut text = Text::of_plain(SCHEMA).escaped().to_vec();
            compact_into_string(schema, &mut text);
            Some(Text::of_escaped(text))
        }
        _ => None,
    }
}
