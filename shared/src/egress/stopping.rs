//! A stream that is ended before its provider ends it, because a budget has nothing left for more of it.

use super::passage::Passage;
use super::{Output, State};
use crate::call::{Call, SharedCall};
use crate::units::Timestamp;
use crate::wire::{Observation, Relay};

/// What passes of a chunk, with the stream's end, if budgets have nothing left for more of it.
pub(super) fn stop(
    call: &mut Call,
    passage: &mut Passage,
    chunk: &[u8],
    relay: &Relay,
    now: Timestamp,
    output: &dyn Output,
) -> Option<Vec<u8>> {
    // What has its own end needs no other.
    if call.observation.has_ended() || !call.has_run_out(output.store(), now) {
        return None;
    }
    let usage = call.stopped.as_ref()?.usage;
    let passed = passage.stop(chunk, relay, &usage, &mut call.observation);
    if passed.is_none() {
        // Not in the middle of an event: with the next chunk.
        call.stopped = None;
    }
    passed
}

/// What the provider of a stopped stream still says reaches nobody; only what it says of the usage counts.
pub(super) fn drop_rest(
    call: &SharedCall,
    mut passage: Passage,
    mut heard: Box<Observation>,
    chunk: &[u8],
    is_last: bool,
    output: &mut dyn Output,
) -> State {
    passage.push(chunk, is_last, &mut heard);
    call.borrow_mut().hear_usage(heard.usage());
    output.set_response_chunk(b"");
    if is_last {
        State::Done
    } else {
        State::Stopped(passage, heard)
    }
}
