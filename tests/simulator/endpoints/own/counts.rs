//! Counts of tokens: a quarter of the bytes of what is to be counted.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hyper::http::request::Parts;
use serde_json::{Value, json};

use super::super::{Answered, bad, needs, whole};
use super::{Asks, only};
use crate::google::{self, Path, Verb};
use crate::strict;
use crate::usage::input_tokens;
use crate::vendor::Vendor;

pub(super) fn answer(vendor: Vendor, asks: Asks, model: &str, parts: &Parts, asked: &Value) -> Answered {
    match (vendor, asks) {
        (_, Asks::CountOfClaude) => claude(parts, asked),
        (Vendor::Gemini, _) => gemini(model, parts, asked),
        (Vendor::Vertex, _) => vertex(model, parts, asked),
        (Vendor::OpenAi, _) => openai(asked),
        _ => bedrock(model, asked),
    }
}

fn tokens(counted: &Value) -> u64 {
    input_tokens(counted.to_string().len())
}

fn gemini(model: &str, parts: &Parts, asked: &Value) -> Answered {
    only(asked, "body", &["generateContentRequest"])?;
    let mut call = asked["generateContentRequest"].clone();
    let named = call.as_object_mut().and_then(|call| call.remove("model"));
    if named != Some(format!("models/{model}").into()) {
        return Err(bad(
            "generateContentRequest.model must be that of the path".to_owned()
        ));
    }
    let path = generate("/v1beta", model);
    google::check(Vendor::Gemini, &path, &parts.headers, &call)?;
    Ok(whole(
        &json!({"totalTokens": tokens(&call), "promptTokensDetails": []}),
    ))
}

fn vertex(model: &str, parts: &Parts, asked: &Value) -> Answered {
    only(
        asked,
        "body",
        &["contents", "systemInstruction", "tools", "generationConfig"],
    )?;
    let path = generate("/v1/projects/p/locations/l/publishers/google", model);
    google::check(Vendor::Vertex, &path, &parts.headers, asked)?;
    Ok(whole(
        &json!({"totalTokens": tokens(asked), "totalBillableCharacters": 1}),
    ))
}

/// A response, of which only what has tokens is known here.
fn openai(asked: &Value) -> Answered {
    only(
        asked,
        "body",
        &[
            "conversation",
            "input",
            "instructions",
            "model",
            "parallel_tool_calls",
            "previous_response_id",
            "reasoning",
            "text",
            "tool_choice",
            "tools",
            "truncation",
        ],
    )?;
    strict::responses::check_body(asked)?;
    Ok(whole(
        &json!({"object": "response.input_tokens", "input_tokens": tokens(asked)}),
    ))
}

fn generate(before: &str, model: &str) -> Path {
    Path {
        before: before.to_owned(),
        model: model.to_owned(),
        verb: Verb::Generate { stream: false },
        query: String::new(),
    }
}

/// A message is checked as one, which has a bound that counts must not have.
fn claude(parts: &Parts, asked: &Value) -> Answered {
    needs(asked, &["model", "messages"])?;
    let mut call = asked.clone();
    let fields = call.as_object_mut().ok_or_else(|| bad("no object".to_owned()))?;
    if fields.insert("max_tokens".to_owned(), 8000.into()).is_some() {
        return Err(bad("max_tokens: Extra inputs are not permitted".to_owned()));
    }
    let model = fields.remove("model");
    let path = Path {
        before: "/v1/projects/p/locations/l/publishers/anthropic".to_owned(),
        model: model
            .as_ref()
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned(),
        verb: Verb::RawPredict { stream: false },
        query: String::new(),
    };
    let (headers, call) = google::unwrapped(&path, &parts.headers, &call)?;
    strict::check(
        Vendor::Anthropic,
        crate::request::Dialect::Anthropic,
        &headers,
        &call,
    )?;
    Ok(whole(&json!({"input_tokens": tokens(asked)})))
}

fn bedrock(model: &str, asked: &Value) -> Answered {
    only(asked, "body", &["input"])?;
    let input = asked.get("input").unwrap_or(&Value::Null);
    only(input, "input", &["invokeModel"])?;
    let invoked = input.get("invokeModel").unwrap_or(&Value::Null);
    only(invoked, "input.invokeModel", &["body"])?;
    // Neither other models nor the profiles of regions.
    if !model.starts_with("anthropic.claude") {
        return Err(bad(
            "The provided model doesn't support counting tokens.".to_owned()
        ));
    }
    let body = invoked.get("body").and_then(Value::as_str).unwrap_or_default();
    let body = STANDARD.decode(body).map_err(|error| bad(error.to_string()))?;
    let call: Value = serde_json::from_slice(&body).map_err(|error| bad(error.to_string()))?;
    strict::bedrock::claude(model, &call)?;
    Ok(whole(&json!({"inputTokens": tokens(&call)})))
}
