//! The instructions and the conversation.

use super::Body;
use super::blocks::{self, Whose};
use crate::limits::MAX_MESSAGES;
use crate::wire::codec::Untranslatable;
use crate::wire::ir::{ChatRequest, Message, Origin, Role};
use crate::wire::place::Place;

/// Reads the instructions, then all messages.
pub(super) fn read<'a>(body: &Body<'a>, request: &mut ChatRequest<'a>) -> Result<(), Untranslatable> {
    if let Some(system) = body.system {
        let parts = blocks::read(&Place::top("system"), system, Whose::System, request)?;
        request.messages.push(Message {
            role: Role::System,
            parts,
            origin: Origin::System,
        });
    }
    let place = Place::top("messages");
    let messages = body.messages.ok_or_else(|| place.missing())?;
    let mut index = 0;
    place.each_object(messages, ["role", "content"], |place, [role, content]| {
        place.check(index < MAX_MESSAGES, "is one message too many")?;
        let role_place = place.key("role");
        let (role, whose) = match role_place.required_text(role)?.escaped() {
            b"user" => (Role::User, Whose::User),
            b"assistant" => (Role::Assistant, Whose::Assistant),
            b"system" => (Role::System, Whose::System),
            _ => return Err(role_place.malformed("is not a role")),
        };
        let place = place.key("content");
        let parts = blocks::read(&place, content.ok_or_else(|| place.missing())?, whose, request)?;
        request.messages.push(Message {
            role,
            parts,
            origin: Origin::Message(index),
        });
        index += 1;
        Ok(())
    })
}
