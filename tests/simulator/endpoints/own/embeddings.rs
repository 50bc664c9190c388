//! Embeddings: each text has a vector of its length in eighths, a half and minus a quarter, as everywhere here.

use serde_json::{Value, json};

use super::super::{Answered, Refused, bad, needs, whole};
use super::only;
use crate::usage::input_tokens;
use crate::vendor::Vendor;

/// What Cohere's models are told a text is for.
const PURPOSES: [&str; 4] = ["search_document", "search_query", "classification", "clustering"];

pub(super) fn answer(vendor: Vendor, model: &str, asked: &Value) -> Answered {
    match vendor {
        Vendor::Mistral => mistral(asked),
        Vendor::Cohere => cohere(asked),
        Vendor::Gemini => gemini(model, asked),
        Vendor::Vertex => vertex(model, asked),
        _ if model.contains("amazon.titan-embed") => titan(asked),
        _ => cohere_at_bedrock(model, asked),
    }
}

fn vector(text: &str) -> Value {
    let length = u16::try_from(text.len()).unwrap_or(u16::MAX);
    json!([f32::from(length) / 8.0, 0.5, -0.25])
}

/// A list of texts, of which there are at least one and at most so many.
fn texts<'a>(asked: &'a Value, name: &str, most: usize) -> Result<Vec<&'a str>, Refused> {
    let list = asked.get(name).and_then(Value::as_array);
    let texts: Option<Vec<&str>> = list.and_then(|list| list.iter().map(Value::as_str).collect());
    texts
        .filter(|texts| (1..=most).contains(&texts.len()))
        .ok_or_else(|| bad(format!("{name} must be 1 to {most} texts")))
}

fn mistral(asked: &Value) -> Answered {
    only(
        asked,
        "body",
        &[
            "model",
            "input",
            "output_dimension",
            "output_dtype",
            "encoding_format",
            "metadata",
        ],
    )?;
    needs(asked, &["model"])?;
    let texts = texts(asked, "input", 128)?;
    let data: Vec<Value> = texts
        .iter()
        .enumerate()
        .map(|(index, text)| json!({"object": "embedding", "index": index, "embedding": vector(text)}))
        .collect();
    let tokens = input_tokens(texts.concat().len());
    Ok(whole(&json!({
        "id": "emb-1", "object": "list", "data": data, "model": asked["model"],
        "usage": {"prompt_tokens": tokens, "completion_tokens": 0, "total_tokens": tokens},
    })))
}

fn cohere(asked: &Value) -> Answered {
    needs(asked, &["model", "input_type"])?;
    only(
        asked,
        "body",
        &[
            "model",
            "texts",
            "input_type",
            "embedding_types",
            "output_dimension",
            "truncate",
            "max_tokens",
        ],
    )?;
    let texts = texts(asked, "texts", 96)?;
    let vectors = cohere_vectors(asked, &texts)?;
    let tokens = input_tokens(texts.concat().len());
    Ok(whole(&json!({
        "id": "emb-1", "texts": texts, "embeddings": vectors, "response_type": "embeddings_by_type",
        "meta": {"api_version": {"version": "2"}, "billed_units": {"input_tokens": tokens}},
    })))
}

fn cohere_at_bedrock(model: &str, asked: &Value) -> Answered {
    needs(asked, &["input_type"])?;
    let known = [
        "texts",
        "input_type",
        "embedding_types",
        "truncate",
        "output_dimension",
    ];
    // The third generation has vectors of one length.
    let known = known.get(..if model.contains("embed-v4") { 5 } else { 4 });
    only(asked, "body", known.unwrap_or_default())?;
    let texts = texts(asked, "texts", 96)?;
    let vectors = cohere_vectors(asked, &texts)?;
    Ok(whole(&json!({
        "id": "emb-1", "texts": texts, "embeddings": vectors, "response_type": "embeddings_by_type",
    })))
}

fn cohere_vectors(asked: &Value, texts: &[&str]) -> Result<Value, Refused> {
    let purpose = asked["input_type"].as_str().unwrap_or_default();
    if !PURPOSES.contains(&purpose) {
        return Err(bad(
            "invalid request: valid input_type must be provided".to_owned()
        ));
    }
    if asked["embedding_types"] != json!(["float"]) {
        return Err(bad("embedding_types: nothing else is simulated".to_owned()));
    }
    let vectors: Vec<Value> = texts.iter().map(|text| vector(text)).collect();
    Ok(json!({"float": vectors}))
}

fn gemini(model: &str, asked: &Value) -> Answered {
    only(asked, "batch_embed_contents_request", &["requests"])?;
    let requests = asked["requests"]
        .as_array()
        .filter(|list| (1..=100).contains(&list.len()));
    let requests = requests.ok_or_else(|| bad("requests must be 1 to 100".to_owned()))?;
    let mut embeddings = Vec::new();
    for request in requests {
        only(
            request,
            "requests",
            &["model", "content", "taskType", "title", "outputDimensionality"],
        )?;
        if request["model"] != format!("models/{model}") {
            return Err(bad("the model of a request is not that of the path".to_owned()));
        }
        only(&request["content"], "requests.content", &["parts", "role"])?;
        let text = request.pointer("/content/parts/0/text").and_then(Value::as_str);
        let text = text.ok_or_else(|| bad("content contains an empty Part.".to_owned()))?;
        embeddings.push(json!({"values": vector(text)}));
    }
    Ok(whole(&json!({"embeddings": embeddings})))
}

fn vertex(model: &str, asked: &Value) -> Answered {
    only(asked, "body", &["instances", "parameters"])?;
    if let Some(parameters) = asked.get("parameters") {
        only(
            parameters,
            "parameters",
            &["outputDimensionality", "autoTruncate"],
        )?;
    }
    let most = if model.starts_with("gemini-embedding") {
        1
    } else {
        250
    };
    let instances = asked["instances"]
        .as_array()
        .filter(|list| (1..=most).contains(&list.len()));
    let instances = instances.ok_or_else(|| bad(format!("{most} instance(s) is allowed per prediction.")))?;
    let mut predictions = Vec::new();
    for instance in instances {
        only(instance, "instances", &["content", "task_type", "title"])?;
        let text = instance["content"].as_str();
        let text = text.ok_or_else(|| bad("content must be a text".to_owned()))?;
        let statistics = json!({"truncated": false, "token_count": input_tokens(text.len())});
        predictions.push(json!({"embeddings": {"values": vector(text), "statistics": statistics}}));
    }
    Ok(whole(&json!({
        "predictions": predictions, "metadata": {"billableCharacterCount": 10},
    })))
}

fn titan(asked: &Value) -> Answered {
    only(
        asked,
        "body",
        &["inputText", "dimensions", "normalize", "embeddingTypes"],
    )?;
    let text = asked["inputText"].as_str().filter(|text| !text.is_empty());
    let text = text.ok_or_else(|| bad("inputText: expected minLength: 1".to_owned()))?;
    let length = asked.get("dimensions").map_or(Some(1024), Value::as_u64);
    if !length.is_some_and(|length| [256, 512, 1024].contains(&length)) {
        return Err(bad("dimensions: not a valid enum value".to_owned()));
    }
    Ok(whole(&json!({
        "embedding": vector(text), "inputTextTokenCount": input_tokens(text.len()),
        "embeddingsByType": {"float": vector(text)},
    })))
}
