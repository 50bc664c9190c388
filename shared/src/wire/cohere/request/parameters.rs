//! Everything but messages and tools.

use crate::wire::codec::{Dropped, Target};
use crate::wire::ir::{ChatRequest, Effort, OutputFormat, Reasoning};
use json::write::Object;

/// How many stop sequences the API takes.
const MOST_STOPS: usize = 5;

/// The bounds of `p`, of penalties and of `k`.
const NUCLEUS: [f64; 2] = [0.01, 0.99];
const PENALTY: [f64; 2] = [0.0, 1.0];
const CANDIDATES: [f64; 2] = [0.0, 500.0];

/// Writes the parameters.
pub(super) fn write(
    body: &mut Object<'_>,
    request: &ChatRequest<'_>,
    target: &Target<'_>,
    dropped: &mut Dropped,
) {
    if let Some(tokens) = request.max_tokens.or(target.defaults.max_tokens) {
        body.number("max_tokens", tokens);
    }
    write_stop(body, request, target, dropped);
    write_thinking(body, request, target.model, dropped);
    write_sampling(body, request, target, dropped);
    if let Some(output) = &request.output {
        body.object("response_format", |format| {
            format.string("type", "json_object");
            if let OutputFormat::JsonSchema { schema, .. } = output {
                format.raw("json_schema", schema);
            }
        });
    }
    if request.user.as_ref().is_some_and(|user| !user.is_empty()) {
        dropped.note(request.words.user);
    }
    if request.service_tier.is_some() {
        dropped.note("service_tier");
    }
}

fn write_stop(body: &mut Object<'_>, request: &ChatRequest<'_>, target: &Target<'_>, dropped: &mut Dropped) {
    if request.stop.len() > MOST_STOPS {
        dropped.note(request.words.stop);
    }
    if !request.stop.is_empty() {
        body.array("stop_sequences", |list| {
            request
                .stop
                .iter()
                .take(MOST_STOPS)
                .for_each(|text| list.text(text));
        });
    } else if !target.defaults.stop.is_empty() {
        body.array("stop_sequences", |list| {
            let stops = target.defaults.stop.iter().take(MOST_STOPS);
            stops.for_each(|text| list.string(text));
        });
    }
}

/// Only models that are called after it reason, and do so unless they are told not to.
fn write_thinking(body: &mut Object<'_>, request: &ChatRequest<'_>, model: &str, dropped: &mut Dropped) {
    let Some(asked) = request.reasoning else { return };
    if !reasons(model) {
        if asked != Reasoning::Off {
            dropped.note(request.words.reasoning);
        }
        return;
    }
    let budget = match asked {
        Reasoning::Off => {
            return body.object("thinking", |thinking| thinking.string("type", "disabled"));
        }
        Reasoning::Adaptive => None,
        Reasoning::Budget(tokens) => Some(tokens),
        Reasoning::Effort(effort) => budget(effort),
    };
    body.object("thinking", |thinking| {
        thinking.string("type", "enabled");
        if let Some(tokens) = budget {
            thinking.number("token_budget", tokens);
        }
    });
}

/// <https://docs.cohere.com/docs/reasoning>
fn reasons(model: &str) -> bool {
    let model = model.to_ascii_lowercase();
    model.contains("reasoning") || model.contains("command-a-plus")
}

/// The tokens of thought that an effort stands for; the highest ones have no bound.
fn budget(effort: Effort) -> Option<u64> {
    match effort {
        Effort::Minimal => Some(1_024),
        Effort::Low => Some(2_048),
        Effort::Medium => Some(8_192),
        Effort::High => Some(16_384),
        Effort::XHigh | Effort::Max => None,
    }
}

fn write_sampling(
    body: &mut Object<'_>,
    request: &ChatRequest<'_>,
    target: &Target<'_>,
    dropped: &mut Dropped,
) {
    let sampling = &request.sampling;
    match (sampling.temperature, target.defaults.temperature) {
        (Some(number), _) => body.raw("temperature", number),
        (None, Some(default)) => body.float("temperature", default),
        (None, None) => {}
    }
    match (sampling.top_p, target.defaults.top_p) {
        (Some(number), _) => write_within(body, "p", number, NUCLEUS),
        (None, Some(default)) => body.float("p", default.clamp(NUCLEUS[0], NUCLEUS[1])),
        (None, None) => {}
    }
    if let Some(number) = sampling.top_k {
        write_within(body, "k", number, CANDIDATES);
    }
    if let Some(number) = sampling.seed {
        body.raw("seed", number);
    }
    // Of the two penalties, models take only one.
    match (sampling.frequency_penalty, sampling.presence_penalty) {
        (Some(number), other) => {
            write_within(body, "frequency_penalty", number, PENALTY);
            if other.is_some() {
                dropped.note("presence_penalty");
            }
        }
        (None, Some(number)) => write_within(body, "presence_penalty", number, PENALTY),
        (None, None) => {}
    }
}

/// Writes a number as it is, or the nearest one that the API takes.
fn write_within(body: &mut Object<'_>, key: &str, number: &[u8], [least, most]: [f64; 2]) {
    let value = std::str::from_utf8(number)
        .ok()
        .and_then(|text| text.trim().parse::<f64>().ok());
    match value {
        Some(value) if value < least => body.float(key, least),
        Some(value) if value > most => body.float(key, most),
        _ => body.raw(key, number),
    }
}
