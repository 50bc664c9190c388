//! Everything but the conversation and the tools.

use super::Body;
use crate::wire::codec::Untranslatable;
use crate::wire::ir::{ChatRequest, Loss, OutputFormat, Sampling};
use crate::wire::openai_chat::asked::{read_effort, read_json_schema, read_service_tier, read_user};
use crate::wire::place::Place;
use json::Node;

/// Reads the parameters.
pub(super) fn read<'a>(body: &Body<'a>, request: &mut ChatRequest<'a>) -> Result<(), Untranslatable> {
    if let Some(stream) = body.stream {
        request.stream = Place::top("stream").boolean(stream)?;
    }
    if let Some(tokens) = body.max_output_tokens {
        let place = Place::top("max_output_tokens");
        let tokens = place.unsigned(tokens)?;
        place.check(tokens > 0, "must be at least 1")?;
        request.max_tokens = Some(tokens);
    }
    let number = |key: &str, node: Option<Node<'a>>, range, problem| {
        node.map(|node| Place::top(key).number(node, range, problem))
            .transpose()
    };
    request.sampling = Sampling {
        temperature: number(
            "temperature",
            body.temperature,
            0.0..=2.0,
            "must be a number from 0 to 2",
        )?,
        top_p: number("top_p", body.top_p, 0.0..=1.0, "must be a number from 0 to 1")?,
        ..Sampling::default()
    };
    if let Some(text) = body.text {
        read_text(&Place::top("text"), text, request)?;
    }
    if let Some(reasoning) = body.reasoning {
        read_reasoning(&Place::top("reasoning"), reasoning, request)?;
    }
    if let Some(include) = body.include {
        read_include(&Place::top("include"), include, request)?;
    }
    request.user = read_user(body.safety_identifier, body.user)?;
    read_service_tier(body.service_tier, request)?;
    Ok(())
}

fn read_text<'a>(
    place: &Place<'_>,
    text: Node<'a>,
    request: &mut ChatRequest<'a>,
) -> Result<(), Untranslatable> {
    let [format, verbosity] = place.object(Some(text))?.fields(["format", "verbosity"]);
    if verbosity.is_some_and(|verbosity| !verbosity.is("medium")) {
        request.note(place.key("verbosity").to_string(), Loss::Nuance);
    }
    let Some(format) = format else {
        return Ok(());
    };
    let place = place.key("format");
    let [kind, name, schema, strict] = place
        .object(Some(format))?
        .fields(["type", "name", "schema", "strict"]);
    let kind_place = place.key("type");
    request.output = match kind_place.required_text(kind)?.escaped() {
        b"text" => None,
        b"json_object" => Some(OutputFormat::JsonObject),
        b"json_schema" => Some(read_json_schema(&place, [name, schema, strict])?),
        _ => return Err(kind_place.malformed("is not a format of text")),
    };
    Ok(())
}

fn read_reasoning<'a>(
    place: &Place<'_>,
    reasoning: Node<'a>,
    request: &mut ChatRequest<'a>,
) -> Result<(), Untranslatable> {
    // Summaries are given wherever there are thoughts.
    let [effort, around, mode] = place
        .object(Some(reasoning))?
        .fields(["effort", "context", "mode"]);
    for (key, node) in [("context", around), ("mode", mode)] {
        if node.is_some() {
            request.note(place.key(key).to_string(), Loss::Nuance);
        }
    }
    if let Some(effort) = effort {
        let place = place.key("effort");
        request.reasoning = Some(read_effort(&place, effort)?);
    }
    Ok(())
}

/// What the answer is to have beside itself. Most of it comes from the provider's own tools, which there are none of.
fn read_include<'a>(
    place: &Place<'_>,
    include: Node<'a>,
    request: &mut ChatRequest<'a>,
) -> Result<(), Untranslatable> {
    place.each_record(include, [], |place, wanted, []| {
        match place.text(wanted)?.escaped() {
            // They are there wherever there is something to seal.
            b"reasoning.encrypted_content" => {}
            b"message.output_text.logprobs" => request.note(place.to_string(), Loss::Meaning),
            _ => request.note(place.to_string(), Loss::Nuance),
        }
        Ok(())
    })
}
