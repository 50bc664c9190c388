//! The tools and the choice among them.

use std::collections::HashSet;

use crate::wire::bedrock::models::{Forced, Model};
use crate::wire::codec::Dropped;
use crate::wire::ir::{ChatRequest, Content, Tool, ToolChoice};
use crate::wire::tool_schema;
use json::Text;
use json::write::{Array, Object};

/// What the model is offered.
pub(super) struct Offer<'r> {
    tools: Vec<&'r Tool<'r>>,
    /// Tools that the conversation speaks of and the caller does not offer: the API wants to know them.
    spoken_of: Vec<&'r Text<'r>>,
    choice: Choice<'r>,
    is_structured: bool,
}

#[derive(Clone, Copy, PartialEq)]
enum Choice<'r> {
    /// As the model sees fit, which needs no word; some models know none of the words.
    Auto,
    Any,
    Tool(&'r Text<'r>),
    /// The model cannot be forced, so it is told what was asked for.
    Told(Told<'r>),
}

#[derive(Clone, Copy, PartialEq)]
enum Told<'r> {
    None,
    Any,
    Tool(&'r Text<'r>),
}

impl<'r> Offer<'r> {
    /// The tools that the model may call, and the choice among them. There is no way to forbid calls but to offer
    /// nothing; where the conversation has calls, something must be offered, and the model is told.
    pub(super) fn of(request: &'r ChatRequest<'r>, model: Model, dropped: &mut Dropped) -> Self {
        let parts = request.messages.iter().flat_map(|message| &message.parts);
        let called: Vec<&Text<'_>> = parts
            .filter_map(|part| match &part.content {
                Content::ToolCall { name, .. } => Some(name),
                _ => None,
            })
            .collect();
        let is_forbidden = matches!(request.tool_choice, Some(ToolChoice::None)) || request.tools.is_empty();
        let tools: Vec<&Tool<'_>> = if is_forbidden && called.is_empty() {
            Vec::new()
        } else {
            request.allowed_tools().collect()
        };
        let mut names: HashSet<&[u8]> = tools.iter().map(|tool| tool.name.escaped()).collect();
        let spoken_of: Vec<&Text<'_>> = called
            .into_iter()
            .filter(|name| names.insert(name.escaped()))
            .collect();
        let choice = match &request.tool_choice {
            _ if tools.is_empty() && spoken_of.is_empty() => Choice::Auto,
            _ if is_forbidden => Choice::Told(Told::None),
            Some(
                ToolChoice::Required
                | ToolChoice::Allowed {
                    is_required: true, ..
                },
            ) => match model.forced {
                Forced::Never => Choice::Told(Told::Any),
                Forced::Any | Forced::Named => Choice::Any,
            },
            Some(ToolChoice::Named(name)) => match model.forced {
                Forced::Named => Choice::Tool(name),
                Forced::Any | Forced::Never => Choice::Told(Told::Tool(name)),
            },
            None | Some(ToolChoice::Auto | ToolChoice::Allowed { .. } | ToolChoice::None) => Choice::Auto,
        };
        if matches!(choice, Choice::Told(Told::Any | Told::Tool(_))) {
            dropped.note("tool_choice");
        }
        if request.parallel_tool_calls == Some(false) && !tools.is_empty() {
            dropped.note(request.words.parallel_tool_calls);
        }
        Self {
            tools,
            spoken_of,
            choice,
            is_structured: model.structured,
        }
    }

    /// The instruction that stands for a choice which the model refuses.
    pub(super) fn told(&self) -> Option<Text<'static>> {
        let Choice::Told(told) = self.choice else {
            return None;
        };
        Some(match told {
            Told::None => Text::of_plain("Answer without calling a tool."),
            Told::Any => Text::of_plain("Answer by calling one of the tools."),
            Told::Tool(name) => {
                let mut told = Text::of_plain("Answer by calling the tool `");
                told.push(name);
                told.push(&Text::of_plain("`."));
                told
            }
        })
    }

    /// Writes the tools, and the choice among them where there are any.
    pub(super) fn write(&self, body: &mut Object<'_>, dropped: &mut Dropped) {
        if self.tools.is_empty() && self.spoken_of.is_empty() {
            return;
        }
        body.object("toolConfig", |config| {
            config.array("tools", |list| {
                for (index, tool) in self.tools.iter().enumerate() {
                    if tool.strict == Some(true) && !self.is_structured {
                        dropped.note(&format!("tools[{index}].strict"));
                    }
                    self.write_tool(list, tool);
                }
                for name in &self.spoken_of {
                    list.object(|tool| {
                        tool.object("toolSpec", |spec| {
                            spec.text("name", name);
                            write_schema(spec, None);
                        });
                    });
                }
            });
            match self.choice {
                Choice::Auto | Choice::Told(_) => {}
                Choice::Any => config.object("toolChoice", |choice| choice.object("any", |_| ())),
                Choice::Tool(name) => config.object("toolChoice", |choice| {
                    choice.object("tool", |tool| tool.text("name", name));
                }),
            }
        });
    }

    fn write_tool(&self, list: &mut Array<'_>, tool: &Tool<'_>) {
        list.object(|object| {
            object.object("toolSpec", |spec| {
                spec.text("name", &tool.name);
                // The API refuses an empty one.
                if let Some(description) = tool.description.as_ref().filter(|text| !text.is_blank()) {
                    spec.text("description", description);
                }
                write_schema(spec, tool.schema);
                if let Some(strict) = tool.strict.filter(|_| self.is_structured) {
                    spec.boolean("strict", strict);
                }
            });
        });
    }
}

fn write_schema(spec: &mut Object<'_>, schema: Option<&[u8]>) {
    spec.object("inputSchema", |input| {
        input.raw("json", &tool_schema::of_object(schema));
    });
}
