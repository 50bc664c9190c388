//! Everything but messages and tools.

use super::Body;
use crate::wire::codec::Untranslatable;
use crate::wire::ir::{ChatRequest, Effort, Loss, OutputFormat, Reasoning, Sampling, ServiceTier};
use crate::wire::place::Place;
use json::{Kind, Node, Text};

/// Reads the parameters.
pub(super) fn read<'a>(body: &Body<'a>, request: &mut ChatRequest<'a>) -> Result<(), Untranslatable> {
    if let Some(stream) = body.stream {
        request.stream = Place::top("stream").boolean(stream)?;
    }
    request.max_tokens = read_max_tokens(body)?;
    if let Some(stop) = body.stop {
        request.stop = read_stop(&Place::top("stop"), stop)?;
    }
    request.sampling = read_sampling(body)?;
    if let Some(format) = body.response_format {
        request.output = read_output(&Place::top("response_format"), format)?;
    }
    if let Some(effort) = body.reasoning_effort {
        request.reasoning = Some(read_effort(&Place::top("reasoning_effort"), effort)?);
    }
    request.user = read_user(body.safety_identifier, body.user)?;
    read_service_tier(body.service_tier, request)?;
    Ok(())
}

/// Who uses the agent, by the newer of the two names that OpenAI has for it.
pub(in crate::wire) fn read_user<'a>(
    safety_identifier: Option<Node<'a>>,
    user: Option<Node<'a>>,
) -> Result<Option<Text<'a>>, Untranslatable> {
    Ok(match (safety_identifier, user) {
        (Some(id), _) => Some(Place::top("safety_identifier").text(id)?),
        (None, Some(user)) => Some(Place::top("user").text(user)?),
        (None, None) => None,
    })
}

/// How urgent the call is. A tier that only OpenAI has is noted.
pub(in crate::wire) fn read_service_tier<'a>(
    tier: Option<Node<'a>>,
    request: &mut ChatRequest<'a>,
) -> Result<(), Untranslatable> {
    let Some(tier) = tier else {
        return Ok(());
    };
    request.service_tier = match Place::top("service_tier").text(tier)?.escaped() {
        b"auto" => Some(ServiceTier::Auto),
        b"default" => Some(ServiceTier::Standard),
        b"flex" => Some(ServiceTier::Flex),
        b"priority" => Some(ServiceTier::Priority),
        _ => {
            request.note("service_tier", Loss::Nuance);
            None
        }
    };
    Ok(())
}

fn read_max_tokens(body: &Body<'_>) -> Result<Option<u64>, Untranslatable> {
    let (key, node) = match (body.max_completion_tokens, body.max_tokens) {
        (Some(node), _) => ("max_completion_tokens", node),
        (None, Some(node)) => ("max_tokens", node),
        (None, None) => return Ok(None),
    };
    let place = Place::top(key);
    let tokens = place.unsigned(node)?;
    place.check(tokens > 0, "must be at least 1")?;
    Ok(Some(tokens))
}

fn read_stop<'a>(place: &Place<'_>, stop: Node<'a>) -> Result<Vec<Text<'a>>, Untranslatable> {
    if let Some(text) = stop.text() {
        return Ok(vec![text]);
    }
    place.check(
        stop.kind() == Kind::Array,
        "must be a string or an array of strings",
    )?;
    let texts = stop.elements().into_iter().enumerate();
    texts.map(|(index, node)| place.index(index).text(node)).collect()
}

fn read_sampling<'a>(body: &Body<'a>) -> Result<Sampling<'a>, Untranslatable> {
    let number = |key: &str, node: Option<Node<'a>>, range, problem| {
        node.map(|node| Place::top(key).number(node, range, problem))
            .transpose()
    };
    Ok(Sampling {
        temperature: number(
            "temperature",
            body.temperature,
            0.0..=2.0,
            "must be a number from 0 to 2",
        )?,
        top_p: number("top_p", body.top_p, 0.0..=1.0, "must be a number from 0 to 1")?,
        // No parameter of OpenAI's, but of nearly every other server with this format; some know -1 as none.
        top_k: body
            .top_k
            .filter(|top_k| top_k.unsigned().is_some())
            .map(Node::raw),
        seed: number("seed", body.seed, f64::MIN..=f64::MAX, "must be a number")?,
        presence_penalty: number(
            "presence_penalty",
            body.presence_penalty,
            -2.0..=2.0,
            "must be a number from -2 to 2",
        )?,
        frequency_penalty: number(
            "frequency_penalty",
            body.frequency_penalty,
            -2.0..=2.0,
            "must be a number from -2 to 2",
        )?,
    })
}

fn read_output<'a>(place: &Place<'_>, format: Node<'a>) -> Result<Option<OutputFormat<'a>>, Untranslatable> {
    let [kind, json_schema] = place.object(Some(format))?.fields(["type", "json_schema"]);
    let kind_place = place.key("type");
    match kind_place.required_text(kind)?.escaped() {
        b"text" => Ok(None),
        b"json_object" => Ok(Some(OutputFormat::JsonObject)),
        b"json_schema" => {
            let place = place.key("json_schema");
            let members = place.object(json_schema)?.fields(["name", "schema", "strict"]);
            Ok(Some(read_json_schema(&place, members)?))
        }
        _ => Err(kind_place.malformed("is not a response format")),
    }
}

/// A shape that the answer must have; of its object the `name`, the `schema` and `strict`.
pub(in crate::wire) fn read_json_schema<'a>(
    place: &Place<'_>,
    [name, schema, strict]: [Option<Node<'a>>; 3],
) -> Result<OutputFormat<'a>, Untranslatable> {
    let name = name.map(|name| place.key("name").text(name));
    let strict = strict.map(|strict| place.key("strict").boolean(strict));
    Ok(OutputFormat::JsonSchema {
        name: name.transpose()?,
        schema: place.key("schema").object(schema)?.raw(),
        strict: strict.transpose()?,
    })
}

/// How hard the model is to think, in OpenAI's words.
pub(in crate::wire) fn read_effort(place: &Place<'_>, effort: Node<'_>) -> Result<Reasoning, Untranslatable> {
    let effort = match place.text(effort)?.escaped() {
        b"none" => return Ok(Reasoning::Off),
        b"minimal" => Effort::Minimal,
        b"low" => Effort::Low,
        b"medium" => Effort::Medium,
        b"high" => Effort::High,
        b"xhigh" => Effort::XHigh,
        b"max" => Effort::Max,
        _ => return Err(place.malformed("is not an effort")),
    };
    Ok(Reasoning::Effort(effort))
}
