//! The tools, the choice among them, and calls of them.

use std::borrow::Cow;

use super::Body;
use super::parts::read_breakpoint;
use crate::limits::MAX_PARTS;
use crate::wire::codec::Untranslatable;
use crate::wire::ir::{Arguments, ChatRequest, Content, Loss, Part, Tool, ToolChoice};
use crate::wire::place::Place;
use json::{Kind, Node, Text};

/// Reads the tools, new and old style, and the choice among them.
pub(super) fn read<'a>(body: &Body<'a>, request: &mut ChatRequest<'a>) -> Result<(), Untranslatable> {
    if let Some(tools) = body.tools {
        read_tools(&Place::top("tools"), tools, request)?;
    }
    if let Some(functions) = body.functions {
        Place::top("functions").each_object(functions, FUNCTION, |place, members| {
            place.check(request.tools.len() < MAX_PARTS, "is one tool too many")?;
            request.tools.push(function(&place, members, None)?);
            Ok(())
        })?;
    }
    if let Some(choice) = body.tool_choice {
        request.tool_choice = read_choice(&Place::top("tool_choice"), choice, request)?;
    } else if let Some(choice) = body.function_call {
        request.tool_choice = Some(read_old_choice(&Place::top("function_call"), choice)?);
    }
    if let Some(parallel) = body.parallel_tool_calls {
        request.parallel_tool_calls = Some(Place::top("parallel_tool_calls").boolean(parallel)?);
    }
    Ok(())
}

const FUNCTION: [&str; 5] = ["name", "description", "parameters", "strict", "cache_control"];

fn read_tools<'a>(
    place: &Place<'_>,
    tools: Node<'a>,
    request: &mut ChatRequest<'a>,
) -> Result<(), Untranslatable> {
    place.each_object(
        tools,
        ["type", "function", "cache_control"],
        |place, [kind, own, mark]| {
            place.check(request.tools.len() < MAX_PARTS, "is one tool too many")?;
            if is_function(&place.key("type"), kind)? {
                let place = place.key("function");
                let members = place.object(own)?.fields(FUNCTION);
                request.tools.push(function(&place, members, mark)?);
            } else {
                request.note(place.key("type").to_string(), Loss::Meaning);
            }
            Ok(())
        },
    )
}

/// Whether something of a type is a function; functions need not say so.
fn is_function(place: &Place<'_>, kind: Option<Node<'_>>) -> Result<bool, Untranslatable> {
    match kind {
        None => Ok(true),
        Some(kind) => Ok(place.text(kind)?.is("function")),
    }
}

fn function<'a>(
    place: &Place<'_>,
    [name, description, parameters, strict, own_mark]: [Option<Node<'a>>; FUNCTION.len()],
    mark: Option<Node<'a>>,
) -> Result<Tool<'a>, Untranslatable> {
    let description = description.map(|text| place.key("description").text(text));
    let schema = parameters.map(|schema| place.key("parameters").object(Some(schema)));
    let strict = strict.map(|strict| place.key("strict").boolean(strict));
    Ok(Tool {
        name: place.key("name").required_text(name)?,
        description: description.transpose()?,
        schema: schema.transpose()?.map(Node::raw),
        strict: strict.transpose()?,
        breakpoint: own_mark.or(mark).map(read_breakpoint),
    })
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
    let [kind, function, allowed] = place
        .object(Some(choice))?
        .fields(["type", "function", "allowed_tools"]);
    let kind_place = place.key("type");
    match kind_place.required_text(kind)?.escaped() {
        b"function" => {
            let place = place.key("function");
            let name = place.object(function)?.field("name");
            Ok(Some(ToolChoice::Named(place.key("name").required_text(name)?)))
        }
        b"allowed_tools" => read_allowed(&place.key("allowed_tools"), allowed).map(Some),
        b"custom" => {
            request.note(kind_place.to_string(), Loss::Meaning);
            Ok(None)
        }
        _ => Err(kind_place.malformed("is not a choice of tools")),
    }
}

fn read_allowed<'a>(place: &Place<'_>, allowed: Option<Node<'a>>) -> Result<ToolChoice<'a>, Untranslatable> {
    let [mode, tools] = place.object(allowed)?.fields(["mode", "tools"]);
    let mode_place = place.key("mode");
    let is_required = match mode_place.required_text(mode)?.escaped() {
        b"auto" => false,
        b"required" => true,
        _ => return Err(mode_place.malformed("must be `auto` or `required`")),
    };
    let tools_place = place.key("tools");
    let tools = tools.ok_or_else(|| tools_place.missing())?;
    let mut names = Vec::new();
    tools_place.each_object(tools, ["function"], |place, [function]| {
        let place = place.key("function");
        let name = place.object(function)?.field("name");
        names.push(place.key("name").required_text(name)?);
        Ok(())
    })?;
    Ok(ToolChoice::Allowed { names, is_required })
}

fn read_old_choice<'a>(place: &Place<'_>, choice: Node<'a>) -> Result<ToolChoice<'a>, Untranslatable> {
    match choice.text() {
        Some(word) if word.is("auto") => Ok(ToolChoice::Auto),
        Some(word) if word.is("none") => Ok(ToolChoice::None),
        Some(_) => Err(place.malformed("is not a choice of functions")),
        None => {
            let name = place.object(Some(choice))?.field("name");
            Ok(ToolChoice::Named(place.key("name").required_text(name)?))
        }
    }
}

/// Reads the calls of an assistant's message.
pub(super) fn read_calls<'a>(
    place: &Place<'_>,
    calls: Node<'a>,
    parts: &mut Vec<Part<'a>>,
    request: &mut ChatRequest<'a>,
) -> Result<(), Untranslatable> {
    place.each_object(
        calls,
        ["id", "type", "function"],
        |place, [id, kind, function]| {
            place.check(parts.len() < MAX_PARTS, "is one call too many")?;
            if !is_function(&place.key("type"), kind)? {
                request.note(place.key("type").to_string(), Loss::Meaning);
                return Ok(());
            }
            let (name, arguments) = called_function(&place.key("function"), function)?;
            let id = place.key("id").required_text(id)?;
            parts.push(Content::ToolCall { id, name, arguments }.into());
            Ok(())
        },
    )
}

/// The function that is called, and what it is given.
pub(super) fn called_function<'a>(
    place: &Place<'_>,
    function: Option<Node<'a>>,
) -> Result<(Text<'a>, Arguments<'a>), Untranslatable> {
    let [name, arguments] = place.object(function)?.fields(["name", "arguments"]);
    let name = place.key("name").required_text(name)?;
    let arguments = match arguments {
        None => Arguments::none(),
        // Some servers give an object where the API has a string, and agents give it back.
        Some(object) if object.kind() == Kind::Object => Arguments::Json(Cow::Borrowed(object.raw())),
        Some(text) => Arguments::Encoded(place.key("arguments").text(text)?),
    };
    Ok((name, arguments))
}
