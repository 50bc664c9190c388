//! What becomes of an answer: an error passes or makes room for the next attempt, a success is held back until it has
//! said something, then it passes under watch.

use super::endpoints;
use super::head::Head;
use super::judging::{Judging, Next};
use super::passage::Passage;
use super::refused::Refused;
use super::stopping::stop;
use super::stored;
use super::{Held, Output, State};
use crate::call::{Call, SharedCall};
use crate::config::ProviderKind;
use crate::headers::{REQUEST_ID, X_REQUEST_ID};
use crate::health::delay;
use crate::limits::{MAX_PREAMBLE, MAX_PREAMBLE_TIME};
use crate::outcome::Outcome;
use crate::provider;
use crate::reply::quoted;
use crate::request::StreamUsage;
use crate::units::Timestamp;
use crate::wire::{AnswerTranslator, Caller, Dialect, Ending, Flaw, Observer, Progress, Relay, Unframer};

/// Names the account to turn to now that this attempt has failed.
pub(super) fn name_next(call: &mut Call, now: Timestamp, output: &mut dyn Output) {
    if let Some(next) = call.enter_next(output.store(), now) {
        output.set_next_upstream(&next.provider.name);
    }
}

/// Names the account to turn to now that this attempt has failed, or keeps the failure: its headers are at hand.
pub(super) fn move_on(call: &mut Call, now: Timestamp, output: &mut dyn Output) {
    name_next(call, now, output);
    if call.is_at_end() {
        output.forbid_retry();
    }
}

/// The answer's head is there: an error passes or makes room for the next attempt, a success is held back until it
/// has said something.
pub(super) fn begin(
    call: &SharedCall,
    head: &Head<'_>,
    headers: &[(String, Vec<u8>)],
    is_end: bool,
    now: Timestamp,
    output: &mut dyn Output,
) -> State {
    let mut shared = call.borrow_mut();
    let is_success = head.outcome.is_success();
    if let Some(attempt) = shared.attempts.last_mut() {
        attempt.request_id = head.request_id.map(|id| quoted(id).into_owned());
        attempt.outcome = Some(head.outcome);
        attempt.took = now.millis_since(attempt.started);
        attempt.is_deliverable = head.is_readable_error(is_end);
    }
    shared.is_complete = is_end;
    let passage = passage(&shared, head, now);
    let passage = stored::labelled(passage, &shared, head);
    // First of all: what a provider says in Envoy's name must not keep the call from its next attempt.
    set_headers(&shared, head, headers, &passage, output);
    if is_success && let Some(flaw) = endpoints::flaw(&shared, head, is_end) {
        fail(&mut shared, flaw, now, output);
        return State::Done;
    }
    if !is_success {
        let asked = delay::asked(headers, b"", now);
        if asked.is_none() && !is_end && head.may_tell_in_body() {
            return State::Refused(Refused::new(passage));
        }
        shared.settle_last(asked, now, output);
        if head.moves_on() {
            move_on(&mut shared, now, output);
        }
    }
    if is_success && endpoints::passes_at_once(&shared, head, is_end) {
        release(&mut shared, is_end, now, output);
        return if is_end {
            State::Done
        } else {
            State::Watching(passage)
        };
    }
    if is_success {
        State::Holding(Held {
            passage,
            since: now,
            bytes: 0,
            judging: Judging::begin(&shared),
        })
    } else {
        State::Watching(passage)
    }
}

/// The way that the answer takes to the agent.
fn passage(call: &Call, head: &Head<'_>, now: Timestamp) -> Passage {
    if let Some(passage) = endpoints::passage(call, head, leaves_usage_out(call)) {
        return passage;
    }
    let ours = call.format;
    let is_success = head.outcome.is_success();
    let wants_stream = call.request.stream;
    let theirs = call.attempts.last().map(|attempt| {
        let format = attempt.format(ours);
        if is_success {
            format
        } else {
            attempt.provider.kind.errs_in(format)
        }
    });
    let passage = match theirs {
        Some(theirs) if !theirs.is(ours) || (!is_success && is_self_made(call)) => {
            let caller = Caller {
                model: call.request.model.clone(),
                created: now.0 / 1_000_000_000,
                request_id: call.headers.text(X_REQUEST_ID).unwrap_or_default().to_owned(),
                stream_usage: call.request.stream_usage == StreamUsage::Wanted,
                repeated: ours.repeats(&call.body),
                maker: None,
            };
            Passage::Translated(if !is_success {
                AnswerTranslator::of_error(theirs, ours, caller, head.status)
            } else if wants_stream {
                AnswerTranslator::of_stream(theirs, ours, caller)
            } else {
                AnswerTranslator::of_answer(theirs, ours, caller)
            })
        }
        _ if is_success && wants_stream && call.leash.is_some() => {
            let with_usage = call.request.stream_usage == StreamUsage::Wanted;
            Passage::Leashed(
                Observer::of_stream(ours, leaves_usage_out(call)),
                Box::new(Ending::of(ours, with_usage)),
            )
        }
        _ => Passage::Same(if !is_success {
            Observer::of_nothing(ours)
        } else if wants_stream {
            Observer::of_stream(ours, leaves_usage_out(call))
        } else {
            Observer::of_answer(ours)
        }),
    };
    match theirs {
        Some(theirs) if is_success && wants_stream && is_framed(call) => passage.after(Unframer::new(theirs)),
        _ => passage,
    }
}

/// Whether the provider's streams come in AWS's binary frames.
pub(super) fn is_framed(call: &Call) -> bool {
    let attempt = call.attempts.last();
    attempt.is_some_and(|attempt| attempt.provider.kind == ProviderKind::Bedrock)
}

/// Whether a server of the operator's own answers, whose errors may have any shape in OpenAI's API.
fn is_self_made(call: &Call) -> bool {
    call.attempts.last().is_some_and(|attempt| {
        matches!(
            attempt.provider.kind,
            ProviderKind::OpenAiCompatible | ProviderKind::SelfHosted(_)
        )
    })
}

/// Whether the broker asked for usage in the stream that the agent did not want.
fn leaves_usage_out(call: &Call) -> bool {
    call.request.stream && call.request.stream_usage != StreamUsage::Wanted
}

/// Leaves of the answer's headers what is for the agent, and makes those fit that the body no longer does.
fn set_headers(
    call: &Call,
    head: &Head<'_>,
    given: &[(String, Vec<u8>)],
    passage: &Passage,
    output: &mut dyn Output,
) {
    let is_success = head.outcome.is_success();
    let is_translated = passage.is_translated();
    let keeps_length = passage.keeps_length() && !(is_success && leaves_usage_out(call));
    let mut answer = provider::answer_headers(given, keeps_length);
    let status = if head.is_our_credential() {
        // As a 502 it goes to the next account.
        502
    } else if head.is_given_up() {
        504
    } else if is_translated {
        call.format.dialect().status(head.status)
    } else {
        head.status
    };
    let status_text = status.to_string();
    answer
        .iter_mut()
        .filter(|(name, _)| *name == ":status")
        .for_each(|(_, value)| *value = status_text.as_bytes());
    if passage.is_rewritten() {
        answer.retain(|(name, _)| *name != "content-type" && !name.starts_with("openai-"));
        let content_type: &[u8] = if is_success && call.request.stream {
            b"text/event-stream"
        } else {
            b"application/json"
        };
        answer.push(("content-type", content_type));
    }
    // The provider's request has lost the id that Envoy would repeat.
    let id_header = match call.format.dialect() {
        Dialect::OpenAi => X_REQUEST_ID,
        Dialect::Anthropic => REQUEST_ID,
    };
    answer.extend(call.headers.first(X_REQUEST_ID).map(|id| (id_header, id)));
    output.set_response_headers(given, &answer);
}

/// A chunk of an answer that has said nothing yet.
pub(super) fn hold(
    call: &SharedCall,
    mut held: Held,
    chunk: &[u8],
    is_last: bool,
    now: Timestamp,
    output: &mut dyn Output,
) -> State {
    let mut shared = call.borrow_mut();
    if shared.first_byte_at.is_none() && !chunk.is_empty() {
        shared.first_byte_at = Some(now);
    }
    let mut relay = held.passage.push(chunk, is_last, &mut shared.observation);
    if let Progress::Failed(flaw) = shared.observation.progress() {
        output.set_response_chunk(b"");
        fail(&mut shared, flaw, now, output);
        return State::Done;
    }
    if let Some(judging) = held.judging.take() {
        relay = match judging.push(&mut shared, held.passage.read(chunk), relay, is_last, now, output) {
            Next::Wait(judging) => {
                held.judging = Some(judging);
                return State::Holding(held);
            }
            Next::Pass(kept) => Relay::Replaced(kept),
            Next::Gone => return State::Done,
        };
    }
    if let Relay::Replaced(passed) = relay {
        output.set_response_chunk(&passed);
    }
    held.bytes = held.bytes.saturating_add(chunk.len());
    let is_overdue = now.millis_since(held.since) >= MAX_PREAMBLE_TIME || held.bytes > MAX_PREAMBLE;
    if shared.observation.progress() == Progress::Nothing
        && !is_last
        && !(is_overdue && shared.request.stream)
    {
        return State::Holding(held);
    }
    release(&mut shared, is_last, now, output);
    if is_last {
        State::Done
    } else {
        State::Watching(held.passage)
    }
}

/// The answer goes to the agent: no attempt follows.
pub(super) fn release(call: &mut Call, is_last: bool, now: Timestamp, output: &mut dyn Output) {
    call.observation.note_content();
    call.body = Vec::new();
    call.is_complete = is_last && call.observation.broke_off().is_none();
    if let Some(attempt) = call.attempts.last_mut() {
        attempt.is_deliverable = true;
    }
    call.settle_last(None, now, output);
}

/// The answer is none: the call goes to the next account of the plan.
pub(super) fn fail(call: &mut Call, flaw: Flaw, now: Timestamp, output: &mut dyn Output) {
    if let Some(attempt) = call.attempts.last_mut() {
        attempt.outcome = Some(Outcome::Flawed(flaw));
        attempt.is_deliverable = false;
    }
    call.settle_last(None, now, output);
    output.fail_response();
    move_on(call, now, output);
}

pub(super) fn watch(
    call: &SharedCall,
    mut passage: Passage,
    chunk: &[u8],
    is_last: bool,
    now: Option<Timestamp>,
    output: &mut dyn Output,
) -> State {
    let mut shared = call.borrow_mut();
    if shared.first_byte_at.is_none() && !chunk.is_empty() {
        shared.first_byte_at = now;
    }
    let relay = passage.push(chunk, is_last, &mut shared.observation);
    if !is_last
        && let Some(now) = now
        && let Some(passed) = stop(&mut shared, &mut passage, chunk, &relay, now, output)
    {
        output.set_response_chunk(&passed);
        shared.is_complete = true;
        let heard = Box::new(shared.observation.clone());
        return State::Stopped(passage, heard);
    }
    if let Relay::Replaced(passed) = relay {
        output.set_response_chunk(&passed);
    }
    shared.is_complete = is_last && shared.observation.broke_off().is_none();
    if is_last {
        State::Done
    } else {
        State::Watching(passage)
    }
}
