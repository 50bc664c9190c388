//! The turns of a Converse request and their blocks.

#![expect(
    clippy::indexing_slicing,
    reason = "a member that a JSON value has not is null, and none of these values is anything but an object"
)]

use std::collections::{HashMap, HashSet};

use serde_json::{Value, json};

use super::super::{Checked, base64_bytes, ensure, is_plain, items, text};
use super::{fault, is, one_of};

pub(super) fn messages(model: &str, body: &Value) -> Checked {
    let messages = items(body, "messages");
    ensure(!messages.is_empty(), || fault("messages must not be empty"))?;
    let mut names = HashSet::new();
    let mut calls: HashMap<&str, bool> = HashMap::new();
    let mut has_tools = false;
    for (index, message) in messages.iter().enumerate() {
        let role = if index % 2 == 0 { "user" } else { "assistant" };
        ensure(text(message, "role") == Some(role), || {
            fault(
                "A conversation must alternate between user and assistant roles and start with a user message.",
            )
        })?;
        let content = items(message, "content");
        ensure(!content.is_empty(), || fault("content must not be empty"))?;
        let mut has_text = false;
        let mut has_document = false;
        let answered: HashSet<&str> = content
            .iter()
            .filter_map(|block| block["toolResult"]["toolUseId"].as_str())
            .collect();
        let open: HashSet<&str> = calls.drain().map(|(id, _)| id).collect();
        ensure(role == "assistant" || open == answered, || {
            fault("The number of toolResult blocks does not fit the toolUse blocks of the previous turn.")
        })?;
        for block in content {
            let (key, value) = one_of(
                block,
                &["text", "image", "document", "toolUse", "toolResult", "cachePoint"],
            )?;
            has_text |= key == "text";
            has_document |= key == "document";
            match key {
                "toolUse" => {
                    has_tools = true;
                    let id = text(value, "toolUseId").unwrap_or_default();
                    let is_sound = is_id(id)
                        && is_plain(text(value, "name").unwrap_or_default(), 64)
                        && value["input"].is_object();
                    ensure(
                        role == "assistant" && is_sound && calls.insert(id, true).is_none(),
                        || fault(format!("toolUse: {value}")),
                    )?;
                }
                "toolResult" => {
                    has_tools = true;
                    result(model, value)?;
                }
                "document" => {
                    let name = text(value, "name").unwrap_or_default();
                    ensure(names.insert(name.to_owned()), || {
                        fault("Documents must have different names.")
                    })?;
                    plain_block(model, block)?;
                }
                _ => plain_block(model, block)?,
            }
        }
        ensure(!has_document || has_text, || {
            fault("A text block must be included when using documents.")
        })?;
    }
    ensure(!has_tools || body.get("toolConfig").is_some(), || {
        fault("The toolConfig field must be defined when using toolUse and toolResult content blocks.")
    })
}

fn is_id(id: &str) -> bool {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"_.:-".contains(&byte);
    (1..=64).contains(&id.len()) && id.bytes().all(is_allowed)
}

fn result(model: &str, value: &Value) -> Checked {
    ensure(is_id(text(value, "toolUseId").unwrap_or_default()), || {
        fault("toolUseId")
    })?;
    let rich = is(model, "amazon.nova");
    let content = items(value, "content");
    ensure(!content.is_empty(), || fault("a toolResult must have content"))?;
    for block in content {
        let known: &[&str] = if rich {
            &["text", "json", "image", "document"]
        } else {
            &["text", "json"]
        };
        one_of(block, known)?;
        plain_block(model, block)?;
    }
    ensure(rich || value.get("status").is_none(), || {
        fault("This model doesn't support the status field.")
    })
}

pub(super) fn plain_block(model: &str, block: &Value) -> Checked {
    if let Some(said) = block.get("text") {
        let said = said.as_str().unwrap_or_default();
        return ensure(!said.trim().is_empty(), || {
            fault("The text field in a ContentBlock is blank.")
        });
    }
    if let Some(point) = block.get("cachePoint") {
        return ensure(
            *point == json!({"type": "default"}) && is(model, "amazon.nova"),
            || fault("This model doesn't support prompt caching here."),
        );
    }
    let (own, formats): (&Value, &[&str]) = match (block.get("image"), block.get("document")) {
        (Some(image), _) => (image, &["png", "jpeg", "gif", "webp"]),
        (_, Some(document)) => {
            let name = text(document, "name").unwrap_or_default();
            let is_allowed = |c: char| c.is_ascii_alphanumeric() || " -()[]".contains(c);
            ensure(
                !name.is_empty() && name.chars().all(is_allowed) && !name.contains("  "),
                || fault(format!("The document name `{name}` must be alphanumeric.")),
            )?;
            (
                document,
                &["pdf", "csv", "doc", "docx", "xls", "xlsx", "html", "txt", "md"],
            )
        }
        _ => return Ok(()),
    };
    let is_known = formats.contains(&text(own, "format").unwrap_or_default());
    let bytes = own["source"]["bytes"].as_str().and_then(base64_bytes);
    ensure(is_known && bytes.is_some_and(|bytes| bytes > 0), || {
        fault(format!("a wrong source: {own}"))
    })
}
