//! The tools and the choice among them. One tool is chosen by offering no other.

use std::collections::HashSet;

use crate::wire::codec::Dropped;
use crate::wire::ir::{ChatRequest, Tool, ToolChoice};
use json::Text;
use json::write::Object;

/// The schema of a tool that takes nothing.
const NO_PARAMETERS: &[u8] = br#"{"type":"object","properties":{}}"#;

/// Writes the tools, and the choice among them where there are any.
pub(super) fn write(body: &mut Object<'_>, request: &ChatRequest<'_>, dropped: &mut Dropped) {
    if request.tools.is_empty() {
        return;
    }
    let (only, word): (Option<HashSet<&[u8]>>, _) = match &request.tool_choice {
        None | Some(ToolChoice::Auto) => (None, None),
        Some(ToolChoice::None) => (None, Some("NONE")),
        Some(ToolChoice::Required) => (None, Some("REQUIRED")),
        Some(ToolChoice::Named(name)) => (Some([name.escaped()].into()), Some("REQUIRED")),
        Some(ToolChoice::Allowed { names, is_required }) => {
            let names = names.iter().map(Text::escaped).collect();
            (Some(names), is_required.then_some("REQUIRED"))
        }
    };
    let is_kept = |tool: &&Tool<'_>| {
        only.as_ref()
            .is_none_or(|only| only.contains(tool.name.escaped()))
    };
    body.array("tools", |list| {
        for tool in request.tools.iter().filter(is_kept) {
            list.object(|object| {
                object.string("type", "function");
                object.object("function", |function| {
                    function.text("name", &tool.name);
                    if let Some(description) = &tool.description {
                        function.text("description", description);
                    }
                    function.raw("parameters", tool.schema.unwrap_or(NO_PARAMETERS));
                });
            });
        }
    });
    if let Some(word) = word {
        body.string("tool_choice", word);
    }
    if request.tools.iter().all(|tool| tool.strict == Some(true)) {
        body.boolean("strict_tools", true);
    }
    if request.parallel_tool_calls == Some(false) {
        dropped.note(request.words.parallel_tool_calls);
    }
}
