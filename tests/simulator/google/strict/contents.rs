//! The turns of a conversation with Gemini.

use serde_json::Value;

use super::{Family, ensure, is_function, items, known, text_is_said};
use crate::seal;
use crate::strict::{Checked, base64_bytes};
use crate::vendor::Vendor;

/// What the service says to a conversation.
pub(super) fn check(body: &Value, vendor: Vendor, family: Family) -> Checked {
    let contents = items(body, "contents");
    ensure(!contents.is_empty(), || {
        "* GenerateContentRequest.contents: contents is not specified".to_owned()
    })?;
    ensure(
        contents
            .iter()
            .next()
            .is_some_and(|first| first["role"] == "user"),
        || "Please ensure that multiturn requests start with a user turn".to_owned(),
    )?;
    let says_own = |content: &&Value| {
        content["role"] == "user"
            && items(content, "parts")
                .iter()
                .any(|part| part.get("functionResponse").is_none())
    };
    let current = contents
        .iter()
        .rposition(|content| says_own(&content))
        .unwrap_or_default();
    let mut waiting: Vec<&Value> = Vec::new();
    for (index, content) in contents.iter().enumerate() {
        let place = format!("contents[{index}]");
        known(content, &place, &["role", "parts"])?;
        let is_model = content["role"] == "model";
        ensure(is_model || content["role"] == "user", || {
            "Please use a valid role: user, model.".to_owned()
        })?;
        let parts = items(content, "parts");
        ensure(!parts.is_empty(), || {
            format!("* GenerateContentRequest.{place}.parts: must not be empty")
        })?;
        for part in parts {
            check_part(part, vendor, is_model)?;
        }
        let responses: Vec<&Value> = parts
            .iter()
            .filter_map(|part| part.get("functionResponse"))
            .collect();
        answers(&waiting, &responses, parts.len())?;
        waiting = parts.iter().filter_map(|part| part.get("functionCall")).collect();
        let first = parts.iter().find(|part| part.get("functionCall").is_some());
        if let Some(first) = first.filter(|_| family.seals() && index > current) {
            ensure(first.get("thoughtSignature").is_some(), || {
                "Function call is missing a thought_signature in functionCall parts.".to_owned()
            })?;
        }
    }
    Ok(())
}

/// The results of a turn's calls are all that the next turn has.
fn answers(calls: &[&Value], responses: &[&Value], parts: usize) -> Checked {
    ensure(
        calls.len() == responses.len() && (responses.is_empty() || responses.len() == parts),
        || {
            "Please ensure that the number of function response parts is equal to the number of function call parts of the function call turn.".to_owned()
        },
    )?;
    for (call, response) in calls.iter().zip(responses) {
        ensure(call["name"] == response["name"], || {
            "function response does not match its call".to_owned()
        })?;
        let ids = (call.get("id"), response.get("id"));
        ensure(ids.0 == ids.1, || {
            format!("function response ids do not match: {ids:?}")
        })?;
    }
    Ok(())
}

fn check_part(part: &Value, vendor: Vendor, is_model: bool) -> Checked {
    const KINDS: [&str; 5] = [
        "text",
        "inlineData",
        "fileData",
        "functionCall",
        "functionResponse",
    ];
    let mut keys = KINDS.to_vec();
    keys.extend(["thought", "thoughtSignature"]);
    known(part, "parts", &keys)?;
    let kinds = KINDS.iter().filter(|kind| part.get(**kind).is_some()).count();
    ensure(kinds == 1, || {
        "oneof field 'data' is already set or missing".to_owned()
    })?;
    if let Some(own) = part.get("thoughtSignature") {
        let own = own.as_str().unwrap_or_default();
        ensure(
            is_model && (seal::is_sealed(own) || own == "skip_thought_signature_validator"),
            || "Corrupted thought signature.".to_owned(),
        )?;
    } else if part.get("text").is_some() {
        text_is_said(part)?;
    }
    if let Some(inline) = part.get("inlineData") {
        known(inline, "inline_data", &["mimeType", "data"])?;
        let mime = inline["mimeType"].as_str().unwrap_or_default();
        ensure(MEDIA.contains(&mime), || format!("Unsupported MIME type: {mime}"))?;
        let is_base64 = inline["data"].as_str().and_then(base64_bytes).is_some();
        ensure(is_base64, || {
            "Invalid value at 'inline_data.data' (TYPE_BYTES), Base64 decoding failed".to_owned()
        })?;
    }
    if let Some(file) = part.get("fileData") {
        known(file, "file_data", &["mimeType", "fileUri"])?;
        ensure(vendor != Vendor::Vertex || file["mimeType"].is_string(), || {
            "fileData.mimeType is required".to_owned()
        })?;
    }
    let takes_ids = vendor != Vendor::Vertex;
    if let Some(call) = part.get("functionCall") {
        known(
            call,
            "function_call",
            if takes_ids {
                &["id", "name", "args"]
            } else {
                &["name", "args"]
            },
        )?;
        ensure(
            is_model && is_function(&call["name"]) && call["args"].is_object(),
            || format!("Invalid function call: {call}"),
        )?;
    }
    if let Some(response) = part.get("functionResponse") {
        let keys: &[&str] = if takes_ids {
            &["id", "name", "response"]
        } else {
            &["name", "response"]
        };
        known(response, "function_response", keys)?;
        ensure(
            !is_model && is_function(&response["name"]) && response["response"].is_object(),
            || {
                format!(
                    "* GenerateContentRequest.contents.parts.function_response.name: Name cannot be empty: {response}"
                )
            },
        )?;
    }
    Ok(())
}

const MEDIA: [&str; 6] = [
    "image/png",
    "image/jpeg",
    "image/webp",
    "image/heic",
    "image/heif",
    "application/pdf",
];
