//! Instructions, wherever they stood, go to the one place that this format has for them, in their order.

use super::marks::Marks;
use super::tools::Offer;
use crate::wire::bedrock::models::Model;
use crate::wire::ir::{ChatRequest, Content, Role};
use crate::wire::json_instruction;
use json::write::Object;

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
    let added = [
        tools.told(),
        json_instruction::instruction(request, model.structured),
    ];
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
