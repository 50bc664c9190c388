//! The body that a provider is sent in the place of the agent's.

use crate::call::Call;
use crate::endpoint::Endpoint;
use crate::headers::{ANTHROPIC_BETA, Lookup};
use crate::routing::PlannedAttempt;
use crate::wire::anthropic::envelope::Envelope;
use crate::wire::{Dropped, Target, Untranslatable, UpstreamFormat};
use json::splice::{Edit, splice};

/// The body of an attempt.
#[derive(Debug)]
pub enum Outgoing {
    /// The agent's, with edits.
    Edited(Vec<Edit>),
    /// Another one, made out of it.
    Written(Vec<u8>),
}

impl Outgoing {
    /// Makes the body for the planned attempt, each out of the original, and tells what it leaves out.
    pub fn make(call: &mut Call, planned: &PlannedAttempt) -> Result<(Self, Dropped), Untranslatable> {
        if let Some(prepared) = call.prepared.take() {
            return Ok((Self::Written(prepared.body), prepared.dropped));
        }
        let target = Target::new(&planned.provider, &planned.model, call.defaults());
        if call.endpoint != Endpoint::Answer {
            return Self::of_endpoint(call, &target).map(|outgoing| (outgoing, Dropped::default()));
        }
        let mut dropped = Dropped::default();
        let theirs = target.format(call.format);
        let outgoing = if theirs.is(call.format) {
            for left_out in &call.request.left_out {
                dropped.note(&left_out.place);
            }
            let mut edits = call.format.edits(&call.request, &target);
            if theirs == UpstreamFormat::AnthropicMessages {
                let features = match call.headers.lookup(ANTHROPIC_BETA) {
                    Lookup::Once(features) => Some(features),
                    Lookup::Absent | Lookup::Repeated => None,
                };
                Envelope::of(target.kind).wrap(&call.body, &call.request, features, &mut edits);
            }
            Self::Edited(edits)
        } else {
            let request = call.format.read_chat(&call.body)?;
            Self::Written(theirs.write_chat(&request, &target, &mut dropped))
        };
        Ok((outgoing, dropped))
    }

    /// The body for what is none of a conversation.
    fn of_endpoint(call: &Call, target: &Target<'_>) -> Result<Self, Untranslatable> {
        if let Some(embedder) = call.endpoint.translation(target.kind, target.model) {
            return embedder.write(&call.body, target.model).map(Self::Written);
        }
        if let Some(counter) = call.endpoint.counter(target.kind, target.model)
            && let Some(body) = counter.write(call.counted(), target.model)?
        {
            return Ok(Self::Written(body));
        }
        let (headers, request, body) = (&call.headers, &call.request, &call.body);
        Ok(Self::Edited(call.endpoint.edits(
            call.format,
            headers,
            request,
            body,
            target,
        )))
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
