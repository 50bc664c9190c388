//! The content of a turn: a string, or blocks.

mod documents;

use std::borrow::Cow;

use crate::limits::MAX_PARTS;
use crate::wire::codec::Untranslatable;
use crate::wire::ir::{Arguments, Breakpoint, ChatRequest, Content, Loss, Maker, Part};
use crate::wire::place::Place;
use json::{Kind, Node};

/// Whose content it is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Whose {
    System,
    User,
    Assistant,
    /// A tool's, within a user's.
    Tool,
    /// A document's, within any of these.
    Document,
}

/// What blocks are read for.
const KEYS: [&str; 16] = [
    "type",
    "text",
    "source",
    "title",
    "context",
    "citations",
    "id",
    "name",
    "input",
    "tool_use_id",
    "content",
    "is_error",
    "thinking",
    "signature",
    "data",
    "cache_control",
];

/// A block, taken apart; what a block of its type has no need of is none of its business.
struct Block<'a> {
    kind: Option<Node<'a>>,
    text: Option<Node<'a>>,
    source: Option<Node<'a>>,
    title: Option<Node<'a>>,
    /// The member `context`.
    about: Option<Node<'a>>,
    citations: Option<Node<'a>>,
    id: Option<Node<'a>>,
    name: Option<Node<'a>>,
    input: Option<Node<'a>>,
    tool_use_id: Option<Node<'a>>,
    content: Option<Node<'a>>,
    is_error: Option<Node<'a>>,
    thinking: Option<Node<'a>>,
    signature: Option<Node<'a>>,
    data: Option<Node<'a>>,
}

/// What the provider's own tools leave in a conversation: no other provider can go on from it.
const OF_THE_PROVIDER: [&[u8]; 13] = [
    b"server_tool_use",
    b"web_search_tool_result",
    b"web_fetch_tool_result",
    b"code_execution_tool_result",
    b"bash_code_execution_tool_result",
    b"text_editor_code_execution_tool_result",
    b"tool_search_tool_result",
    b"tool_reference",
    b"advisor_tool_result",
    b"mcp_tool_use",
    b"mcp_tool_result",
    b"container_upload",
    b"compaction",
];

/// Reads content.
pub(super) fn read<'a>(
    place: &Place<'_>,
    node: Node<'a>,
    whose: Whose,
    request: &mut ChatRequest<'a>,
) -> Result<Vec<Part<'a>>, Untranslatable> {
    if let Some(text) = node.text() {
        return Ok(vec![Content::Text(text).into()]);
    }
    place.check(
        node.kind() == Kind::Array,
        "must be a string or an array of blocks",
    )?;
    let mut parts = Vec::new();
    place.each_object(node, KEYS, |place, members| {
        place.check(parts.len() < MAX_PARTS, "is one block too many")?;
        let before = parts.len();
        let [
            kind,
            text,
            source,
            title,
            about,
            citations,
            id,
            name,
            input,
            tool_use_id,
            content,
            is_error,
            thinking,
            signature,
            data,
            mark,
        ] = members;
        let block = Block {
            kind,
            text,
            source,
            title,
            about,
            citations,
            id,
            name,
            input,
            tool_use_id,
            content,
            is_error,
            thinking,
            signature,
            data,
        };
        read_block(&place, &block, whose, &mut parts, request)?;
        if let (Some(mark), Some(last)) = (mark, parts.get_mut(before..).and_then(<[_]>::last_mut)) {
            last.breakpoint = Some(read_mark(mark));
        }
        Ok(())
    })?;
    Ok(parts)
}

/// Reads one block, which may be several parts, or none if no other format has it.
fn read_block<'a>(
    place: &Place<'_>,
    block: &Block<'a>,
    whose: Whose,
    parts: &mut Vec<Part<'a>>,
    request: &mut ChatRequest<'a>,
) -> Result<(), Untranslatable> {
    let kind_place = place.key("type");
    let kind = kind_place.required_text(block.kind)?;
    let kind = kind.escaped();
    if OF_THE_PROVIDER.contains(&kind) {
        request.note(kind_place.to_string(), Loss::Meaning);
        return Ok(());
    }
    let is_possible = match kind {
        b"text" => true,
        b"image" => whose != Whose::System,
        b"document" | b"search_result" => !matches!(whose, Whose::System | Whose::Document),
        b"tool_result" => whose == Whose::User,
        b"tool_use" | b"thinking" | b"redacted_thinking" => whose == Whose::Assistant,
        _ => return Err(kind_place.malformed("is not a type of content block")),
    };
    kind_place.check(is_possible, "is not possible in this content")?;
    if let Some(citations) = block.citations.filter(|_| kind == b"text")
        && !citations.elements().is_empty()
    {
        request.note(place.key("citations").to_string(), Loss::Nuance);
    }
    let content = match kind {
        b"text" => Content::Text(place.key("text").required_text(block.text)?),
        b"thinking" => {
            let signature = block.signature.map(|text| place.key("signature").text(text));
            // One that another provider's model had is empty.
            let signature = signature.transpose()?.filter(|text| !text.is_empty());
            Content::Thinking {
                text: place.key("thinking").required_text(block.thinking)?,
                maker: signature.is_some().then_some(Maker::Anthropic),
                signature,
            }
        }
        b"redacted_thinking" => Content::SealedThinking(place.key("data").required_text(block.data)?),
        b"tool_use" => tool_use(place, block)?,
        b"tool_result" => tool_result(place, block, request)?,
        // No other format has pictures and documents in what the model said.
        _ if whose == Whose::Assistant => {
            request.note(kind_place.to_string(), Loss::Meaning);
            return Ok(());
        }
        _ => return documents::read(place, block, parts, request),
    };
    parts.push(content.into());
    Ok(())
}

fn tool_use<'a>(place: &Place<'_>, block: &Block<'a>) -> Result<Content<'a>, Untranslatable> {
    let arguments = match block.input {
        None => Arguments::none(),
        Some(input) => Arguments::Json(Cow::Borrowed(place.key("input").object(Some(input))?.raw())),
    };
    Ok(Content::ToolCall {
        id: place.key("id").required_text(block.id)?,
        name: place.key("name").required_text(block.name)?,
        arguments,
    })
}

fn tool_result<'a>(
    place: &Place<'_>,
    block: &Block<'a>,
    request: &mut ChatRequest<'a>,
) -> Result<Content<'a>, Untranslatable> {
    let content = block
        .content
        .map(|content| read(&place.key("content"), content, Whose::Tool, request));
    let is_error = block
        .is_error
        .map(|is_error| place.key("is_error").boolean(is_error));
    Ok(Content::ToolResult {
        id: place.key("tool_use_id").required_text(block.tool_use_id)?,
        content: content.transpose()?.unwrap_or_default(),
        is_error: is_error.transpose()?.unwrap_or_default(),
    })
}

/// A mark up to which the prompt is to be cached.
pub(super) fn read_mark(mark: Node<'_>) -> Breakpoint {
    match mark.field("ttl") {
        Some(ttl) if ttl.is("1h") => Breakpoint::Hour,
        _ => Breakpoint::Default,
    }
}
