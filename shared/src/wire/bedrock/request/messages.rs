//! The conversation: turns of user and model that alternate.

use super::blocks::{self, Writer};
use super::documents::Names;
use super::marks::Marks;
use super::{LONGEST_NAME, NOTHING};
use crate::wire::bedrock::models::Model;
use crate::wire::ir::{self, ChatRequest, Content, Role, Turn};
use crate::wire::tool_ids::ToolIds;
use json::write::{Array, Object};

/// What stands beside a document of which nothing is said.
const DOCUMENT: &str = "(see the document)";

/// Writes all turns.
pub(super) fn write(body: &mut Object<'_>, request: &ChatRequest<'_>, model: Model, marks: &mut Marks) {
    let turns = ir::turns(request, blocks::says_something);
    let mut writer = Writer {
        ids: ToolIds::new(LONGEST_NAME),
        names: Names::default(),
        model,
    };
    body.array("messages", |list| {
        // The first word is the user's.
        if turns.first().is_none_or(|turn| turn.role != Role::User) {
            write_turn(list, "user", |content| {
                content.object(|block| block.string("text", NOTHING));
            });
        }
        for (index, turn) in turns.iter().enumerate() {
            let is_last = index + 1 == turns.len();
            let role = match turn.role {
                Role::Assistant => "assistant",
                Role::User | Role::System => "user",
            };
            let is_prefill = is_last && turn.role == Role::Assistant;
            write_turn(list, role, |content| {
                write_parts(content, turn, is_prefill, &mut writer, marks);
            });
        }
    });
}

fn write_turn(list: &mut Array<'_>, role: &str, fill: impl FnOnce(&mut Array<'_>)) {
    list.object(|message| {
        message.string("role", role);
        message.array("content", fill);
    });
}

fn write_parts<'r>(
    content: &mut Array<'_>,
    turn: &Turn<'r>,
    is_prefill: bool,
    writer: &mut Writer<'r>,
    marks: &mut Marks,
) {
    let mut hoisted = Vec::new();
    let is = |is_it: fn(&Content<'_>) -> bool| turn.parts.iter().any(|part| is_it(&part.content));
    let has_text = is(|content| matches!(content, Content::Text(_) | Content::Refusal(_)));
    let mut has_document = is(|content| matches!(content, Content::Document { .. }));
    for (index, part) in turn.parts.iter().enumerate() {
        let is_end = is_prefill && index + 1 == turn.parts.len();
        writer.part(content, part, is_end, &mut hoisted);
        marks.write(content, part.breakpoint);
    }
    // Pictures and documents of results, which hold no results of their own.
    for part in hoisted {
        has_document |= matches!(part.content, Content::Document { .. });
        writer.part(content, part, false, &mut Vec::new());
    }
    if turn.parts.is_empty() {
        content.object(|block| block.string("text", NOTHING));
    } else if has_document && !has_text {
        content.object(|block| block.string("text", DOCUMENT));
    }
}
