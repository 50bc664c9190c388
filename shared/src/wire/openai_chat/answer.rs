//! What a chat completion says of itself.

pub mod read;
pub mod write;

use super::usage;
use crate::wire::codec::Judged;
use crate::wire::{Flaw, Observation};
use json::scan::{self, Kind};

/// Notes usage, model and finish reason of a whole answer, and whether it is one; `None` if the text is no whole
/// object.
pub fn observe(body: &[u8], observation: &mut Observation) -> Option<Judged> {
    let members = scan::members(body, ["model", "choices", "usage", "error", "service_tier"]).ok()?;
    let [model, choices, reported, error, tier] = members.values;
    observation.note_model(model.map(|value| value.span.of(body)));
    let tier = tier.map(|tier| tier.span.of(body));
    observation.note_usage(reported.and_then(|value| usage::read(value.span.of(body), tier)));
    observe_choices(
        choices.map(|value| value.span.of(body)).unwrap_or_default(),
        observation,
    );
    Some(match (choices, error) {
        (Some(choices), _) if choices.kind == Kind::Array => Ok(()),
        (_, Some(error)) if error.kind != Kind::Null => Err(Flaw::Error),
        _ => Err(Flaw::Unreadable),
    })
}

/// Notes the finish reason of the first choice that has one.
fn observe_choices(choices: &[u8], observation: &mut Observation) {
    // A list that breaks off has the reasons that stand before that.
    let _scanned = scan::records(choices, ["finish_reason"], |_, [reason]| {
        observation.note_finish_reason(reason.map(|value| value.span.of(choices)));
    });
}
