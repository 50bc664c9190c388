use super::*;
use crate::wire::Progress;

mod calls;
mod golden;
#[cfg(not(target_arch = "wasm32"))]
mod properties;
mod providers;
mod responses;
mod rules;
#[cfg(not(target_arch = "wasm32"))]
mod speed;

use Format::{AnthropicMessages, OpenAiChat, OpenAiResponses};

fn caller(stream_usage: bool) -> Caller {
    Caller {
        model: "house \"model\"".to_owned(),
        created: 1_764_000_001,
        request_id: "req-1".to_owned(),
        stream_usage,
        ..Caller::default()
    }
}

fn other(format: Format) -> Format {
    match format {
        OpenAiChat => AnthropicMessages,
        AnthropicMessages | OpenAiResponses => OpenAiChat,
    }
}

/// Feeds the chunks and then the end, and returns what the agent gets, what was noted and what showed first.
fn feed(mut translator: AnswerTranslator, chunks: &[&[u8]]) -> (String, Observation, Progress) {
    let mut noted = Observation::default();
    let mut out = Vec::new();
    for chunk in chunks {
        out.extend(translator.push(chunk, false, &mut noted));
    }
    out.extend(translator.push(b"", true, &mut noted));
    assert!(
        translator.push(b"more", true, &mut noted).is_empty(),
        "nothing follows the end"
    );
    let progress = noted.progress();
    (String::from_utf8(out).unwrap(), noted, progress)
}

fn has_failed(noted: &Observation) -> bool {
    noted.broke_off().is_some() || matches!(noted.progress(), Progress::Failed(_))
}

fn stream(from: Format, text: &str) -> (String, Observation, Progress) {
    let translator = AnswerTranslator::of_stream(from.into(), other(from), caller(true));
    feed(translator, &[text.as_bytes()])
}

/// A stream of OpenAI's whose chunks have these choices, as JSON.
fn openai(choices: &[&str]) -> String {
    let begin = r#"data: {"id":"chatcmpl-1","model":"m","choices":["#;
    let chunks: String = choices
        .iter()
        .flat_map(|choice| [begin, choice, "]}\n\n"])
        .collect();
    chunks + "data: [DONE]\n\n"
}

/// A stream of Anthropic's with these events, as JSON.
fn anthropic(events: &[&str]) -> String {
    events
        .iter()
        .flat_map(|event| ["data: ", event, "\n\n"])
        .collect()
}

/// The data of a stream's events, but for those that are not JSON.
fn data(text: &str) -> Vec<serde_json::Value> {
    text.lines()
        .filter_map(|line| line.strip_prefix("data: "))
        .filter(|data| *data != "[DONE]")
        .map(|data| serde_json::from_str(data).unwrap())
        .collect()
}
