//! What a chat completion says of itself.

pub mod read;
pub mod write;

use super::usage;
use crate::json::scan;
use crate::wire::Observation;

/// Notes usage, model and finish reason of a whole answer; false if the text is none.
pub fn observe(body: &[u8], observation: &mut Observation) -> bool {
    let Ok(members) = scan::members(body, ["model", "choices", "usage"]) else {
        return false;
    };
    let [model, choices, reported] = members.values;
    observation.note_model(model.map(|value| value.span.of(body)));
    observation.note_usage(reported.and_then(|value| usage::read(value.span.of(body))));
    observe_choices(
        choices.map(|value| value.span.of(body)).unwrap_or_default(),
        observation,
    );
    true
}

/// Notes the finish reason of the first choice that has one; returns how many choices there are.
pub(super) fn observe_choices(choices: &[u8], observation: &mut Observation) -> usize {
    let mut count = 0;
    let scanned = scan::array(choices, |choice| {
        count += 1;
        let choice = choice.span.of(choices);
        if let Ok(members) = scan::members(choice, ["finish_reason"]) {
            let [reason] = members.values;
            observation.note_finish_reason(reason.map(|value| value.span.of(choice)));
        }
    });
    if scanned.is_ok() { count } else { 0 }
}
