//! An answer that is held back until it is judged: nothing of it has gone to the agent while a higher rung of its
//! cascade may still be asked.

use super::Output;
use super::answer::fail;
use crate::acceptance::{Judge, Judgement, Unjudged, Unmet};
use crate::call::Call;
use crate::endpoint::Endpoint;
use crate::limits::MAX_JUDGED_ANSWER;
use crate::outcome::Outcome;
use crate::units::{Millis, Timestamp};
use crate::wire::{Flaw, Relay};

/// What is kept of an answer until then.
#[derive(Debug)]
pub struct Judging {
    judge: Judge,
    /// What the agent is given if the answer passes. It is kept here rather than in Envoy's buffer, which would be
    /// copied with every chunk that is translated.
    kept: Vec<u8>,
    /// The bytes of the answer so far, as the provider wrote it.
    bytes: usize,
    until: Timestamp,
}

/// What becomes of an answer after its next chunk.
pub enum Next {
    /// It waits on.
    Wait(Judging),
    /// It passes, with all that was kept.
    Pass(Vec<u8>),
    /// The call has gone on to another attempt, or has failed.
    Gone,
}

impl Judging {
    /// Begins to judge the answer of the last attempt, if that is to be judged.
    pub fn begin(call: &Call) -> Option<Self> {
        let attempt = call.attempts.last()?;
        if call.pool.acceptance.is_none() || call.endpoint != Endpoint::Answer || !call.may_escalate() {
            return None;
        }
        // Envoy's own time for the attempt runs on while its headers are held back. What is left of it is for the
        // chunk that comes too late.
        let first_byte = attempt.provider.timeouts.first_byte.0;
        let until = attempt.started.after(Millis(first_byte - first_byte / 10));
        Some(Self {
            judge: Judge::new(attempt.format(call.format), call.request.stream),
            kept: Vec::new(),
            bytes: 0,
            until,
        })
    }

    /// Takes the next chunk and what would pass in its place.
    pub fn push(
        mut self,
        call: &mut Call,
        chunk: &[u8],
        relay: Relay,
        is_last: bool,
        now: Timestamp,
        output: &mut dyn Output,
    ) -> Next {
        self.bytes = self.bytes.saturating_add(chunk.len());
        match relay {
            Relay::Unchanged => self.kept.extend_from_slice(chunk),
            Relay::Replaced(passed) => self.kept.extend_from_slice(&passed),
        }
        self.judge.push(chunk);
        // What breaks off can still be another account's to answer.
        if let Some(flaw) = call.observation.broke_off() {
            output.set_response_chunk(b"");
            fail(call, flaw, now, output);
            return Next::Gone;
        }
        if self.bytes.max(self.kept.len()) > MAX_JUDGED_ANSWER {
            call.note_judgement(Judgement::Unjudged(Unjudged::TooLong));
            return Next::Pass(self.kept);
        }
        if is_last {
            return self.conclude(call, now, output);
        }
        if now >= self.until {
            call.note_judgement(Judgement::Unjudged(Unjudged::TooSlow));
            return Next::Pass(self.kept);
        }
        output.set_response_chunk(b"");
        Next::Wait(self)
    }

    fn conclude(self, call: &mut Call, now: Timestamp, output: &mut dyn Output) -> Next {
        let judgement = call.judge(self.judge);
        call.note_judgement(judgement);
        if let Judgement::Refused(unmet) = judgement
            && refuse(call, unmet, now, output)
        {
            output.set_response_chunk(b"");
            return Next::Gone;
        }
        Next::Pass(self.kept)
    }

    /// Trailers end the answer, after which nothing can be added to its body: it cannot pass.
    pub fn give_up(call: &mut Call, now: Timestamp, output: &mut dyn Output) {
        fail(call, Flaw::Unreadable, now, output);
    }
}

/// Goes on to a higher rung; false if none may be asked any more, so that the answer has to do.
fn refuse(call: &mut Call, unmet: Unmet, now: Timestamp, output: &mut dyn Output) -> bool {
    let Some(next) = call.enter_higher(output.store(), now) else {
        return false;
    };
    output.set_next_upstream(&next.provider.name);
    call.note_usage();
    if let Some(attempt) = call.attempts.last_mut() {
        attempt.outcome = Some(Outcome::NotAccepted(unmet));
    }
    call.settle_last(None, now, output);
    output.fail_response();
    true
}
