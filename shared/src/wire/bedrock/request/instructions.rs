//! Instructions, wherever they stood, go to the one place that this format has for them, in their order.

use super::marks::Marks;
use super::tools::Offer;
use crate::json::Text;
use crate::json::write::Object;
use crate::wire::arguments::compact_into_string;
use crate::wire::bedrock::models::Model;
use crate::wire::ir::{ChatRequest, Content, OutputFormat, Role};

/// What asks for JSON where only instructions can.
const JSON: &str =
    "Answer with one JSON object and nothing else: no words before or after it, no code fence.";

/// What comes before a schema where only instructions can ask for it.
const SCHEMA: &str = "Answer with JSON that fits this JSON schema and nothing else: no words before or after it, no code fence.\n";

/// Writes the instructions, if there are any.
pub(super) fn write(
    body: &mut Object<'_>,
    request: &ChatRequest<'_>,
    model: Model,
    tools: &Offer<'_>,
    marks: &mut Marks,
) {
    let systems = request
        .messages
        .iter()
        .filter(|message| message.role == Role::System);
    let own = systems
        .flat_map(|message| &message.parts)
        .filter_map(|part| match &part.content {
            Content::Text(text) if !text.is_blank() => Some((text, part.breakpoint)),
            _ => None,
        });
    let added = [tools.told(), output(request, model)];
    let added = added.iter().flatten().map(|text| (text, None));
    let mut all = own.chain(added).peekable();
    if all.peek().is_none() {
        return;
    }
    body.array("system", |list| {
        for (text, mark) in all {
            list.object(|block| block.text("text", text));
            marks.write(list, mark);
        }
    });
}

/// The instruction that stands for a shape of the answer, where the model has no parameter for it.
fn output(request: &ChatRequest<'_>, model: Model) -> Option<Text<'static>> {
    match &request.output {
        Some(OutputFormat::JsonObject) => Some(Text::of_plain(JSON)),
        Some(OutputFormat::JsonSchema { schema, .. }) if !model.structured => {
            let mut text = Text::of_plain(SCHEMA).escaped().to_vec();
            compact_into_string(schema, &mut text);
            Some(Text::of_escaped(text))
        }
        _ => None,
    }
}
