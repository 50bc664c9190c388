//! The conversation: turns of user and model that alternate.

use super::NOTHING;
use super::blocks::{self, Writer};
use super::marks::Marks;
use crate::json::write::{Array, Object};
use crate::wire::ir::{ChatRequest, Content, Part, Role};
use crate::wire::tool_ids::ToolIds;

/// The longest id of a call.
const LONGEST_ID: usize = 64;

/// All that one side says before the other side's turn.
pub(super) struct Turn<'r> {
    /// Whose turn it is.
    pub(super) role: Role,
    /// What is said, without what cannot be.
    pub(super) parts: Vec<&'r Part<'r>>,
}

/// The turns of a conversation, without the instructions. Messages of one side that follow each other are one turn,
/// the results of tools come first in it, and a last turn of the model that says nothing is none.
pub(super) fn turns<'r>(request: &'r ChatRequest<'r>) -> Vec<Turn<'r>> {
    let mut turns: Vec<Turn<'r>> = Vec::new();
    for message in request
        .messages
        .iter()
        .filter(|message| message.role != Role::System)
    {
        let parts = message.parts.iter().filter(|part| blocks::says_something(part));
        match turns.last_mut() {
            Some(turn) if turn.role == message.role => turn.parts.extend(parts),
            _ => turns.push(Turn {
                role: message.role,
                parts: parts.collect(),
            }),
        }
    }
    for turn in turns.iter_mut().filter(|turn| turn.role == Role::User) {
        // Stable: results stay in their order, and so does the rest.
        turn.parts
            .sort_by_key(|part| !matches!(part.content, Content::ToolResult { .. }));
    }
    for turn in turns.iter_mut().filter(|turn| turn.role == Role::Assistant) {
        // The API wants something said after a thought.
        while turn.parts.pop_if(|part| blocks::is_thought(part)).is_some() {}
    }
    turns.pop_if(|turn| turn.role == Role::Assistant && turn.parts.is_empty());
    turns
}

/// Writes all turns.
pub(super) fn write<'r>(body: &mut Object<'_>, turns: &'r [Turn<'r>], marks: &mut Marks) {
    let mut writer = Writer {
        ids: ToolIds::new(LONGEST_ID),
        marks,
        is_prefill: false,
    };
    let (prefill, turns) = match turns {
        [turns @ .., last] if last.role == Role::Assistant => (Some(last), turns),
        turns => (None, turns),
    };
    body.array("messages", |list| {
        // The first word is the user's.
        if turns.first().is_none_or(|turn| turn.role != Role::User) {
            write_nothing(list, "user");
        }
        for turn in turns {
            write_turn(list, turn, &mut writer);
        }
        // A turn of the model that it is to go on with must not end in white space.
        if let Some(prefill) = prefill {
            writer.is_prefill = true;
            write_turn(list, prefill, &mut writer);
        }
    });
}

fn write_turn<'r>(messages: &mut Array<'_>, turn: &'r Turn<'r>, writer: &mut Writer<'r, '_>) {
    let role = match turn.role {
        Role::Assistant => "assistant",
        Role::User | Role::System => "user",
    };
    match turn.parts.as_slice() {
        [] => write_nothing(messages, role),
        [
            Part {
                content: Content::Text(text),
                breakpoint: None,
            },
        ] => messages.object(|message| {
            message.string("role", role);
            message.text("content", &writer.text(text, true));
        }),
        [first @ .., last] => messages.object(|message| {
            message.string("role", role);
            message.array("content", |content| {
                for part in first {
                    writer.part(content, part, false);
                }
                writer.part(content, last, true);
            });
        }),
    }
}

fn write_nothing(list: &mut Array<'_>, role: &str) {
    list.object(|message| {
        message.string("role", role);
        message.string("content", NOTHING);
    });
}
