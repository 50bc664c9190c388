//! The turns of a conversation, for formats in which the two sides take turns without fail.

use super::{ChatRequest, Content, Part, Role};

/// All that one side says before the other side's turn.
#[derive(Debug)]
pub struct Turn<'r> {
    /// Whose turn it is.
    pub role: Role,
    /// What is said, without what cannot be.
    pub parts: Vec<&'r Part<'r>>,
}

/// The turns of a conversation, without the instructions, of parts that say something. Messages of one side that follow
/// each other are one turn, the results of tools come first in it, and a last turn of the model that says nothing is
/// none.
pub fn turns<'r>(request: &'r ChatRequest<'r>, says_something: impl Fn(&Part<'_>) -> bool) -> Vec<Turn<'r>> {
    let mut turns: Vec<Turn<'r>> = Vec::new();
    let said = request.messages.iter();
    for message in said.filter(|message| message.role != Role::System) {
        let parts = message.parts.iter().filter(|part| says_something(part));
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
    drop_empty_end(&mut turns);
    turns
}

/// Drops a last turn of the model that says nothing.
pub fn drop_empty_end(turns: &mut Vec<Turn<'_>>) {
    turns.pop_if(|turn| turn.role == Role::Assistant && turn.parts.is_empty());
}
