//! Everything but messages and tools.

use crate::wire::codec::{Dropped, Target};
use crate::wire::ir::{ChatRequest, Reasoning};
use crate::wire::mistral::models::Reasons;
use crate::wire::openai_chat::parameters::write_output;
use json::write::Object;

/// The highest temperature that the API takes.
const HOTTEST: f64 = 1.5;

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
    write_stop(body, request, target);
    write_reasoning(body, request, target.model, dropped);
    write_sampling(body, request, target, dropped);
    write_output(body, request);
    if request.user.as_ref().is_some_and(|user| !user.is_empty()) {
        dropped.note(request.words.user);
    }
    if request.service_tier.is_some() {
        dropped.note("service_tier");
    }
    if request.stream {
        // Usage comes without being asked for.
        body.boolean("stream", true);
    }
}

fn write_stop(body: &mut Object<'_>, request: &ChatRequest<'_>, target: &Target<'_>) {
    if !request.stop.is_empty() {
        body.array("stop", |list| {
            request.stop.iter().for_each(|text| list.text(text));
        });
    } else if !target.defaults.stop.is_empty() {
        body.array("stop", |list| {
            target.defaults.stop.iter().for_each(|text| list.string(text));
        });
    }
}

fn write_reasoning(body: &mut Object<'_>, request: &ChatRequest<'_>, model: &str, dropped: &mut Dropped) {
    let Some(asked) = request.reasoning else { return };
    let is_off = asked == Reasoning::Off;
    match Reasons::of(model) {
        Reasons::OnRequest => body.string("reasoning_effort", if is_off { "none" } else { "high" }),
        Reasons::Always if !is_off => {}
        Reasons::Never if is_off => {}
        Reasons::Always | Reasons::Never => dropped.note(request.words.reasoning),
    }
}

fn write_sampling(
    body: &mut Object<'_>,
    request: &ChatRequest<'_>,
    target: &Target<'_>,
    dropped: &mut Dropped,
) {
    let sampling = &request.sampling;
    let is_hot = |number: &[u8]| {
        let number = std::str::from_utf8(number)
            .ok()
            .and_then(|text| text.trim().parse::<f64>().ok());
        number.is_some_and(|number| number > HOTTEST)
    };
    match (sampling.temperature, target.defaults.temperature) {
        (Some(number), _) if is_hot(number) => body.float("temperature", HOTTEST),
        (Some(number), _) => body.raw("temperature", number),
        (None, Some(default)) => body.float("temperature", default.min(HOTTEST)),
        (None, None) => {}
    }
    match (sampling.top_p, target.defaults.top_p) {
        (Some(number), _) => body.raw("top_p", number),
        (None, Some(default)) => body.float("top_p", default),
        (None, None) => {}
    }
    for (key, number) in [
        ("random_seed", sampling.seed),
        ("presence_penalty", sampling.presence_penalty),
        ("frequency_penalty", sampling.frequency_penalty),
    ] {
        if let Some(number) = number {
            body.raw(key, number);
        }
    }
    if sampling.top_k.is_some() {
        dropped.note("top_k");
    }
}
