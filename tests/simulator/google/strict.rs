//! What Google refuses, in its own words.

use hyper::HeaderMap;
use serde_json::{Map, Value};

use super::{Path, bearer, vertex_path};
use crate::seal;
use crate::strict::{Checked, Fault, base64_bytes};
use crate::vendor::Vendor;

/// The generation of a model, and whether it is of the largest line.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Family {
    generation: f64,
    is_pro: bool,
}

impl Family {
    pub(crate) fn of(model: &str) -> Self {
        let number = model
            .strip_prefix("gemini-")
            .and_then(|rest| rest.split('-').next());
        Self {
            generation: number.and_then(|number| number.parse().ok()).unwrap_or_default(),
            is_pro: model.contains("-pro"),
        }
    }

    /// Whether thoughts are sealed, and the seals wanted back.
    pub(crate) fn seals(self) -> bool {
        self.generation >= 3.0
    }
}

/// What the service says to this call.
pub(crate) fn check(vendor: Vendor, path: &Path, headers: &HeaderMap, body: &Value) -> Checked {
    if vendor == Vendor::Vertex {
        vertex_path(path, "google")?;
        bearer(headers)?;
    } else {
        ensure(path.before == "/v1beta" || path.before == "/v1", || {
            format!("no such path: {}", path.before)
        })?;
        let has_key = headers.get("x-goog-api-key").is_some_and(|key| !key.is_empty());
        ensure(has_key, || "Method doesn't allow unregistered callers".to_owned())?;
        ensure(!headers.contains_key("authorization"), || {
            "Request had invalid authentication credentials.".to_owned()
        })?;
    }
    ensure(!path.is_stream() || path.query == "alt=sse", || {
        "without alt=sse a stream is an array".to_owned()
    })?;
    let family = Family::of(&path.model);
    known(
        body,
        "",
        &[
            "contents",
            "systemInstruction",
            "tools",
            "toolConfig",
            "generationConfig",
        ],
    )?;
    if let Some(instruction) = body.get("systemInstruction") {
        known(instruction, "system_instruction", &["parts"])?;
        for part in items(instruction, "parts") {
            known(part, "system_instruction.parts", &["text"])?;
            text_is_said(part)?;
        }
    }
    let tools = tools(body)?;
    tool_config(body, &tools)?;
    config(body, family, !tools.is_empty())?;
    contents(body, vendor, family)
}

fn contents(body: &Value, vendor: Vendor, family: Family) -> Checked {
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

fn tools(body: &Value) -> Result<Vec<&str>, Fault> {
    let mut names = Vec::new();
    for tool in items(body, "tools") {
        known(tool, "tools", &["functionDeclarations"])?;
        for declared in items(tool, "functionDeclarations") {
            known(
                declared,
                "function_declarations",
                &["name", "description", "parametersJsonSchema"],
            )?;
            let name = declared["name"].as_str().unwrap_or_default();
            ensure(is_function(&declared["name"]) && !names.contains(&name), || {
                format!("Invalid function name or duplicate: {name}")
            })?;
            let schema = declared.get("parametersJsonSchema");
            let is_object =
                schema.is_none_or(|schema| schema.get("type").is_none_or(|kind| kind == "object"));
            ensure(is_object, || {
                "parameters schema should be of type OBJECT".to_owned()
            })?;
            names.push(name);
        }
    }
    Ok(names)
}

fn tool_config(body: &Value, tools: &[&str]) -> Checked {
    let Some(config) = body.get("toolConfig") else {
        return Ok(());
    };
    known(config, "tool_config", &["functionCallingConfig"])?;
    let calling = &config["functionCallingConfig"];
    known(
        calling,
        "function_calling_config",
        &["mode", "allowedFunctionNames"],
    )?;
    let mode = calling["mode"].as_str().unwrap_or_default();
    ensure(
        ["AUTO", "ANY", "NONE"].contains(&mode) && !tools.is_empty(),
        || "Function calling config is set without function_declarations.".to_owned(),
    )?;
    for name in items(calling, "allowedFunctionNames") {
        ensure(
            mode == "ANY" && tools.contains(&name.as_str().unwrap_or_default()),
            || "Allowed function names should only be set when mode is ANY, and be declared.".to_owned(),
        )?;
    }
    Ok(())
}

fn config(body: &Value, family: Family, has_tools: bool) -> Checked {
    let Some(config) = body.get("generationConfig") else {
        return Ok(());
    };
    known(config, "generation_config", &CONFIG)?;
    let within = |name: &str, least: f64, most: f64| {
        let value = config.get(name).map(|value| value.as_f64().unwrap_or(f64::NAN));
        ensure(value.is_none_or(|value| (least..=most).contains(&value)), || {
            format!(
                "* GenerateContentRequest.generation_config.{name}: must be in the range [{least}, {most}]"
            )
        })
    };
    within("temperature", 0.0, 2.0)?;
    within("topP", 0.0, 1.0)?;
    within("topK", 1.0, 1_000.0)?;
    within("maxOutputTokens", 1.0, 65_536.0)?;
    within("seed", f64::from(i32::MIN), f64::from(i32::MAX))?;
    let penalties = config.get("presencePenalty").is_some() || config.get("frequencyPenalty").is_some();
    ensure(!penalties || family.generation < 2.5, || {
        "Penalty is not enabled for this model".to_owned()
    })?;
    ensure(items(config, "stopSequences").len() <= 5, || {
        "at most 5 stop sequences".to_owned()
    })?;
    let wants_json = config["responseMimeType"] == "application/json";
    ensure(wants_json || config.get("responseJsonSchema").is_none(), || {
        "response_json_schema needs response_mime_type application/json".to_owned()
    })?;
    ensure(!(wants_json && has_tools) || family.seals(), || {
        "Function calling with a response mime type: 'application/json' is unsupported".to_owned()
    })?;
    thinking(config, family)
}

fn thinking(config: &Value, family: Family) -> Checked {
    let Some(thinking) = config.get("thinkingConfig") else {
        return Ok(());
    };
    known(
        thinking,
        "thinking_config",
        &["thinkingBudget", "thinkingLevel", "includeThoughts"],
    )?;
    ensure(family.generation >= 2.5, || {
        "Thinking is not supported for this model".to_owned()
    })?;
    if let Some(budget) = thinking.get("thinkingBudget") {
        let least = if family.is_pro { 128 } else { 0 };
        let fits = budget
            .as_i64()
            .is_some_and(|budget| budget == -1 || (least..=32_768).contains(&budget));
        ensure(fits && !family.seals(), || {
            format!("The thinking budget {budget} is invalid.")
        })?;
    }
    if let Some(level) = thinking.get("thinkingLevel") {
        let fits = level
            .as_str()
            .is_some_and(|level| ["MINIMAL", "LOW", "MEDIUM", "HIGH"].contains(&level));
        ensure(fits && family.seals(), || {
            "Thinking level is not supported for this model.".to_owned()
        })?;
    }
    Ok(())
}

/// A part's text says something.
fn text_is_said(part: &Value) -> Checked {
    let text = part["text"].as_str().unwrap_or_default();
    ensure(!text.is_empty(), || {
        "Unable to submit request because it must have a text parameter.".to_owned()
    })
}

fn is_function(name: &Value) -> bool {
    let name = name.as_str().unwrap_or_default();
    let starts_well = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    starts_well
        && name.len() <= 64
        && name
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "_.:-".contains(c))
}

/// Whether an object has only fields that the API knows.
fn known(value: &Value, place: &str, fields: &[&str]) -> Checked {
    let object: &Map<String, Value> = value
        .as_object()
        .ok_or_else(|| Fault::new(format!("Invalid value at '{place}'")))?;
    for name in object.keys() {
        ensure(fields.contains(&name.as_str()), || {
            format!("Invalid JSON payload received. Unknown name \"{name}\" at '{place}': Cannot find field.")
        })?;
    }
    Ok(())
}

fn items<'a>(value: &'a Value, name: &str) -> &'a [Value] {
    value
        .get(name)
        .and_then(Value::as_array)
        .map_or(&[], Vec::as_slice)
}

fn ensure(holds: bool, fault: impl FnOnce() -> String) -> Checked {
    if holds { Ok(()) } else { Err(Fault::new(fault())) }
}

const MEDIA: [&str; 6] = [
    "image/png",
    "image/jpeg",
    "image/webp",
    "image/heic",
    "image/heif",
    "application/pdf",
];

const CONFIG: [&str; 11] = [
    "temperature",
    "topP",
    "topK",
    "maxOutputTokens",
    "stopSequences",
    "seed",
    "presencePenalty",
    "frequencyPenalty",
    "responseMimeType",
    "responseJsonSchema",
    "thinkingConfig",
];
