//! Answers to calls that are none of a conversation: how they are read, and which of them pass unread.

use super::answer::is_framed;
use super::head::Head;
use super::passage::Passage;
use crate::call::Call;
use crate::endpoint::{Endpoint, Operation, Passed};
use crate::wire::readings::{COMPLETION, EMBEDDINGS, OTHER, TOKEN_COUNT};
use crate::wire::{CountTranslator, Counter, EmbeddingRequest, EmbeddingTranslator, Flaw, Observer};

/// What is wrong with a success before its body is seen. What passes through may be of any type, and empty.
pub(super) fn flaw(call: &Call, head: &Head<'_>, is_end: bool) -> Option<Flaw> {
    match call.endpoint {
        Endpoint::Passed(passed) if passed.operation != Operation::Completions => None,
        _ => head.flaw(call.request.stream, is_framed(call), is_end),
    }
}

/// Whether a success goes to the agent at once: it has no body, or one of which nothing is read.
pub(super) fn passes_at_once(call: &Call, head: &Head<'_>, is_end: bool) -> bool {
    is_end || matches!(call.endpoint, Endpoint::Passed(passed) if !is_read(passed, head))
}

fn is_read(passed: Passed, head: &Head<'_>) -> bool {
    match passed.operation {
        Operation::Completions => true,
        Operation::Batches | Operation::Files(_) | Operation::MessageBatches | Operation::StoredResponses => {
            false
        }
        Operation::Moderations
        | Operation::ImageGenerations
        | Operation::ImageEdits
        | Operation::ImageVariations
        | Operation::Speech
        | Operation::Transcriptions
        | Operation::Translations => !head.is_encoded() && (head.is_stream(false) || head.is_json()),
    }
}

/// The way that a success takes to the agent; `None` where it is that of any call.
pub(super) fn passage(call: &Call, head: &Head<'_>, leaves_usage_out: bool) -> Option<Passage> {
    if !head.outcome.is_success() {
        return None;
    }
    let wants_stream = call.request.stream;
    let observer = match call.endpoint {
        Endpoint::Answer => return None,
        Endpoint::Embeddings => match embeddings(call) {
            Some(translator) => return Some(Passage::Embedded(translator)),
            None => Observer::of_other_answer(EMBEDDINGS),
        },
        Endpoint::CountTokens => match counter(call) {
            Some(counter) => return Some(Passage::Counted(CountTranslator::new(counter))),
            None => Observer::of_other_answer(TOKEN_COUNT),
        },
        Endpoint::Passed(passed) if !is_read(passed, head) => Observer::of_nothing(call.format),
        Endpoint::Passed(passed) if passed.operation == Operation::Completions => {
            if wants_stream {
                Observer::of_other_stream(COMPLETION, leaves_usage_out)
            } else {
                Observer::of_other_answer(COMPLETION)
            }
        }
        // Whether these stream may be said in a form, which is not read for that.
        Endpoint::Passed(_) if head.is_stream(false) => Observer::of_other_stream(OTHER, false),
        Endpoint::Passed(_) => Observer::of_other_answer(OTHER),
    };
    Some(Passage::Same(observer))
}

fn counter(call: &Call) -> Option<Counter> {
    let attempt = call.attempts.last()?;
    call.endpoint
        .counter(attempt.provider.kind, attempt.model.as_str())
}

fn embeddings(call: &Call) -> Option<EmbeddingTranslator> {
    let attempt = call.attempts.last()?;
    let embedder = call
        .endpoint
        .translation(attempt.provider.kind, attempt.model.as_str())?;
    // It was read when the call was planned.
    let asked = EmbeddingRequest::read(&call.body).ok()?;
    let model = call.request.model.clone();
    Some(EmbeddingTranslator::new(
        embedder,
        asked.encoding,
        model,
        asked.count(),
    ))
}
