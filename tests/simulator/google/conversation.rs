//! What a conversation with Gemini asks for.

use serde_json::Value;

use crate::conversation::{Choice, Conversation, Output};
use crate::strict::base64_bytes;

pub(crate) fn read(body: &Value) -> Conversation {
    let config = &body["generationConfig"];
    let calling = body
        .pointer("/toolConfig/functionCallingConfig")
        .unwrap_or(&Value::Null);
    let allowed = list(calling, "allowedFunctionNames");
    let mut read = Conversation {
        tools: list(
            body.pointer("/tools/0").unwrap_or(&Value::Null),
            "functionDeclarations",
        )
        .iter()
        .filter_map(|tool| tool["name"].as_str().map(str::to_owned))
        .collect(),
        choice: match (calling["mode"].as_str(), allowed) {
            (Some("NONE"), _) => Choice::None,
            (Some("ANY"), [only]) => Choice::Named(only.as_str().unwrap_or_default().to_owned()),
            (Some("ANY"), _) => Choice::Any,
            _ => Choice::Auto,
        },
        parallel: true,
        output: match (
            config["responseMimeType"].as_str(),
            config.get("responseJsonSchema"),
        ) {
            (Some("application/json"), Some(schema)) => Output::Schema(schema.clone()),
            (Some("application/json"), None) => Output::Json,
            _ => Output::Text,
        },
        thinks: config.pointer("/thinkingConfig/includeThoughts") == Some(&Value::Bool(true)),
        max_tokens: config["maxOutputTokens"].as_u64(),
        stop: list(config, "stopSequences")
            .iter()
            .filter_map(|stop| stop.as_str().map(str::to_owned))
            .collect(),
        ..Conversation::default()
    };
    let contents = list(body, "contents");
    let from = contents
        .iter()
        .rposition(|content| content["role"] == "model")
        .map_or(0, |position| position + 1);
    for part in contents
        .iter()
        .skip(from)
        .flat_map(|content| list(content, "parts"))
    {
        hear(part, &mut read);
    }
    read
}

fn hear(part: &Value, read: &mut Conversation) {
    if let Some(text) = part["text"].as_str() {
        if !read.text.is_empty() {
            read.text.push('\n');
        }
        read.text.push_str(text);
    }
    let response = part.pointer("/functionResponse/response");
    if let Some(response) = response.and_then(Value::as_object) {
        let said = match (response.get("output"), response.get("error")) {
            (Some(output), _) => output.as_str().unwrap_or_default().to_owned(),
            (None, Some(error)) => format!("(error) {}", error.as_str().unwrap_or_default()),
            (None, None) => Value::Object(response.clone()).to_string(),
        };
        read.results.push(said);
    }
    let kind = |mime: &Value| {
        if mime == "application/pdf" {
            "document"
        } else {
            "image"
        }
    };
    if let Some(inline) = part.get("inlineData") {
        let bytes = inline["data"].as_str().and_then(base64_bytes).unwrap_or_default();
        let mime = inline["mimeType"].as_str().unwrap_or_default();
        read.media
            .push(format!("{} {mime} of {bytes} bytes", kind(&inline["mimeType"])));
    }
    if let Some(file) = part.get("fileData") {
        let uri = file["fileUri"].as_str().unwrap_or_default();
        read.media.push(format!("{} {uri}", kind(&file["mimeType"])));
    }
}

fn list<'a>(value: &'a Value, name: &str) -> &'a [Value] {
    value
        .get(name)
        .and_then(Value::as_array)
        .map_or(&[], Vec::as_slice)
}
