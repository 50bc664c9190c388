//! The body that a provider is sent in the place of the agent's.

use crate::call::Call;
use crate::json::splice::{Edit, splice};
use crate::routing::PlannedAttempt;
use crate::wire::{Dropped, Target, Untranslatable};

/// The body of an attempt.
#[derive(Debug)]
pub enum Outgoing {
    /// The agent's, with edits.
    Edited(Vec<Edit>),
    /// Another one, made out of it.
    Written(Vec<u8>),
}

impl Outgoing {
    /// Makes the body for the planned attempt, from the original each time; what it leaves out goes to `dropped`.
    pub fn make(
        call: &Call,
        planned: &PlannedAttempt,
        dropped: &mut Dropped,
    ) -> Result<Self, Untranslatable> {
        let kind = planned.provider.kind;
        let target = Target {
            kind,
            model: planned.model.as_str(),
            defaults: call.defaults(),
        };
        if kind.format() == call.format {
            return Ok(Self::Edited(call.format.edits(&call.request, &target)));
        }
        let request = call.format.read_chat(&call.body)?;
        Ok(Self::Written(
            kind.format().write_chat(&request, &target, dropped),
        ))
    }

    /// How long it is.
    pub fn length(&self, original: &[u8]) -> usize {
        match self {
            Self::Edited(edits) => {
                let added: usize = edits.iter().map(|edit| edit.text.len()).sum();
                let removed: usize = edits
                    .iter()
                    .map(|edit| edit.span.end.saturating_sub(edit.span.start))
                    .sum();
                original.len().saturating_add(added).saturating_sub(removed)
            }
            Self::Written(body) => body.len(),
        }
    }

    /// Hands it over as the pieces that it consists of.
    pub fn hand_over(&mut self, original: &[u8], take: impl FnOnce(&[&[u8]])) {
        match self {
            Self::Edited(edits) => take(&splice(original, edits)),
            Self::Written(body) => take(&[body]),
        }
    }
}
