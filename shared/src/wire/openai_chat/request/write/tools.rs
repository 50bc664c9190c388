//! The tools and the choice among them.

use std::collections::HashSet;

use super::schema;
use crate::config::{ProviderKind, Server};
use crate::wire::codec::Dropped;
use crate::wire::ir::{ChatRequest, Tool, ToolChoice};
use crate::wire::openai_chat::models::Model;
use json::write::{Array, Object};
use json::{Node, Text};

/// The schema of a tool that takes nothing.
const NO_PARAMETERS: &[u8] = br#"{"type":"object","properties":{}}"#;

/// Writes the tools of a request to a server that asks for a schema with each of them, and the choice among them.
pub(in crate::wire) fn write_plain(body: &mut Object<'_>, request: &ChatRequest<'_>, dropped: &mut Dropped) {
    let kind = ProviderKind::Mistral;
    write(body, request, kind, &Model::of(kind, ""), dropped);
}

/// Writes the tools, and the choice among them where there are any.
pub(super) fn write(
    body: &mut Object<'_>,
    request: &ChatRequest<'_>,
    kind: ProviderKind,
    model: &Model,
    dropped: &mut Dropped,
) {
    if request.tools.is_empty() {
        return;
    }
    // Only OpenAI itself can choose among some of the tools.
    let narrowed = match &request.tool_choice {
        Some(ToolChoice::Allowed { names, .. }) if !kind.is_openai() => {
            Some(names.iter().map(Text::escaped).collect::<HashSet<_>>())
        }
        _ => None,
    };
    let is_kept = |tool: &&Tool<'_>| {
        narrowed
            .as_ref()
            .is_none_or(|names| names.contains(tool.name.escaped()))
    };
    body.array("tools", |list| {
        request
            .tools
            .iter()
            .filter(is_kept)
            .for_each(|tool| write_tool(list, tool, kind));
    });
    if let Some(choice) = &request.tool_choice {
        write_choice(body, choice, narrowed.is_some());
    }
    if let Some(parallel) = request.parallel_tool_calls {
        if model.parallel {
            body.boolean("parallel_tool_calls", parallel);
        } else {
            dropped.note(request.words.parallel_tool_calls);
        }
    }
}

fn write_tool(list: &mut Array<'_>, tool: &Tool<'_>, kind: ProviderKind) {
    list.object(|object| {
        object.string("type", "function");
        object.object("function", |function| {
            function.text("name", &tool.name);
            if let Some(description) = &tool.description {
                function.text("description", description);
            }
            match tool.schema {
                Some(schema) => write_schema(function, schema),
                None if kind == ProviderKind::Mistral => function.raw("parameters", NO_PARAMETERS),
                None => {}
            }
            if let Some(strict) = tool
                .strict
                .filter(|_| kind != ProviderKind::SelfHosted(Server::Tgi))
            {
                let schema = tool.schema.map(Node::unread_object);
                function.boolean("strict", strict && schema.is_none_or(schema::is_strict));
            }
        });
    });
}

/// A schema of objects must have properties, be it none: `object schema missing properties`.
fn write_schema(function: &mut Object<'_>, schema: &[u8]) {
    let [kind, properties] = Node::unread_object(schema).fields(["type", "properties"]);
    match (kind, properties, schema.trim_ascii().strip_suffix(b"}")) {
        (Some(kind), None, Some(members)) if kind.is("object") => {
            function.raw("parameters", &[members, br#","properties":{}}"#].concat());
        }
        _ => function.raw("parameters", schema),
    }
}

fn write_choice(body: &mut Object<'_>, choice: &ToolChoice<'_>, is_narrowed: bool) {
    let mode = |is_required: bool| if is_required { "required" } else { "auto" };
    match choice {
        ToolChoice::Auto => body.string("tool_choice", "auto"),
        ToolChoice::None => body.string("tool_choice", "none"),
        ToolChoice::Required => body.string("tool_choice", "required"),
        ToolChoice::Named(name) => body.object("tool_choice", |object| write_function(object, name)),
        ToolChoice::Allowed { is_required, .. } if is_narrowed => {
            body.string("tool_choice", mode(*is_required));
        }
        ToolChoice::Allowed { names, is_required } => body.object("tool_choice", |object| {
            object.string("type", "allowed_tools");
            object.object("allowed_tools", |allowed| {
                allowed.string("mode", mode(*is_required));
                allowed.array("tools", |list| {
                    for name in names {
                        list.object(|object| write_function(object, name));
                    }
                });
            });
        }),
    }
}

fn write_function(object: &mut Object<'_>, name: &Text<'_>) {
    object.string("type", "function");
    object.object("function", |function| function.text("name", name));
}
