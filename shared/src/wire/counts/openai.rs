//! OpenAI's own models: <https://developers.openai.com/api/docs/guides/token-counting>. What is counted is a request of
//! responses, so the chat request that the call would be is said in those words.

use super::{Codec, Counted};
use crate::config::{NO_DEFAULTS, ProviderKind};
use crate::wire::{Dropped, Format, Target, Untranslatable, UpstreamFormat};
use json::write::{Array, Object};
use json::{Kind, Node, write};

pub(super) static CODEC: Codec = Codec {
    write,
    count: "input_tokens",
    path: |_| "/v1/responses/input_tokens".to_owned(),
};

fn write(counted: Counted<'_>, model: &str) -> Result<Vec<u8>, Untranslatable> {
    let request = Format::AnthropicMessages.read_chat(counted.body)?;
    let target = Target {
        kind: ProviderKind::OpenAi,
        model,
        defaults: &NO_DEFAULTS,
    };
    let format = UpstreamFormat::OpenAiChat;
    format.check_chat(&request, &target)?;
    // What is left out of the call has no tokens there.
    let chat = format.write_chat(&request, &target, &mut Dropped::default());
    let mut out = Vec::with_capacity(chat.len());
    write::object(&mut out, |body| {
        in_words_of_responses(body, Node::unread_object(&chat));
    });
    Ok(out)
}

fn in_words_of_responses(body: &mut Object<'_>, chat: Node<'_>) {
    let keys = [
        "model",
        "messages",
        "tools",
        "tool_choice",
        "parallel_tool_calls",
        "reasoning_effort",
        "response_format",
    ];
    let [model, messages, tools, choice, parallel, effort, output] = chat.fields(keys);
    copy(body, "model", model);
    body.array("input", |input| {
        if let Some(messages) = messages {
            messages.each(|message| write_message(input, message));
        }
    });
    if let Some(tools) = tools {
        body.array("tools", |list| {
            tools.each(|tool| list.object(|object| write_tool(object, tool)));
        });
    }
    if let Some(choice) = choice {
        match choice.field("function") {
            Some(function) => body.object("tool_choice", |object| {
                object.string("type", "function");
                copy(object, "name", function.field("name"));
            }),
            None => body.raw("tool_choice", choice.raw()),
        }
    }
    copy(body, "parallel_tool_calls", parallel);
    if effort.is_some() {
        body.object("reasoning", |reasoning| copy(reasoning, "effort", effort));
    }
    if let Some(output) = output {
        body.object("text", |text| {
            text.object("format", |format| {
                copy(format, "type", output.field("type"));
                if let Some(schema) = output.field("json_schema") {
                    let [name, schema, strict] = schema.fields(["name", "schema", "strict"]);
                    copy(format, "name", name);
                    copy(format, "schema", schema);
                    copy(format, "strict", strict);
                }
            });
        });
    }
}

/// A message is one item, but for calls of tools and their results, which are items of their own.
fn write_message(input: &mut Array<'_>, message: Node<'_>) {
    let keys = ["role", "content", "refusal", "tool_calls", "tool_call_id"];
    let [role, content, refusal, calls, call_id] = message.fields(keys);
    let content = content.filter(|content| content.kind() != Kind::Null);
    if call_id.is_some() {
        return input.object(|item| {
            item.string("type", "function_call_output");
            copy(item, "call_id", call_id);
            write_content(item, "output", content);
        });
    }
    for said in [content, refusal].into_iter().flatten() {
        input.object(|item| {
            copy(item, "role", role);
            write_content(item, "content", Some(said));
        });
    }
    if let Some(calls) = calls {
        calls.each(|call| {
            let [id, function] = call.fields(["id", "function"]);
            let [name, arguments] =
                function.map_or([None; 2], |function| function.fields(["name", "arguments"]));
            input.object(|item| {
                item.string("type", "function_call");
                copy(item, "call_id", id);
                copy(item, "name", name);
                copy(item, "arguments", arguments);
            });
        });
    }
}

fn write_content(item: &mut Object<'_>, key: &str, content: Option<Node<'_>>) {
    match content {
        Some(parts) if parts.kind() == Kind::Array => {
            item.array(key, |list| {
                parts.each(|part| list.object(|object| write_part(object, part)));
            });
        }
        content => copy(item, key, content),
    }
}

fn write_part(object: &mut Object<'_>, part: Node<'_>) {
    let [text, image, file] = part.fields(["text", "image_url", "file"]);
    if let Some(image) = image {
        object.string("type", "input_image");
        object.string("detail", "auto");
        copy(object, "image_url", image.field("url"));
    } else if let Some(file) = file {
        object.string("type", "input_file");
        copy(object, "filename", file.field("filename"));
        copy(object, "file_data", file.field("file_data"));
    } else {
        object.string("type", "input_text");
        copy(object, "text", text);
    }
}

/// A tool: here, other than in chat, one that says nothing is strict, and nothing must be left out.
fn write_tool(object: &mut Object<'_>, tool: Node<'_>) {
    let function = tool.field("function");
    let keys = ["name", "description", "parameters", "strict"];
    let [name, description, parameters, strict] =
        function.map_or([None; 4], |function| function.fields(keys));
    object.string("type", "function");
    copy(object, "name", name);
    copy(object, "description", description);
    object.raw("parameters", parameters.map_or(b"null", Node::raw));
    object.raw("strict", strict.map_or(b"false", Node::raw));
}

fn copy(object: &mut Object<'_>, key: &str, value: Option<Node<'_>>) {
    if let Some(value) = value {
        object.raw(key, value.raw());
    }
}
