//! Instructions, wherever they stood, go to the one place that this format has for them, in their order.

use super::marks::Marks;
use super::tools::Offer;
use crate::wire::anthropic::models::Model;
use crate::wire::ir::{Breakpoint, ChatRequest, Content, Role};
use crate::wire::json_instruction;
use json::write::Object;

/// Writes the instructions, if there are any.
pub(super) fn write(
    body: &mut Object<'_>,
    request: &ChatRequest<'_>,
    model: &Model,
    tools: &Offer<'_>,
    marks: &mut Marks,
) {
    let own = || {
        let systems = request
            .messages
            .iter()
            .filter(|message| message.role == Role::System);
        systems
            .flat_map(|message| &message.parts)
            .filter_map(|part| match &part.content {
                Content::Text(text) if !text.is_blank() => Some((text, part.breakpoint)),
                _ => None,
            })
    };
    let added = [
        tools.told(),
        json_instruction::instruction(request, model.structured),
    ];
    let added = added.iter().flatten().map(|text| (text, None::<Breakpoint>));
    let mut all = own().chain(added.clone());
    match (all.next(), all.next()) {
        (None, _) => {}
        (Some((only, None)), None) => body.text("system", only),
        _ => body.array("system", |blocks| {
            for (text, mark) in own().chain(added) {
                blocks.object(|block| {
                    block.string("type", "text");
                    block.text("text", text);
                    marks.write(block, mark);
                });
            }
        }),
    }
}
