//! Answers that their provider keeps: the agent gets their ids with tags.

use super::head::Head;
use super::passage::Passage;
use crate::call::{Attempt, Call};
use crate::stored::{Labeller, Named, Shape, Tag};
use crate::wire::Format;

/// The way of an answer that may be kept, or is about one that is.
pub(super) fn labelled(passage: Passage, call: &Call, head: &Head<'_>) -> Passage {
    let keeping = &call.request.keeping;
    let is_asked = call.format == Format::OpenAiResponses && (keeping.is_wanted || keeping.named.is_some());
    let is_about = call.endpoint.is_of_response();
    let is_stream = if is_about {
        head.is_stream(false)
    } else {
        call.request.stream
    };
    let shape = if is_stream { Shape::Stream } else { Shape::Whole };
    let attempt = call.attempts.last().filter(|attempt| {
        let keeps = attempt.provider.kind.keeps_responses();
        keeps && head.outcome.is_success() && !head.is_encoded() && (is_asked || is_about)
    });
    match attempt {
        Some(attempt) => passage.labelled(labeller(call, attempt, shape)),
        None => passage,
    }
}

fn labeller(call: &Call, attempt: &Attempt, shape: Shape) -> Labeller {
    let own = Tag::new(&attempt.provider.name, &call.agent, &call.request.model);
    // The response that the call goes on with is told as the agent knows it. What that goes on with in its turn is kept
    // for the same agent at the same account.
    let named = call.request.keeping.named.as_ref().and_then(Named::read);
    let previous = named.map_or(own, |(tag, _)| tag);
    Labeller::new(shape, own.text(), previous.text())
}
