//! The tools and the choice among them.

use super::Body;
use super::blocks::read_mark;
use crate::limits::MAX_PARTS;
use crate::wire::codec::Untranslatable;
use crate::wire::ir::{ChatRequest, Loss, Tool, ToolChoice};
use crate::wire::place::Place;
use json::{Node, Text};

/// What tools are read for.
const KEYS: [&str; 8] = [
    "type",
    "name",
    "description",
    "input_schema",
    "strict",
    "cache_control",
    "input_examples",
    "defer_loading",
];

/// Reads the tools and the choice among them.
pub(super) fn read<'a>(body: &Body<'a>, request: &mut ChatRequest<'a>) -> Result<(), Untranslatable> {
    if let Some(tools) = body.tools {
        Place::top("tools").each_object(tools, KEYS, |place, members| {
            place.check(request.tools.len() < MAX_PARTS, "is one tool too many")?;
            let tool = read_tool(&place, members, request)?;
            request.tools.extend(tool);
            Ok(())
        })?;
    }
    if let Some(choice) = body.tool_choice {
        read_choice(&Place::top("tool_choice"), choice, request)?;
    }
    Ok(())
}

/// One tool; `None` if it is one of the provider's own, which is noted. Agents often give no type.
fn read_tool<'a>(
    place: &Place<'_>,
    [
        kind,
        name,
        description,
        schema,
        strict,
        mark,
        examples,
        is_deferred,
    ]: [Option<Node<'a>>; KEYS.len()],
    request: &mut ChatRequest<'a>,
) -> Result<Option<Tool<'a>>, Untranslatable> {
    if kind.is_some_and(|kind| !kind.is("custom")) {
        request.note(place.key("type").to_string(), Loss::Meaning);
        return Ok(None);
    }
    if examples.is_some() {
        request.note(place.key("input_examples").to_string(), Loss::Nuance);
    }
    if is_deferred.and_then(Node::boolean) == Some(true) {
        request.note(place.key("defer_loading").to_string(), Loss::Nuance);
    }
    let description = description.map(|text| place.key("description").text(text));
    let strict = strict.map(|strict| place.key("strict").boolean(strict));
    Ok(Some(Tool {
        name: place.key("name").required_text(name)?,
        description: description.transpose()?,
        schema: Some(place.key("input_schema").object(schema)?.raw()),
        strict: strict.transpose()?,
        breakpoint: mark.map(read_mark),
    }))
}

fn read_choice<'a>(
    place: &Place<'_>,
    choice: Node<'a>,
    request: &mut ChatRequest<'a>,
) -> Result<(), Untranslatable> {
    let [kind, name, is_single] =
        place
            .object(Some(choice))?
            .fields(["type", "name", "disable_parallel_tool_use"]);
    let kind_place = place.key("type");
    let name = || -> Result<Text<'a>, _> { place.key("name").required_text(name) };
    request.tool_choice = Some(match kind_place.required_text(kind)?.escaped() {
        b"auto" => ToolChoice::Auto,
        b"any" => ToolChoice::Required,
        b"tool" => ToolChoice::Named(name()?),
        b"none" => ToolChoice::None,
        _ => return Err(kind_place.malformed("is not a choice of tools")),
    });
    if let Some(is_single) = is_single {
        let is_single = place.key("disable_parallel_tool_use").boolean(is_single)?;
        request.parallel_tool_calls = is_single.then_some(false);
    }
    Ok(())
}
