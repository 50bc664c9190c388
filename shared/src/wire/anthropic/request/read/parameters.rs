//! Everything but instructions, messages and tools.

use super::Body;
use crate::wire::codec::Untranslatable;
use crate::wire::ir::{ChatRequest, Effort, Loss, OutputFormat, Reasoning, ServiceTier};
use crate::wire::place::Place;
use json::{Kind, Node};

/// Reads the parameters.
pub(super) fn read<'a>(body: &Body<'a>, request: &mut ChatRequest<'a>) -> Result<(), Untranslatable> {
    if let Some(stream) = body.stream {
        request.stream = Place::top("stream").boolean(stream)?;
    }
    if let Some(tokens) = body.max_tokens {
        request.max_tokens = Some(Place::top("max_tokens").unsigned(tokens)?);
    }
    if let Some(stop) = body.stop_sequences {
        let place = Place::top("stop_sequences");
        place.check(stop.kind() == Kind::Array, "must be an array of strings")?;
        for (index, text) in stop.elements().into_iter().enumerate() {
            request.stop.push(place.index(index).text(text)?);
        }
    }
    let share = |key: &str, node: Option<Node<'a>>| {
        node.map(|node| Place::top(key).number(node, 0.0..=1.0, "must be a number from 0 to 1"))
            .transpose()
    };
    request.sampling.temperature = share("temperature", body.temperature)?;
    request.sampling.top_p = share("top_p", body.top_p)?;
    if let Some(top_k) = body.top_k {
        Place::top("top_k").unsigned(top_k)?;
        request.sampling.top_k = Some(top_k.raw());
    }
    read_output(body, request)?;
    if let Some(metadata) = body.metadata {
        let place = Place::top("metadata");
        let user = place.object(Some(metadata))?.field("user_id");
        request.user = user.map(|user| place.key("user_id").text(user)).transpose()?;
    }
    if let Some(tier) = body.service_tier {
        match Place::top("service_tier").text(tier)?.escaped() {
            b"auto" => request.service_tier = Some(ServiceTier::Auto),
            b"standard_only" => request.service_tier = Some(ServiceTier::Standard),
            _ => request.note("service_tier", Loss::Nuance),
        }
    }
    Ok(())
}

/// The shape of the answer, and how much the model is to think for it.
fn read_output<'a>(body: &Body<'a>, request: &mut ChatRequest<'a>) -> Result<(), Untranslatable> {
    let mut effort = None;
    if let Some(config) = body.output_config {
        let place = Place::top("output_config");
        let [word, format] = place.object(Some(config))?.fields(["effort", "format"]);
        effort = word
            .map(|word| read_effort(&place.key("effort"), word))
            .transpose()?;
        if let Some(format) = format {
            request.output = Some(read_format(&place.key("format"), format)?);
        }
    }
    request.reasoning = effort.map(Reasoning::Effort);
    if let Some(thinking) = body.thinking {
        let place = Place::top("thinking");
        let [kind, budget] = place.object(Some(thinking))?.fields(["type", "budget_tokens"]);
        let kind_place = place.key("type");
        request.reasoning = Some(match kind_place.required_text(kind)?.escaped() {
            b"disabled" => Reasoning::Off,
            b"adaptive" | b"between_tools" => effort.map_or(Reasoning::Adaptive, Reasoning::Effort),
            b"enabled" => {
                let place = place.key("budget_tokens");
                Reasoning::Budget(place.unsigned(budget.ok_or_else(|| place.missing())?)?)
            }
            _ => return Err(kind_place.malformed("is not a type of thinking")),
        });
    }
    Ok(())
}

fn read_effort(place: &Place<'_>, word: Node<'_>) -> Result<Effort, Untranslatable> {
    Ok(match place.text(word)?.escaped() {
        b"low" => Effort::Low,
        b"medium" => Effort::Medium,
        b"high" => Effort::High,
        b"xhigh" => Effort::XHigh,
        b"max" => Effort::Max,
        _ => return Err(place.malformed("is not an effort")),
    })
}

fn read_format<'a>(place: &Place<'_>, format: Node<'a>) -> Result<OutputFormat<'a>, Untranslatable> {
    let [kind, schema] = place.object(Some(format))?.fields(["type", "schema"]);
    let kind_place = place.key("type");
    let is_schema = kind_place.required_text(kind)?.is("json_schema");
    kind_place.check(is_schema, "is not a format of answers")?;
    Ok(OutputFormat::JsonSchema {
        name: None,
        schema: place.key("schema").object(schema)?.raw(),
        strict: Some(true),
    })
}
