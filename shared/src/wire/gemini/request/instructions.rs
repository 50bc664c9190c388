//! Instructions, wherever they stood, go to the one place that this format has for them, in their order.

use super::parameters::Shape;
use crate::wire::arguments::compact_into_string;
use crate::wire::ir::{ChatRequest, Content, OutputFormat, Role};
use json::Text;
use json::write::Object;

/// What asks for JSON where only instructions can.
const JSON: &str =
    "Answer with one JSON object and nothing else: no words before or after it, no code fence.";

/// What comes before a schema where only instructions can ask for it.
const SCHEMA: &str = "Answer with JSON that fits this JSON schema and nothing else: no words before or after it, no code fence.\n";

/// Writes the instructions, if there are any.
pub(super) fn write(body: &mut Object<'_>, request: &ChatRequest<'_>, shape: Shape) {
    let own = || {
        let messages = request.messages.iter();
        let systems = messages.filter(|message| message.role == Role::System);
        let parts = systems.flat_map(|message| &message.parts);
        parts.filter_map(|part| match &part.content {
            Content::Text(text) if !text.is_blank() => Some(text),
            _ => None,
        })
    };
    let added = (shape == Shape::Told).then(|| told(request)).flatten();
    if own().next().is_none() && added.is_none() {
        return;
    }
    body.object("systemInstruction", |instruction| {
        instruction.array("parts", |parts| {
            for text in own().chain(&added) {
                parts.object(|part| part.text("text", text));
            }
        });
    });
}

/// The instruction that stands for a shape of the answer.
fn told(request: &ChatRequest<'_>) -> Option<Text<'static>> {
    Some(match request.output.as_ref()? {
        OutputFormat::JsonObject => Text::of_plain(JSON),
        OutputFormat::JsonSchema { schema, .. } => {
            let mut text = Text::of_plain(SCHEMA).escaped().to_vec();
            compact_into_string(schema, &mut text);
            Text::of_escaped(text)
        }
    })
}
