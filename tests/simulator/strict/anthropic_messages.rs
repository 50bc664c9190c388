//! Anthropic's messages: what a conversation must look like.

use serde_json::Value;

use super::anthropic::{Model, extra, thinks};
use super::{Checked, Fault, IMAGES, base64_bytes, ensure, field, is_plain, items, text};
use crate::seal;

/// What Anthropic says to the conversation of this call.
pub(super) fn check(body: &Value, model: Model) -> Checked {
    system(body)?;
    let messages = body
        .get("messages")
        .and_then(Value::as_array)
        .ok_or_else(|| Fault::new("messages: Input should be a valid list"))?;
    let last = messages
        .len()
        .checked_sub(1)
        .ok_or_else(|| Fault::new("messages: at least one message is required"))?;
    for (index, message) in messages.iter().enumerate() {
        shape(message, index, index == last)?;
    }
    let turns = turns(messages);
    ends(messages, model, thinks(body))?;
    tools_answered(&turns)?;
    if thinks(body) {
        thoughts_first(&turns)?;
    }
    Ok(())
}

/// A turn: messages of one role are one.
struct Turn<'a> {
    role: &'a str,
    /// The position of its first message.
    index: usize,
    blocks: Vec<&'a Value>,
}

fn turns(messages: &[Value]) -> Vec<Turn<'_>> {
    let mut turns: Vec<Turn<'_>> = Vec::new();
    for (index, message) in messages.iter().enumerate() {
        let role = text(message, "role").unwrap_or_default();
        if role == "system" {
            continue;
        }
        let blocks = items(message, "content");
        match turns.last_mut().filter(|turn| turn.role == role) {
            Some(turn) => turn.blocks.extend(blocks),
            None => turns.push(Turn {
                role,
                index,
                blocks: blocks.iter().collect(),
            }),
        }
    }
    turns
}

fn system(body: &Value) -> Checked {
    match body.get("system") {
        None | Some(Value::String(_)) => Ok(()),
        Some(Value::Array(blocks)) => blocks.iter().enumerate().try_for_each(|(index, block)| {
            ensure(text(block, "type") == Some("text"), || {
                Fault::new(format!("system.{index}.type: Input should be 'text'"))
            })?;
            ensure(text(block, "text").is_some_and(|text| !text.is_empty()), || {
                Fault::new("system: text content blocks must be non-empty")
            })
        }),
        Some(_) => Err(Fault::new("system: Input should be a valid list")),
    }
}

fn shape(message: &Value, index: usize, is_last: bool) -> Checked {
    let place = format!("messages.{index}");
    let role = text(message, "role").ok_or_else(|| Fault::new(format!("{place}.role: Field required")))?;
    ensure(["user", "assistant", "system"].contains(&role), || {
        Fault::new(format!(
            "messages: Unexpected role \"{role}\". Allowed roles are \"user\" or \"assistant\"."
        ))
    })?;
    for name in message.as_object().into_iter().flat_map(|message| message.keys()) {
        ensure(["role", "content"].contains(&name.as_str()), || {
            extra(&format!("{place}.{name}"))
        })?;
    }
    let empty = || {
        Fault::new(format!(
            "{place}: all messages must have non-empty content except for the optional final assistant message"
        ))
    };
    match message.get("content") {
        Some(Value::String(said)) => {
            ensure(!said.is_empty() || (is_last && role == "assistant"), empty)?;
            ensure(said.is_empty() || !said.trim().is_empty(), || {
                Fault::new("messages: text content blocks must contain non-whitespace text")
            })
        }
        Some(Value::Array(blocks)) => {
            ensure(!blocks.is_empty() || (is_last && role == "assistant"), empty)?;
            blocks
                .iter()
                .enumerate()
                .try_for_each(|(at, value)| block(value, role, &format!("{place}.content.{at}")))
        }
        None => Err(Fault::new(format!("{place}.content: Field required"))),
        Some(_) => Err(Fault::new(format!(
            "{place}.content: Input should be a valid list"
        ))),
    }
}

fn block(block: &Value, role: &str, place: &str) -> Checked {
    let kind = text(block, "type").unwrap_or_default();
    let keys: &[&str] = match kind {
        "text" => &["text", "citations"],
        "image" => &["source"],
        "document" => &["source", "title", "context", "citations"],
        "tool_use" => &["id", "name", "input", "caller"],
        "tool_result" => &["tool_use_id", "content", "is_error"],
        "thinking" => &["thinking", "signature"],
        "redacted_thinking" => &["data"],
        "search_result" => &["source", "title", "content", "citations"],
        _ => {
            return Err(Fault::new(format!(
                "{place}: Input tag '{kind}' found using 'type' does not match any of the expected tags"
            )));
        }
    };
    let unmarked = ["thinking", "redacted_thinking"].contains(&kind);
    for name in block.as_object().into_iter().flat_map(|block| block.keys()) {
        let known = name == "type" || keys.contains(&name.as_str()) || (name == "cache_control" && !unmarked);
        ensure(known, || extra(&format!("{place}.{kind}.{name}")))?;
    }
    let allowed = match role {
        "assistant" => ["text", "tool_use", "thinking", "redacted_thinking"].contains(&kind),
        "system" => kind == "text",
        _ => !["tool_use", "thinking", "redacted_thinking"].contains(&kind),
    };
    ensure(allowed, || {
        Fault::new(format!(
            "{place}: `{kind}` blocks are not allowed in {role} messages"
        ))
    })?;
    content(block, kind, place)
}

fn content(block: &Value, kind: &str, place: &str) -> Checked {
    match kind {
        "text" => {
            let said = text(block, "text")
                .ok_or_else(|| Fault::new(format!("{place}.text.text: Input should be a valid string")))?;
            ensure(!said.is_empty(), || {
                Fault::new("messages: text content blocks must be non-empty")
            })?;
            ensure(!said.trim().is_empty(), || {
                Fault::new("messages: text content blocks must contain non-whitespace text")
            })
        }
        "image" => source(block, &format!("{place}.image.source"), &IMAGES),
        "document" => source(block, &format!("{place}.document.source"), &["application/pdf"]),
        "tool_use" => {
            let id = text(block, "id").unwrap_or_default();
            ensure(is_plain(id, 64), || {
                Fault::new(format!(
                    "{place}.tool_use.id: String should match pattern '^[a-zA-Z0-9_-]+$'"
                ))
            })?;
            ensure(
                text(block, "name").is_some_and(|name| is_plain(name, 200)),
                || {
                    Fault::new(format!(
                        "{place}.tool_use.name: String should match pattern '^[a-zA-Z0-9_-]{{1,200}}$'"
                    ))
                },
            )?;
            ensure(block.get("input").is_some_and(Value::is_object), || {
                Fault::new(format!(
                    "{place}.tool_use.input: Input should be a valid dictionary"
                ))
            })
        }
        "tool_result" => result(block, place),
        "thinking" => {
            let thought = text(block, "thinking")
                .ok_or_else(|| Fault::new(format!("{place}.thinking.thinking: Field required")))?;
            let signature = text(block, "signature")
                .ok_or_else(|| Fault::new(format!("{place}.thinking.signature: Field required")))?;
            ensure(signature == seal::of(thought), || {
                Fault::new(format!("{place}: Invalid `signature` in `thinking` block"))
            })
        }
        "redacted_thinking" => ensure(text(block, "data").is_some_and(seal::is_sealed), || {
            Fault::new(format!("{place}: Invalid `data` in `redacted_thinking` block"))
        }),
        _ => Ok(()),
    }
}

fn result(block: &Value, place: &str) -> Checked {
    ensure(text(block, "tool_use_id").is_some(), || {
        Fault::new(format!("{place}.tool_result.tool_use_id: Field required"))
    })?;
    ensure(block.get("is_error").is_none_or(Value::is_boolean), || {
        Fault::new(format!(
            "{place}.tool_result.is_error: Input should be a valid boolean"
        ))
    })?;
    match block.get("content") {
        None | Some(Value::String(_)) => Ok(()),
        Some(Value::Array(blocks)) => blocks.iter().enumerate().try_for_each(|(index, inner)| {
            let place = format!("{place}.tool_result.content.{index}");
            let kind = text(inner, "type").unwrap_or_default();
            ensure(
                ["text", "image", "document", "search_result"].contains(&kind),
                || {
                    Fault::new(format!(
                        "{place}: Input tag '{kind}' found using 'type' does not match any of the expected tags"
                    ))
                },
            )?;
            content(inner, kind, &place)
        }),
        Some(_) => Err(Fault::new(format!(
            "{place}.tool_result.content: Input should be a valid list"
        ))),
    }
}

fn source(block: &Value, place: &str, types: &[&str]) -> Checked {
    let source = field(block, "source").ok_or_else(|| Fault::new(format!("{place}: Field required")))?;
    match text(source, "type") {
        Some("base64") => {
            let kind = text(source, "media_type").unwrap_or_default();
            ensure(types.contains(&kind), || {
                Fault::new(format!(
                    "{place}.base64.media_type: Input should be '{}'",
                    types.join("', '")
                ))
            })?;
            ensure(text(source, "data").and_then(base64_bytes).is_some(), || {
                Fault::new(format!("{place}.base64: invalid base64 data"))
            })
        }
        Some("url") => {
            let url = text(source, "url").unwrap_or_default();
            ensure(url.starts_with("https://"), || {
                Fault::new(format!("{place}.url.url: Only HTTPS URLs are supported."))
            })
        }
        Some("text") if types.contains(&"application/pdf") => {
            ensure(text(source, "media_type") == Some("text/plain"), || {
                Fault::new(format!("{place}.text.media_type: Input should be 'text/plain'"))
            })?;
            ensure(text(source, "data").is_some_and(|data| !data.is_empty()), || {
                Fault::new(format!("{place}.text.data: Field required"))
            })
        }
        Some("content") if types.contains(&"application/pdf") => Ok(()),
        Some("file") => ensure(text(source, "file_id").is_some(), || {
            Fault::new(format!("{place}.file.file_id: Field required"))
        }),
        _ => Err(Fault::new(format!(
            "{place}: Input tag found using 'type' does not match any of the expected tags"
        ))),
    }
}

/// An answer that the caller began.
fn ends(messages: &[Value], model: Model, thinks: bool) -> Checked {
    let Some(last) = messages
        .last()
        .filter(|last| text(last, "role") == Some("assistant"))
    else {
        return Ok(());
    };
    ensure(model.takes_prefill() && !thinks, || {
        Fault::new(
            "This model does not support assistant message prefill. The conversation must end with a user message.",
        )
    })?;
    let said = text(last, "content").or_else(|| text(items(last, "content").last()?, "text"));
    ensure(
        said.is_none_or(|said| !said.ends_with(char::is_whitespace)),
        || Fault::new("messages: final assistant content cannot end with trailing whitespace"),
    )
}

/// Each call of a tool is answered in the very next turn, and nothing else is.
fn tools_answered(turns: &[Turn<'_>]) -> Checked {
    let mut seen: Vec<&str> = Vec::new();
    let mut open: Vec<&str> = Vec::new();
    for turn in turns {
        let place = format!("messages.{}", turn.index);
        let of_kind = |kind: &'static str, key: &'static str| {
            turn.blocks
                .iter()
                .filter(move |block| text(block, "type") == Some(kind))
                .filter_map(move |block| text(block, key))
        };
        let mut answered: Vec<&str> = Vec::new();
        for (at, id) in of_kind("tool_result", "tool_use_id").enumerate() {
            ensure(open.contains(&id), || {
                Fault::new(format!(
                    "{place}.content.{at}: unexpected `tool_use_id` found in `tool_result` blocks: {id}. \
                     Each `tool_result` block must have a corresponding `tool_use` block in the previous message."
                ))
            })?;
            ensure(!answered.contains(&id), || {
                Fault::new(format!(
                    "{place}.content.{at}: each tool_use must have a single result. Found multiple `tool_result` blocks with id: {id}"
                ))
            })?;
            answered.push(id);
        }
        let first_other = turn
            .blocks
            .iter()
            .position(|block| text(block, "type") != Some("tool_result"));
        let in_front = first_other.unwrap_or(turn.blocks.len()) >= answered.len();
        let missing: Vec<&str> = open.iter().copied().filter(|id| !answered.contains(id)).collect();
        ensure(missing.is_empty() && in_front, || {
            unanswered(turn.index, &missing)
        })?;

        open = of_kind("tool_use", "id").collect();
        for id in &open {
            ensure(!seen.contains(id), || {
                Fault::new(format!("{place}: `tool_use` ids must be unique"))
            })?;
            seen.push(id);
        }
    }
    let last = turns.last().map_or(0, |turn| turn.index + 1);
    ensure(open.is_empty(), || unanswered(last, &open))
}

fn unanswered(index: usize, missing: &[&str]) -> Fault {
    Fault::new(format!(
        "messages.{}: `tool_use` ids were found without `tool_result` blocks immediately after: {}. \
         Each `tool_use` block must have a corresponding `tool_result` block in the next message.",
        index.saturating_sub(1),
        missing.join(", ")
    ))
}

/// With thinking on, the turn whose tools are answered last begins with a thought.
fn thoughts_first(turns: &[Turn<'_>]) -> Checked {
    let Some(turn) = turns.iter().rfind(|turn| turn.role == "assistant") else {
        return Ok(());
    };
    let kinds: Vec<&str> = turn
        .blocks
        .iter()
        .filter_map(|block| text(block, "type"))
        .collect();
    let first = kinds.first().copied().unwrap_or_default();
    ensure(
        !kinds.contains(&"tool_use") || first.ends_with("thinking"),
        || {
            Fault::new(format!(
                "messages.{}.content.0.type: Expected `thinking` or `redacted_thinking`, but found `{first}`. \
                 When `thinking` is enabled, a final `assistant` message must start with a thinking block \
                 (preceeding the lastmost set of `tool_use` and `tool_result` blocks).",
                turn.index
            ))
        },
    )
}
