//! What Google refuses, in its own words.

mod contents;

use hyper::HeaderMap;
use serde_json::{Map, Value};

use super::{Path, bearer, vertex_path};
use crate::strict::{Checked, Fault};
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
    contents::check(body, vendor, family)
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
