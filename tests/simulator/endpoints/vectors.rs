//! Embeddings: each input has a vector of its length in eighths, a half and minus a quarter.

use serde_json::{Value, json};

use super::{Answered, bad, needs, whole};

/// As `OpenAI` answers, whose models have 1536 dimensions and these three.
pub(super) fn answer(asked: &Value, is_strict: bool) -> Answered {
    needs(asked, &["model", "input"])?;
    let known = ["model", "input", "dimensions", "encoding_format", "user"];
    let unknown = asked
        .as_object()
        .into_iter()
        .flat_map(|object| object.keys())
        .find(|name| is_strict && !known.contains(&name.as_str()));
    if let Some(name) = unknown {
        return Err(bad(format!("Unrecognized request argument supplied: {name}")));
    }
    let field = |name: &str| asked.get(name).cloned().unwrap_or_default();
    let input = field("input");
    let inputs = match &input {
        Value::String(_) => vec![input.clone()],
        Value::Array(list) if list.first().is_some_and(Value::is_number) => vec![input.clone()],
        Value::Array(list) if !list.is_empty() => list.clone(),
        _ => return Err(bad("'$.input' is invalid.".to_owned())),
    };
    let encoding = field("encoding_format");
    let is_base64 = match encoding.as_str() {
        None if encoding.is_null() => false,
        Some("float") => false,
        Some("base64") => true,
        _ => return Err(bad("Invalid value for 'encoding_format'.".to_owned())),
    };
    let embedding = |(index, input): (usize, &Value)| {
        let length = input
            .as_str()
            .map_or_else(|| input.as_array().map_or(0, Vec::len), str::len);
        let length = u16::try_from(length).unwrap_or(u16::MAX);
        let numbers = [f32::from(length) / 8.0, 0.5, -0.25];
        let vector = if is_base64 {
            base64(&numbers).into()
        } else {
            json!(numbers)
        };
        json!({"object": "embedding", "index": index, "embedding": vector})
    };
    let data: Vec<Value> = inputs.iter().enumerate().map(embedding).collect();
    let tokens = crate::usage::input_tokens(input.to_string().len());
    let usage = json!({"prompt_tokens": tokens, "total_tokens": tokens});
    Ok(whole(
        &json!({"object": "list", "data": data, "model": field("model"), "usage": usage}),
    ))
}

fn base64(numbers: &[f32; 3]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    // Twelve bytes need no padding.
    let bytes: Vec<u8> = numbers.iter().flat_map(|number| number.to_le_bytes()).collect();
    let digits = bytes.chunks_exact(3).flat_map(|group| {
        let bits = group
            .iter()
            .fold(0_usize, |bits, byte| bits << 8 | usize::from(*byte));
        [18, 12, 6, 0].map(|shift| DIGITS.get(bits >> shift & 63).copied().unwrap_or(b'='))
    });
    digits.map(char::from).collect()
}
