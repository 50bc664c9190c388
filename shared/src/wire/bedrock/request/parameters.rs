//! Everything but instructions, messages and tools.

use crate::wire::arguments::compact_into_string;
use crate::wire::bedrock::models::{Model, Thinking, TopK};
use crate::wire::codec::{Dropped, Target};
use crate::wire::ir::{ChatRequest, Effort, OutputFormat, Reasoning, ServiceTier};
use json::Text;
use json::write::{Members, Object};

/// What a schema is called that has no name.
const UNNAMED: &str = "answer";

/// Budgets of thoughts up to which an effort is low, or medium.
const LOW: u64 = 4_096;
const MEDIUM: u64 = 16_384;

/// What the model is told of thinking: a word of its own scale.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Plan {
    Unsaid,
    Effort(&'static str),
}

/// Writes the parameters.
pub(super) fn write(
    body: &mut Object<'_>,
    request: &ChatRequest<'_>,
    target: &Target<'_>,
    model: Model,
    dropped: &mut Dropped,
) {
    let plan = plan(request, target, model, dropped);
    // Nova thinks as hard as it can only without bounds of any kind.
    let is_unbounded = model.thinking == Thinking::Nova && plan == Plan::Effort("high");
    let inference = inference(request, target, is_unbounded, dropped);
    if inference != Members::default() {
        body.object("inferenceConfig", |config| config.members(&inference));
    }
    let additional = additional(request, model, plan, is_unbounded, dropped);
    if additional != Members::default() {
        body.object("additionalModelRequestFields", |fields| {
            fields.members(&additional);
        });
    }
    if let Some(OutputFormat::JsonSchema { name, schema, .. }) = &request.output
        && model.structured
    {
        write_schema(body, name.as_ref(), schema);
    }
    match request.service_tier {
        // What happens anyway, where the account has no reserved capacity.
        None | Some(ServiceTier::Auto | ServiceTier::Standard) => {}
        Some(ServiceTier::Flex) => write_tier(body, "flex"),
        Some(ServiceTier::Priority) => write_tier(body, "priority"),
    }
}

fn write_tier(body: &mut Object<'_>, tier: &str) {
    body.object("serviceTier", |object| object.string("type", tier));
}

/// The schema is a string here.
fn write_schema(body: &mut Object<'_>, name: Option<&Text<'_>>, schema: &[u8]) {
    body.object("outputConfig", |config| {
        config.object("textFormat", |format| {
            format.string("type", "json_schema");
            format.object("structure", |structure| {
                structure.object("jsonSchema", |object| {
                    object.escaped("schema", |out| compact_into_string(schema, out));
                    match name.filter(|name| !name.is_blank()) {
                        Some(name) => object.text("name", name),
                        None => object.string("name", UNNAMED),
                    }
                });
            });
        });
    });
}

fn inference(
    request: &ChatRequest<'_>,
    target: &Target<'_>,
    is_unbounded: bool,
    dropped: &mut Dropped,
) -> Members {
    let (sampling, defaults) = (&request.sampling, target.defaults);
    Members::new(|config| {
        if let Some(most) = request
            .max_tokens
            .or(defaults.max_tokens)
            .filter(|_| !is_unbounded)
        {
            config.number("maxTokens", most);
        }
        match (sampling.temperature, defaults.temperature) {
            (Some(_), _) if is_unbounded => dropped.note("temperature"),
            // Converse's temperature ends at 1.
            (Some(own), _) if value(own) > 1.0 => config.number("temperature", 1),
            (Some(own), _) => config.raw("temperature", own),
            (None, Some(default)) if !is_unbounded => config.float("temperature", default.min(1.0)),
            (None, _) => {}
        }
        match (sampling.top_p, defaults.top_p) {
            (Some(_), _) if is_unbounded => dropped.note("top_p"),
            (Some(own), _) => config.raw("topP", own),
            (None, Some(default)) if !is_unbounded => config.float("topP", default),
            (None, _) => {}
        }
        let own = || request.stop.iter().filter(|text| !text.is_empty());
        if own().next().is_some() {
            config.array("stopSequences", |list| own().for_each(|text| list.text(text)));
        } else if request.stop.is_empty() && !defaults.stop.is_empty() {
            config.array("stopSequences", |list| {
                defaults.stop.iter().for_each(|text| list.string(text));
            });
        }
    })
}

/// What only some models know, each under a name of its own.
fn additional(
    request: &ChatRequest<'_>,
    model: Model,
    plan: Plan,
    is_unbounded: bool,
    dropped: &mut Dropped,
) -> Members {
    let sampling = &request.sampling;
    if sampling.seed.is_some() {
        dropped.note("seed");
    }
    sampling.penalties().for_each(|key| dropped.note(key));
    Members::new(|fields| {
        match (sampling.top_k, model.top_k) {
            (None, _) => {}
            (Some(top_k), TopK::Nova) if !is_unbounded => {
                fields.object("inferenceConfig", |config| config.raw("topK", top_k));
            }
            (Some(top_k), TopK::Plain) => fields.raw("top_k", top_k),
            (Some(_), TopK::Nova | TopK::Nowhere) => dropped.note("top_k"),
        }
        match (plan, model.thinking) {
            (Plan::Effort(effort), Thinking::Nova) => fields.object("reasoningConfig", |config| {
                config.string("type", "enabled");
                config.string("maxReasoningEffort", effort);
            }),
            (Plan::Effort(effort), Thinking::Effort) => fields.string("reasoning_effort", effort),
            (Plan::Effort(_), Thinking::Unknown) | (Plan::Unsaid, _) => {}
        }
    })
}

/// What the model is told of thinking, as near as it can be to what was asked for.
fn plan(request: &ChatRequest<'_>, target: &Target<'_>, model: Model, dropped: &mut Dropped) -> Plan {
    let Some(asked) = request.reasoning else {
        return Plan::Unsaid;
    };
    let effort = match asked {
        Reasoning::Off if model.thinking == Thinking::Effort => {
            // The nearest to not at all.
            dropped.note(request.words.reasoning);
            "low"
        }
        // Others think only when they are told to.
        Reasoning::Off => return Plan::Unsaid,
        Reasoning::Effort(Effort::Minimal | Effort::Low) => "low",
        Reasoning::Adaptive | Reasoning::Effort(Effort::Medium) => "medium",
        Reasoning::Budget(tokens) if tokens <= LOW => "low",
        Reasoning::Budget(tokens) if tokens <= MEDIUM => "medium",
        Reasoning::Effort(Effort::High | Effort::XHigh | Effort::Max) | Reasoning::Budget(_) => "high",
    };
    if model.thinking == Thinking::Unknown {
        dropped.note(request.words.reasoning);
        return Plan::Unsaid;
    }
    // A bound on the answer is worth more than the last bit of thought.
    let is_bound = request.max_tokens.or(target.defaults.max_tokens).is_some();
    if model.thinking == Thinking::Nova && effort == "high" && is_bound {
        dropped.note(request.words.reasoning);
        return Plan::Effort("medium");
    }
    Plan::Effort(effort)
}

/// The value of a number that a reader found to be one.
fn value(number: &[u8]) -> f64 {
    std::str::from_utf8(number)
        .ok()
        .and_then(|number| number.parse().ok())
        .unwrap_or_default()
}
