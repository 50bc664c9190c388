//! Everything but instructions, messages and tools.

use super::schema;
use super::thinking::Plan;
use crate::wire::anthropic::envelope::Envelope;
use crate::wire::anthropic::models::Model;
use crate::wire::codec::{Dropped, Target};
use crate::wire::ir::{ChatRequest, OutputFormat, ServiceTier};
use crate::wire::opaque;
use json::write::Object;

/// The longest `metadata.user_id`.
const LONGEST_USER: usize = 256;

/// The least nucleus that goes with thinking,
/// <https://platform.claude.com/docs/en/build-with-claude/extended-thinking>.
const LEAST_TOP_P_OF_THINKING: f64 = 0.95;

/// Writes the parameters.
pub(super) fn write(
    body: &mut Object<'_>,
    request: &ChatRequest<'_>,
    target: &Target<'_>,
    model: &Model,
    plan: Plan,
    dropped: &mut Dropped,
) {
    write_stop(body, request, target, dropped);
    write_sampling(body, request, target, model, plan, dropped);
    match plan {
        Plan::Unsaid => {}
        Plan::Off => body.object("thinking", |thinking| thinking.string("type", "disabled")),
        Plan::Adaptive(_) => body.object("thinking", |thinking| thinking.string("type", "adaptive")),
        Plan::Budget(tokens) => body.object("thinking", |thinking| {
            thinking.string("type", "enabled");
            thinking.number("budget_tokens", tokens);
        }),
    }
    write_output(body, request, model, plan);
    if let Some(user) = request.user.as_ref().filter(|user| !user.is_empty()) {
        let user = opaque::anonymous(user, LONGEST_USER);
        body.object("metadata", |metadata| {
            metadata.escaped("user_id", |out| out.extend_from_slice(&user));
        });
    }
    match request.service_tier {
        None => {}
        Some(ServiceTier::Auto | ServiceTier::Standard) if !Envelope::of(target.kind).has_tier() => {}
        Some(ServiceTier::Auto) => body.string("service_tier", "auto"),
        Some(ServiceTier::Standard) => body.string("service_tier", "standard_only"),
        Some(ServiceTier::Flex | ServiceTier::Priority) => dropped.note("service_tier"),
    }
    if request.stream && Envelope::of(target.kind).says_stream() {
        body.boolean("stream", true);
    }
}

/// The API refuses stop sequences of white space only.
fn write_stop(body: &mut Object<'_>, request: &ChatRequest<'_>, target: &Target<'_>, dropped: &mut Dropped) {
    let own = || request.stop.iter().filter(|text| !text.is_blank());
    if own().count() < request.stop.len() {
        dropped.note(request.words.stop);
    }
    let defaults = || target.defaults.stop.iter().filter(|text| !text.trim().is_empty());
    if own().next().is_some() {
        body.array("stop_sequences", |list| own().for_each(|text| list.text(text)));
    } else if request.stop.is_empty() && defaults().next().is_some() {
        body.array("stop_sequences", |list| {
            defaults().for_each(|text| list.string(text));
        });
    }
}

fn write_sampling(
    body: &mut Object<'_>,
    request: &ChatRequest<'_>,
    target: &Target<'_>,
    model: &Model,
    plan: Plan,
    dropped: &mut Dropped,
) {
    let sampling = &request.sampling;
    let is_free = model.samples && !plan.thinks();
    let is_either = |other: bool| model.samples_both || !other;

    // The caller's own nucleus counts for more than a temperature by default.
    let takes_default = is_free && is_either(sampling.top_p.is_some());
    match (sampling.temperature, target.defaults.temperature) {
        (Some(own), _) if is_free => write_at_most_1(body, own),
        (Some(_), _) => dropped.note("temperature"),
        (None, Some(default)) if takes_default => body.float("temperature", default.min(1.0)),
        (None, _) => {}
    }
    let has_temperature =
        is_free && (sampling.temperature.is_some() || takes_default && target.defaults.temperature.is_some());

    let takes_top_p = |value: f64| {
        model.samples && is_either(has_temperature) && (!plan.thinks() || value >= LEAST_TOP_P_OF_THINKING)
    };
    match (sampling.top_p, target.defaults.top_p) {
        (Some(own), _) if takes_top_p(value(own)) => body.raw("top_p", own),
        (Some(_), _) => dropped.note("top_p"),
        (None, Some(default)) if takes_top_p(default) => body.float("top_p", default),
        (None, _) => {}
    }
    match sampling.top_k {
        Some(top_k) if is_free => body.raw("top_k", top_k),
        Some(_) => dropped.note("top_k"),
        None => {}
    }
    if sampling.seed.is_some() {
        dropped.note("seed");
    }
    sampling.penalties().for_each(|key| dropped.note(key));
}

/// Anthropic's temperature ends at 1.
fn write_at_most_1(body: &mut Object<'_>, temperature: &[u8]) {
    if value(temperature) > 1.0 {
        body.number("temperature", 1);
    } else {
        body.raw("temperature", temperature);
    }
}

/// The value of a number that a reader found to be one.
fn value(number: &[u8]) -> f64 {
    std::str::from_utf8(number)
        .ok()
        .and_then(|number| number.parse().ok())
        .unwrap_or_default()
}

fn write_output(body: &mut Object<'_>, request: &ChatRequest<'_>, model: &Model, plan: Plan) {
    let effort = match plan {
        Plan::Adaptive(effort) => effort,
        _ => None,
    };
    let schema = match &request.output {
        Some(OutputFormat::JsonSchema { schema, .. }) if model.structured => Some(schema),
        _ => None,
    };
    if effort.is_none() && schema.is_none() {
        return;
    }
    body.object("output_config", |config| {
        if let Some(effort) = effort {
            config.string("effort", effort);
        }
        if let Some(schema) = schema {
            config.object("format", |format| {
                format.string("type", "json_schema");
                schema::write(format, "schema", schema);
            });
        }
    });
}
