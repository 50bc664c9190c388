//! The tools and the choice among them.

use super::marks::Marks;
use crate::wire::anthropic::models::Model;
use crate::wire::codec::Dropped;
use crate::wire::ir::{ChatRequest, Tool, ToolChoice};
use crate::wire::tool_schema;
use json::Text;
use json::write::Object;

/// What the model is offered.
pub(super) struct Offer<'r> {
    tools: Vec<&'r Tool<'r>>,
    choice: Choice<'r>,
    is_single: bool,
}

#[derive(Clone, Copy)]
enum Choice<'r> {
    Unsaid,
    Auto,
    None,
    Any,
    Tool(&'r Text<'r>),
    /// The model cannot be forced, so it is told what was asked for.
    Told(Option<&'r Text<'r>>),
}

impl<'r> Offer<'r> {
    /// The tools that the model may call, and the choice among them.
    pub(super) fn of(request: &'r ChatRequest<'r>, model: &Model, dropped: &mut Dropped) -> Self {
        let choice = match &request.tool_choice {
            None => Choice::Unsaid,
            Some(ToolChoice::None) => Choice::None,
            Some(
                ToolChoice::Auto
                | ToolChoice::Allowed {
                    is_required: false, ..
                },
            ) => Choice::Auto,
            Some(
                ToolChoice::Required
                | ToolChoice::Allowed {
                    is_required: true, ..
                },
            ) => Choice::Any,
            Some(ToolChoice::Named(name)) => Choice::Tool(name),
        };
        let offer = Self {
            tools: request.allowed_tools().collect(),
            choice: match choice {
                Choice::Any if !model.can_be_forced => Choice::Told(None),
                Choice::Tool(name) if !model.can_be_forced => Choice::Told(Some(name)),
                choice => choice,
            },
            is_single: request.parallel_tool_calls == Some(false),
        };
        if offer.told().is_some() {
            dropped.note("tool_choice");
        }
        offer
    }

    /// Whether the model must call a tool.
    pub(super) fn is_forced(&self) -> bool {
        !self.tools.is_empty() && matches!(self.choice, Choice::Any | Choice::Tool(_))
    }

    /// The instruction that stands for a choice which the model refuses.
    pub(super) fn told(&self) -> Option<Text<'static>> {
        match self.choice {
            Choice::Told(_) if self.tools.is_empty() => None,
            Choice::Told(None) => Some(Text::of_plain("Answer by calling one of the tools.")),
            Choice::Told(Some(name)) => {
                let mut told = Text::of_plain("Answer by calling the tool `");
                told.push(name);
                told.push(&Text::of_plain("`."));
                Some(told)
            }
            _ => None,
        }
    }

    /// Writes the tools, and the choice among them where there are any.
    pub(super) fn write(&self, body: &mut Object<'_>, request: &ChatRequest<'_>, marks: &mut Marks) {
        if self.tools.is_empty() {
            return;
        }
        body.array("tools", |list| {
            for tool in &self.tools {
                list.object(|object| write_tool(object, tool, marks));
            }
        });
        // A wish for single calls needs a choice to be a part of.
        let kind = match self.choice {
            Choice::Unsaid if !self.is_single => return,
            Choice::Unsaid | Choice::Auto | Choice::Told(_) => "auto",
            Choice::None => "none",
            Choice::Any => "any",
            Choice::Tool(_) => "tool",
        };
        body.object("tool_choice", |choice| {
            choice.string("type", kind);
            if let Choice::Tool(name) = self.choice {
                choice.text("name", name);
            }
            if self.is_single && kind != "none" {
                choice.boolean(
                    "disable_parallel_tool_use",
                    request.parallel_tool_calls == Some(false),
                );
            }
        });
    }
}

fn write_tool(object: &mut Object<'_>, tool: &Tool<'_>, marks: &mut Marks) {
    object.text("name", &tool.name);
    if let Some(description) = &tool.description {
        object.text("description", description);
    }
    object.raw("input_schema", &tool_schema::of_object(tool.schema));
    if let Some(strict) = tool.strict {
        object.boolean("strict", strict);
    }
    marks.write(object, tool.breakpoint);
}
