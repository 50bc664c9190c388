//! The conversation: turns of user and model that alternate.

use super::NOTHING;
use super::blocks::{self, Writer};
use super::marks::Marks;
use crate::wire::ir::{self, ChatRequest, Content, Part, Role, Turn};
use crate::wire::tool_ids::ToolIds;
use json::write::{Array, Object};

/// The longest id of a call.
const LONGEST_ID: usize = 64;

/// The turns of a conversation.
pub(super) fn turns<'r>(request: &'r ChatRequest<'r>) -> Vec<Turn<'r>> {
    let mut turns = ir::turns(request, blocks::says_something);
    for turn in turns.iter_mut().filter(|turn| turn.role == Role::Assistant) {
        // The API wants something said after a thought.
        while turn.parts.pop_if(|part| part.is_thought()).is_some() {}
    }
    ir::drop_empty_end(&mut turns);
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
