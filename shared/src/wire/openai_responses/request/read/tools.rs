//! The tools and the choice among them.

use super::Body;
use crate::limits::MAX_PARTS;
use crate::wire::codec::Untranslatable;
use crate::wire::ir::{ChatRequest, Loss, Tool, ToolChoice};
use crate::wire::openai_responses::tool_name;
use crate::wire::place::Place;
use json::{Kind, Node, Text};

/// What tools are read for.
const KEYS: [&str; 6] = [
    "type",
    "name",
    "description",
    "parameters",
    "strict",
    "defer_loading",
];

/// Reads the tools and the choice among them.
pub(super) fn read<'a>(body: &Body<'a>, request: &mut ChatRequest<'a>) -> Result<(), Untranslatable> {
    if let Some(tools) = body.tools {
        let place = Place::top("tools");
        place.check(tools.kind() == Kind::Array, "must be an array")?;
        for (index, tool) in tools.elements().into_iter().enumerate() {
            let place = place.index(index);
            let [kind, name, inner] = place.object(Some(tool))?.fields(["type", "name", "tools"]);
            let kind_place = place.key("type");
            if kind_place.required_text(kind)?.is("namespace") {
                let namespace = place.key("name").required_text(name)?;
                let place = place.key("tools");
                let inner = inner.ok_or_else(|| place.missing())?;
                place.each_object(inner, KEYS, |place, members| {
                    read_tool(&place, members, Some(&namespace), request)
                })?;
            } else {
                read_tool(&place, tool.fields(KEYS), None, request)?;
            }
        }
    }
    if let Some(choice) = body.tool_choice {
        request.tool_choice = read_choice(&Place::top("tool_choice"), choice, request)?;
    }
    if let Some(parallel) = body.parallel_tool_calls {
        request.parallel_tool_calls = Some(Place::top("parallel_tool_calls").boolean(parallel)?);
    }
    Ok(())
}

/// One function. The provider's own tools and those whose input is no JSON are no other format's.
fn read_tool<'a>(
    place: &Place<'_>,
    [kind, name, description, parameters, strict, is_deferred]: [Option<Node<'a>>; KEYS.len()],
    namespace: Option<&Text<'_>>,
    request: &mut ChatRequest<'a>,
) -> Result<(), Untranslatable> {
    place.check(request.tools.len() < MAX_PARTS, "is one tool too many")?;
    let kind_place = place.key("type");
    if !kind_place.required_text(kind)?.is("function") {
        request.note(kind_place.to_string(), Loss::Meaning);
        return Ok(());
    }
    if is_deferred.and_then(Node::boolean) == Some(true) {
        request.note(place.key("defer_loading").to_string(), Loss::Nuance);
    }
    let description = description.map(|text| place.key("description").text(text));
    let schema = parameters.map(|schema| place.key("parameters").object(Some(schema)));
    let strict = strict.map(|strict| place.key("strict").boolean(strict));
    let name = place.key("name").required_text(name)?;
    request.tools.push(Tool {
        name: called(name, namespace),
        description: description.transpose()?,
        schema: schema.transpose()?.map(Node::raw),
        strict: strict.transpose()?,
        breakpoint: None,
    });
    Ok(())
}

/// What a tool is called where there are no namespaces.
pub(super) fn called<'a>(name: Text<'a>, namespace: Option<&Text<'_>>) -> Text<'a> {
    match namespace {
        Some(namespace) => tool_name::alias(namespace, &name),
        None => name,
    }
}

fn read_choice<'a>(
    place: &Place<'_>,
    choice: Node<'a>,
    request: &mut ChatRequest<'a>,
) -> Result<Option<ToolChoice<'a>>, Untranslatable> {
    if let Some(word) = choice.text() {
        return Ok(Some(match word.escaped() {
            b"auto" => ToolChoice::Auto,
            b"none" => ToolChoice::None,
            b"required" => ToolChoice::Required,
            _ => return Err(place.malformed("is not a choice of tools")),
        }));
    }
    let keys = ["type", "name", "namespace", "mode", "tools"];
    let [kind, name, namespace, mode, tools] = place.object(Some(choice))?.fields(keys);
    let kind_place = place.key("type");
    match kind_place.required_text(kind)?.escaped() {
        b"function" => read_name(place, name, namespace).map(|name| Some(ToolChoice::Named(name))),
        b"allowed_tools" => {
            let mode_place = place.key("mode");
            let is_required = match mode_place.required_text(mode)?.escaped() {
                b"auto" => false,
                b"required" => true,
                _ => return Err(mode_place.malformed("must be `auto` or `required`")),
            };
            let place = place.key("tools");
            let tools = tools.ok_or_else(|| place.missing())?;
            let mut names = Vec::new();
            place.each_object(tools, ["type", "name", "namespace"], |place, members| {
                let [kind, name, namespace] = members;
                let kind_place = place.key("type");
                if kind_place.required_text(kind)?.is("function") {
                    names.push(read_name(&place, name, namespace)?);
                } else {
                    request.note(kind_place.to_string(), Loss::Meaning);
                }
                Ok(())
            })?;
            Ok(Some(ToolChoice::Allowed { names, is_required }))
        }
        // A tool of the provider's, or one whose input is no JSON.
        _ => {
            request.note(kind_place.to_string(), Loss::Meaning);
            Ok(None)
        }
    }
}

/// The name of a function, within its namespace if it has one.
pub(super) fn read_name<'a>(
    place: &Place<'_>,
    name: Option<Node<'a>>,
    namespace: Option<Node<'a>>,
) -> Result<Text<'a>, Untranslatable> {
    let name = place.key("name").required_text(name)?;
    let namespace = namespace
        .map(|text| place.key("namespace").text(text))
        .transpose()?;
    Ok(called(name, namespace.as_ref()))
}
