//! A provider at its limit that does not say in the head of its answer when to come back: it is heard out, because its
//! body may. Clients look for that in the head, so there it goes.

use super::answer::move_on;
use super::passage::Passage;
use super::{Output, State};
use crate::call::{Call, SharedCall};
use crate::health::delay;
use crate::limits::MAX_ERROR_BODY;
use crate::units::Timestamp;
use crate::wire::Relay;

/// A refusal whose headers wait for its body.
#[derive(Debug)]
pub(super) struct Refused {
    passage: Passage,
    body: Vec<u8>,
}

impl Refused {
    pub fn new(passage: Passage) -> Self {
        Self {
            passage,
            body: Vec::new(),
        }
    }
}

/// A chunk of the refusal. Once it is whole, the call moves on.
pub(super) fn hear_out(
    call: &SharedCall,
    mut refused: Refused,
    chunk: &[u8],
    is_last: bool,
    now: Timestamp,
    output: &mut dyn Output,
) -> State {
    let mut shared = call.borrow_mut();
    if shared.first_byte_at.is_none() && !chunk.is_empty() {
        shared.first_byte_at = Some(now);
    }
    if let Relay::Replaced(passed) = refused.passage.push(chunk, is_last, &mut shared.observation) {
        output.set_response_chunk(&passed);
    }
    refused.body.extend_from_slice(chunk);
    if !is_last && refused.body.len() <= MAX_ERROR_BODY {
        return State::Refused(refused);
    }
    shared.is_complete = is_last;
    conclude(&mut shared, &refused, now, output);
    if is_last {
        State::Done
    } else {
        State::Watching(refused.passage)
    }
}

/// Nothing more comes of the refusal.
fn conclude(call: &mut Call, refused: &Refused, now: Timestamp, output: &mut dyn Output) {
    let asked = delay::asked(&[], &refused.body, now);
    if let Some(wait) = asked {
        output.set_retry_after(wait);
    }
    call.settle_last(asked, now, output);
    move_on(call, now, output);
}
