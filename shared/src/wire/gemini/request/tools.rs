//! The tools and the choice among them.

use std::collections::HashSet;

use crate::wire::codec::Dropped;
use crate::wire::ir::{ChatRequest, Tool, ToolChoice};
use json::write::Object;
use json::{Node, Text};

/// What the model is offered.
pub(super) struct Offer<'r> {
    tools: Vec<&'r Tool<'r>>,
    choice: Option<Choice<'r>>,
}

enum Choice<'r> {
    Auto,
    None,
    Any,
    AnyOf(Vec<&'r Text<'r>>),
}

impl<'r> Offer<'r> {
    /// The tools that the model may call, and the choice among them. A model that may call none or some of a few is
    /// offered only those, for this format can name them only where one must be called.
    pub(super) fn of(request: &'r ChatRequest<'r>, dropped: &mut Dropped) -> Self {
        let offered: Option<HashSet<&[u8]>> = match &request.tool_choice {
            Some(ToolChoice::Allowed {
                names,
                is_required: false,
            }) => Some(names.iter().map(Text::escaped).collect()),
            _ => None,
        };
        let is_offered = |tool: &&Tool<'_>| {
            offered
                .as_ref()
                .is_none_or(|names| names.contains(tool.name.escaped()))
        };
        let choice = request.tool_choice.as_ref().map(|choice| match choice {
            ToolChoice::Auto
            | ToolChoice::Allowed {
                is_required: false, ..
            } => Choice::Auto,
            ToolChoice::None => Choice::None,
            ToolChoice::Required => Choice::Any,
            ToolChoice::Named(name) => Choice::AnyOf(vec![name]),
            ToolChoice::Allowed { names, .. } => Choice::AnyOf(names.iter().collect()),
        });
        let offer = Self {
            tools: request.tools.iter().filter(is_offered).collect(),
            choice,
        };
        if !offer.is_empty() {
            note_lost(request, dropped);
        }
        offer
    }

    /// Whether there is nothing to call.
    pub(super) fn is_empty(&self) -> bool {
        self.tools.is_empty()
    }

    /// Writes the tools, and the choice among them where there are any.
    pub(super) fn write(&self, body: &mut Object<'_>) {
        if self.is_empty() {
            return;
        }
        body.array("tools", |list| {
            list.object(|tool| {
                tool.array("functionDeclarations", |list| {
                    for tool in &self.tools {
                        list.object(|object| write_tool(object, tool));
                    }
                });
            });
        });
        let Some(choice) = &self.choice else { return };
        body.object("toolConfig", |config| {
            config.object("functionCallingConfig", |config| {
                let mode = match choice {
                    Choice::Auto => "AUTO",
                    Choice::None => "NONE",
                    Choice::Any | Choice::AnyOf(_) => "ANY",
                };
                config.string("mode", mode);
                if let Choice::AnyOf(names) = choice {
                    config.array("allowedFunctionNames", |list| {
                        for name in names {
                            list.text(name);
                        }
                    });
                }
            });
        });
    }
}

/// What the format has no words for.
fn note_lost(request: &ChatRequest<'_>, dropped: &mut Dropped) {
    if request.parallel_tool_calls == Some(false) {
        dropped.note(request.words.parallel_tool_calls);
    }
    for (index, tool) in request.tools.iter().enumerate() {
        if tool.strict == Some(true) {
            dropped.note(&format!("tools[{index}].strict"));
        }
    }
}

/// The schema goes as it is: `parametersJsonSchema` takes JSON schema, where one keyword too many in `parameters`, a part
/// of `OpenAPI`'s, spoils the whole call.
fn write_tool(object: &mut Object<'_>, tool: &Tool<'_>) {
    object.text("name", &tool.name);
    if let Some(description) = &tool.description {
        object.text("description", description);
    }
    if let Some(schema) = tool.schema.filter(|schema| takes_something(schema)) {
        object.raw("parametersJsonSchema", schema);
    }
}

/// Whether a schema is one of anything but an object without properties.
fn takes_something(schema: &[u8]) -> bool {
    let mut says_more = false;
    Node::unread_object(schema).members(|key, value| {
        let says_nothing = match key.as_ref() {
            b"type" | b"$schema" | b"additionalProperties" | b"description" | b"title" => true,
            b"properties" | b"required" => value.is_empty(),
            _ => false,
        };
        says_more |= !says_nothing;
    });
    says_more
}
