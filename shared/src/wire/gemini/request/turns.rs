//! The conversation: turns of user and model that alternate.

use std::collections::HashMap;

use super::parts::{self, NOTHING, Writer};
use crate::config::ProviderKind;
use crate::wire::codec::Target;
use crate::wire::gemini::models::Model;
use crate::wire::ir::{ChatRequest, Content, Part, Role};
use crate::wire::tool_ids::ToolIds;
use json::write::{Array, Object};

/// The longest id of a call.
const LONGEST_ID: usize = 64;

/// All that one side says before the other side's turn.
pub(super) struct Turn<'r> {
    role: Role,
    parts: Vec<&'r Part<'r>>,
}

/// Writes all turns.
pub(super) fn write(body: &mut Object<'_>, request: &ChatRequest<'_>, target: &Target<'_>, model: &Model) {
    let turns = turns(request);
    // The turn that goes on: what the model said since the user last said something.
    let current = turns
        .iter()
        .rposition(|turn| turn.role == Role::User && says_own(turn));
    let mut writer = Writer {
        ids: ToolIds::new(LONGEST_ID),
        // Vertex AI goes by the order of calls.
        has_ids: target.kind != ProviderKind::Vertex,
        names_types: target.kind == ProviderKind::Vertex,
        calls: HashMap::new(),
    };
    body.array("contents", |list| {
        if turns.first().is_none_or(|turn| turn.role != Role::User) {
            write_nothing(list);
        }
        for (index, turn) in turns.iter().enumerate() {
            let is_current = current.is_none_or(|current| index > current);
            match turn.role {
                Role::Assistant => write_model(list, turn, model.wants_seals && is_current, &mut writer),
                Role::User | Role::System => write_user(list, turn, &mut writer),
            }
        }
    });
}

/// The turns, without the instructions and without turns that say nothing. Messages of one side that follow each other
/// are one turn.
fn turns<'r>(request: &'r ChatRequest<'r>) -> Vec<Turn<'r>> {
    let mut turns: Vec<Turn<'r>> = Vec::new();
    for message in &request.messages {
        let mut parts = message
            .parts
            .iter()
            .filter(|part| parts::says_something(part))
            .peekable();
        if message.role == Role::System || parts.peek().is_none() {
            continue;
        }
        match turns.last_mut() {
            Some(turn) if turn.role == message.role => turn.parts.extend(parts),
            _ => turns.push(Turn {
                role: message.role,
                parts: parts.collect(),
            }),
        }
    }
    turns
}

/// Whether a user says more than what tools gave back.
fn says_own(turn: &Turn<'_>) -> bool {
    let is_result = |part: &&Part<'_>| matches!(part.content, Content::ToolResult { .. });
    !turn.parts.iter().all(is_result)
}

/// Results of tools must follow their calls at once and stand by themselves, as many as there were calls; what else the
/// user says follows them, the pictures and documents of the results first.
fn write_user<'r>(list: &mut Array<'_>, turn: &Turn<'r>, writer: &mut Writer<'r>) {
    let (mut results, mut rest) = (Vec::new(), Vec::new());
    for part in &turn.parts {
        match writer.call_of(part) {
            Some(call) => results.push((call, *part)),
            None => rest.push(*part),
        }
    }
    results.sort_by_key(|(call, _)| call.place);
    if !results.is_empty() {
        write_turn(list, "user", |parts| {
            for (call, part) in &results {
                writer.result(parts, call, part);
            }
        });
    }
    let media = results.iter().flat_map(|(_, part)| parts::media_of(part));
    let mut rest = media.chain(rest).peekable();
    if rest.peek().is_some() {
        write_turn(list, "user", |parts| {
            for part in rest {
                writer.plain(parts, part);
            }
        });
    }
}

fn write_model<'r>(list: &mut Array<'_>, turn: &Turn<'r>, must_seal: bool, writer: &mut Writer<'r>) {
    write_turn(list, "model", |parts| writer.model(parts, &turn.parts, must_seal));
}

fn write_turn(list: &mut Array<'_>, role: &str, fill: impl FnOnce(&mut Array<'_>)) {
    list.object(|content| {
        content.string("role", role);
        content.array("parts", fill);
    });
}

fn write_nothing(list: &mut Array<'_>) {
    write_turn(list, "user", |parts| {
        parts.object(|part| part.string("text", NOTHING));
    });
}
