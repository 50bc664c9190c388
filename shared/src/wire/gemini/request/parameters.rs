//! The parameters: `generationConfig`.

use super::thinking;
use super::tools::Offer;
use crate::wire::codec::{Dropped, Target};
use crate::wire::gemini::models::Model;
use crate::wire::ir::{ChatRequest, OutputFormat, ServiceTier};
use json::write::{Members, Object};

/// The most stop sequences that the API takes.
const MOST_STOPS: usize = 5;

/// How the model is told which shape its answer must have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// There is none.
    Free,
    /// By a parameter.
    Parameter,
    /// By an instruction: the parameter does not go with tools at this model.
    Told,
}

impl Shape {
    /// How it is to be told.
    pub(super) fn of(request: &ChatRequest<'_>, model: &Model, offer: &Offer<'_>) -> Self {
        match request.output {
            None => Self::Free,
            Some(_) if offer.is_empty() || model.shape_with_tools => Self::Parameter,
            Some(_) => Self::Told,
        }
    }
}

/// Writes the parameters.
pub(super) fn write(
    body: &mut Object<'_>,
    request: &ChatRequest<'_>,
    target: &Target<'_>,
    model: &Model,
    shape: Shape,
    dropped: &mut Dropped,
) {
    let config = Members::new(|config| {
        if let Some(most) = request.max_tokens.or(target.defaults.max_tokens) {
            config.number("maxOutputTokens", most);
        }
        write_stop(config, request, target, dropped);
        write_sampling(config, request, target, model, dropped);
        thinking::write(config, thinking::plan(request, model, dropped));
        if shape == Shape::Parameter {
            config.string("responseMimeType", "application/json");
            if let Some(OutputFormat::JsonSchema { schema, .. }) = &request.output {
                config.raw("responseJsonSchema", schema);
            }
        }
    });
    if !config.is_empty() {
        body.object("generationConfig", |object| object.members(&config));
    }
    if request.user.as_ref().is_some_and(|user| !user.is_empty()) {
        dropped.note("user");
    }
    if let Some(ServiceTier::Flex | ServiceTier::Priority) = request.service_tier {
        dropped.note("service_tier");
    }
}

fn write_stop(
    config: &mut Object<'_>,
    request: &ChatRequest<'_>,
    target: &Target<'_>,
    dropped: &mut Dropped,
) {
    let own = || request.stop.iter().filter(|text| !text.is_empty());
    if own().count().min(MOST_STOPS) < request.stop.len() {
        dropped.note(request.words.stop);
    }
    let defaults = || target.defaults.stop.iter().filter(|text| !text.is_empty());
    if own().next().is_some() {
        config.array("stopSequences", |list| {
            own().take(MOST_STOPS).for_each(|text| list.text(text));
        });
    } else if request.stop.is_empty() && defaults().next().is_some() {
        config.array("stopSequences", |list| {
            defaults().take(MOST_STOPS).for_each(|text| list.string(text));
        });
    }
}

fn write_sampling(
    config: &mut Object<'_>,
    request: &ChatRequest<'_>,
    target: &Target<'_>,
    model: &Model,
    dropped: &mut Dropped,
) {
    let sampling = &request.sampling;
    for (key, own, default) in [
        ("temperature", sampling.temperature, target.defaults.temperature),
        ("topP", sampling.top_p, target.defaults.top_p),
        ("topK", sampling.top_k, None),
    ] {
        match (own, default) {
            (Some(own), _) => config.raw(key, own),
            (None, Some(default)) => config.float(key, default),
            (None, None) => {}
        }
    }
    match sampling.seed {
        Some(seed) if is_i32(seed) => config.raw("seed", seed),
        Some(_) => dropped.note("seed"),
        None => {}
    }
    for (key, place, penalty) in [
        ("presencePenalty", "presence_penalty", sampling.presence_penalty),
        (
            "frequencyPenalty",
            "frequency_penalty",
            sampling.frequency_penalty,
        ),
    ] {
        match penalty {
            Some(penalty) if model.penalties => config.raw(key, penalty),
            // No penalty is what happens anyway.
            Some(penalty) if is_zero(penalty) => {}
            Some(_) => dropped.note(place),
            None => {}
        }
    }
}

/// The seed is a number of 32 bits here.
fn is_i32(number: &[u8]) -> bool {
    std::str::from_utf8(number).is_ok_and(|number| number.parse::<i32>().is_ok())
}

fn is_zero(number: &[u8]) -> bool {
    let number = std::str::from_utf8(number)
        .ok()
        .and_then(|number| number.parse::<f64>().ok());
    number == Some(0.0)
}
