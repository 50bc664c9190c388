//! Everything but messages and tools.

use super::schema;
use crate::config::{Defaults, ProviderKind, Server};
use crate::wire::codec::{Dropped, Target};
use crate::wire::ir::{ChatRequest, Effort, OutputFormat, Reasoning, ServiceTier};
use crate::wire::opaque;
use crate::wire::openai_chat::max_tokens_key;
use crate::wire::openai_chat::models::Model;
use json::Node;
use json::write::Object;

/// The make of server that refuses keys which it does not know.
const TGI: ProviderKind = ProviderKind::SelfHosted(Server::Tgi);

/// How many stop sequences the API takes.
const MOST_STOPS: usize = 4;

/// The longest `safety_identifier`, in characters: <https://platform.openai.com/docs/api-reference/chat/create>
const LONGEST_USER: usize = 64;

/// The name of a schema that has none; the API asks for one.
const UNNAMED_SCHEMA: &str = "output";

/// The effort of a model that is not to reason.
const OFF: &str = "none";

/// Up to how many tokens of thought an effort is the nearest, least first; beyond, it is high.
const BUDGETS: [(u64, Effort); 2] = [(2_048, Effort::Low), (8_192, Effort::Medium)];

/// Writes the parameters.
pub(super) fn write(
    body: &mut Object<'_>,
    request: &ChatRequest<'_>,
    target: &Target<'_>,
    model: &Model,
    dropped: &mut Dropped,
) {
    if let Some(tokens) = request.max_tokens.or(target.defaults.max_tokens) {
        body.number(max_tokens_key(target.kind), tokens);
    }
    write_stop(body, request, target.defaults, model, dropped);
    if request.reasoning == Some(Reasoning::Off) && has_switch(target.kind) {
        // The templates of models that reason know this switch; others pass it over.
        body.object("chat_template_kwargs", |switches| {
            switches.boolean("enable_thinking", false);
        });
    }
    let effort = effort(request, target.kind, model, dropped);
    if let Some(word) = effort {
        body.string("reasoning_effort", word);
    }
    let samples = model.samples || effort == Some(OFF);
    write_sampling(body, request, target, samples, dropped);
    if target.kind == TGI {
        write_grammar(body, request);
    } else {
        write_output(body, request);
    }
    write_user(body, request, target.kind, dropped);
    write_tier(body, request, target.kind, dropped);
    if request.stream {
        body.boolean("stream", true);
        // The broker accounts for every stream.
        body.object("stream_options", |options| options.boolean("include_usage", true));
    }
}

fn write_stop(
    body: &mut Object<'_>,
    request: &ChatRequest<'_>,
    defaults: &Defaults,
    model: &Model,
    dropped: &mut Dropped,
) {
    if !model.stops {
        if !request.stop.is_empty() {
            dropped.note(request.words.stop);
        }
        return;
    }
    if request.stop.len() > MOST_STOPS {
        dropped.note(request.words.stop);
    }
    if !request.stop.is_empty() {
        body.array("stop", |list| {
            request
                .stop
                .iter()
                .take(MOST_STOPS)
                .for_each(|text| list.text(text));
        });
    } else if !defaults.stop.is_empty() {
        body.array("stop", |list| {
            defaults
                .stop
                .iter()
                .take(MOST_STOPS)
                .for_each(|text| list.string(text));
        });
    }
}

fn write_sampling(
    body: &mut Object<'_>,
    request: &ChatRequest<'_>,
    target: &Target<'_>,
    is_taken: bool,
    dropped: &mut Dropped,
) {
    let sampling = &request.sampling;
    let mut write = |key: &str, own: Option<&[u8]>, default: Option<f64>, is_taken: bool| match (own, default)
    {
        (Some(number), _) if is_taken => body.raw(key, number),
        (Some(_), _) => dropped.note(key),
        (None, Some(default)) if is_taken => body.float(key, default),
        (None, _) => {}
    };
    write(
        "temperature",
        sampling.temperature,
        target.defaults.temperature,
        is_taken,
    );
    write("top_p", sampling.top_p, target.defaults.top_p, is_taken);
    let is_compatible = !target.kind.is_openai() && target.kind != TGI;
    write("top_k", sampling.top_k, None, is_compatible);
    write("seed", sampling.seed, None, true);
    write("presence_penalty", sampling.presence_penalty, None, is_taken);
    write("frequency_penalty", sampling.frequency_penalty, None, is_taken);
}

pub(in crate::wire) fn write_output(body: &mut Object<'_>, request: &ChatRequest<'_>) {
    match &request.output {
        None => {}
        Some(OutputFormat::JsonObject) => {
            body.object("response_format", |format| format.string("type", "json_object"));
        }
        Some(OutputFormat::JsonSchema { name, schema, strict }) => body.object("response_format", |format| {
            format.string("type", "json_schema");
            format.object("json_schema", |object| {
                match name {
                    Some(name) => object.text("name", name),
                    None => object.string("name", UNNAMED_SCHEMA),
                }
                object.raw("schema", schema);
                if let Some(strict) = strict {
                    object.boolean(
                        "strict",
                        *strict && schema::is_strict(Node::unread_object(schema)),
                    );
                }
            });
        }),
    }
}

/// The same for text-generation-inference, which takes any shape as a schema.
fn write_grammar(body: &mut Object<'_>, request: &ChatRequest<'_>) {
    let schema = match &request.output {
        None => return,
        Some(OutputFormat::JsonObject) => br#"{"type":"object"}"#.as_slice(),
        Some(OutputFormat::JsonSchema { schema, .. }) => schema,
    };
    body.object("response_format", |format| {
        format.string("type", "json_object");
        format.raw("value", schema);
    });
}

/// Whether reasoning is switched off by an argument of the template.
fn has_switch(kind: ProviderKind) -> bool {
    matches!(kind, ProviderKind::SelfHosted(Server::Vllm | Server::LlamaCpp))
}

/// The word for how much the model is to reason.
fn effort(
    request: &ChatRequest<'_>,
    kind: ProviderKind,
    model: &Model,
    dropped: &mut Dropped,
) -> Option<&'static str> {
    if !request.tools.is_empty() && !model.reasons_with_tools {
        if !matches!(request.reasoning, None | Some(Reasoning::Off)) {
            dropped.note(request.words.reasoning);
        }
        return Some(OFF);
    }
    let is_compatible = !kind.is_openai();
    let asked = match request.reasoning? {
        Reasoning::Off if model.can_be_off || kind == ProviderKind::SelfHosted(Server::Ollama) => {
            return Some(OFF);
        }
        Reasoning::Off if has_switch(kind) => return None,
        // A model that does not reason does as it is told.
        Reasoning::Off if model.efforts.is_empty() => return None,
        Reasoning::Off => {
            // The nearest to not at all, where that is known to be taken.
            dropped.note(request.words.reasoning);
            (!is_compatible).then_some(Effort::Minimal)?
        }
        // Anthropic's models think with high effort by themselves; other servers' as they see fit.
        Reasoning::Adaptive => (!is_compatible).then_some(Effort::High)?,
        Reasoning::Effort(effort) => effort,
        Reasoning::Budget(tokens) => {
            let nearest = BUDGETS.iter().find(|(most, _)| tokens <= *most);
            nearest.map_or(Effort::High, |(_, effort)| *effort)
        }
    };
    let word = model.effort(asked);
    if word.is_none() {
        dropped.note(request.words.reasoning);
    }
    word
}

fn write_user(body: &mut Object<'_>, request: &ChatRequest<'_>, kind: ProviderKind, dropped: &mut Dropped) {
    if let Some(user) = request.user.as_ref().filter(|user| !user.is_empty()) {
        if kind == TGI {
            return dropped.note(request.words.user);
        }
        // Azure's older versions refuse the newer key, and none refuses the older one.
        let key = if kind == ProviderKind::OpenAi {
            "safety_identifier"
        } else {
            "user"
        };
        let user = opaque::shortened(user, LONGEST_USER);
        body.escaped(key, |out| out.extend_from_slice(&user));
    }
}

fn write_tier(body: &mut Object<'_>, request: &ChatRequest<'_>, kind: ProviderKind, dropped: &mut Dropped) {
    let Some(tier) = request.service_tier else { return };
    if kind != ProviderKind::OpenAi {
        // Only OpenAI sells all of them; at Azure they depend on the version of the API.
        dropped.note("service_tier");
        return;
    }
    body.string(
        "service_tier",
        match tier {
            ServiceTier::Auto => "auto",
            ServiceTier::Standard => "default",
            ServiceTier::Flex => "flex",
            ServiceTier::Priority => "priority",
        },
    );
}
