//! Judges one answer by what its pool accepts.

use serde_json::Value;

use super::{Acceptance, Author, Json, Judgement, Misfit, Schema, Unjudged, Unmet, Wanted};
use crate::limits::{MAX_REFUSAL_TEXT, MAX_SCHEMA};
use crate::wire::{Observation, Transcriber, Transcript, UpstreamFormat};

/// Reads along while an answer is held back, and judges it at its end.
#[derive(Debug)]
pub struct Judge(Transcriber);

impl Judge {
    /// Judges an answer in a provider's format: a stream, or in one piece.
    #[must_use]
    pub fn new(format: UpstreamFormat, is_stream: bool) -> Self {
        Self(if is_stream {
            Transcriber::of_stream(format)
        } else {
            Transcriber::of_answer(format)
        })
    }

    /// Takes the next chunk.
    pub fn push(&mut self, chunk: &[u8]) {
        self.0.push(chunk);
    }

    /// Judges the answer, which is over.
    #[must_use]
    pub fn conclude(
        self,
        acceptance: &Acceptance,
        observation: &Observation,
        wanted: Wanted<'_>,
    ) -> Judgement {
        let transcript = self.0.finish();
        if transcript.is_partial {
            return Judgement::Unjudged(Unjudged::Unreadable);
        }
        match acceptance.judge(&transcript, observation, wanted) {
            Ok(()) => Judgement::Accepted,
            Err(judgement) => judgement,
        }
    }
}

impl Acceptance {
    fn judge(
        &self,
        said: &Transcript,
        observation: &Observation,
        wanted: Wanted<'_>,
    ) -> Result<(), Judgement> {
        self.finish_reason(observation)?;
        self.refusal(said)?;
        // An answer that waits for tools is not the last word, so that its text need not be anything.
        if said.has_tool_calls {
            return Ok(());
        }
        self.length(said, observation)?;
        self.json(&said.text, wanted)
    }

    fn finish_reason(&self, observation: &Observation) -> Result<(), Judgement> {
        let told = observation.finish_reason();
        let is_met = |reasons: &Vec<_>| {
            reasons
                .iter()
                .any(|reason: &super::FinishReason| Some(reason.as_str()) == told)
        };
        holds(
            self.finish_reasons.as_ref().is_none_or(is_met),
            Unmet::FinishReason,
        )
    }

    fn refusal(&self, said: &Transcript) -> Result<(), Judgement> {
        if self.refusal_patterns.is_empty() {
            return Ok(());
        }
        let beginning = said.text.floor_char_boundary(MAX_REFUSAL_TEXT);
        let beginning = said.text.get(..beginning).unwrap_or_default();
        let is_refusal = !said.refusal.is_empty()
            || self
                .refusal_patterns
                .iter()
                .any(|pattern| pattern.is_in(beginning));
        holds(!is_refusal, Unmet::Refusal)
    }

    fn length(&self, said: &Transcript, observation: &Observation) -> Result<(), Judgement> {
        let is_long_enough = |least: usize| said.text.chars().count() >= least;
        holds(self.min_characters.is_none_or(is_long_enough), Unmet::TooShort)?;
        let Some(least) = self.min_output_tokens else {
            return Ok(());
        };
        let tokens = match observation.usage() {
            Some(usage) => usage.output.saturating_sub(usage.reasoning).0,
            // Who does not count is believed to have said a token for each four bytes.
            None => said.text.len().div_ceil(4) as u64,
        };
        // Nothing is too short whatever was counted: some count the end of the answer as a token.
        let is_empty = said.text.is_empty() && said.refusal.is_empty() && least.0 > 0;
        holds(tokens >= least.0 && !is_empty, Unmet::TooShort)
    }

    fn json(&self, text: &str, wanted: Wanted<'_>) -> Result<(), Judgement> {
        let valid = || serde_json::from_str::<serde::de::IgnoredAny>(text).map_err(|_| refused(Unmet::Json));
        match &self.json {
            Some(Json::Fitting(schema)) => fits(text, schema),
            None => Ok(()),
            Some(Json::Valid | Json::Requested) if !wanted.is_json => Ok(()),
            Some(Json::Valid | Json::Always) => valid().map(drop),
            Some(Json::Requested) => match wanted.schema.and_then(compiled) {
                Some(schema) => fits(text, &schema),
                None => valid().map(drop),
            },
        }
    }
}

fn compiled(schema: &[u8]) -> Option<Schema> {
    let schema = Some(schema).filter(|schema| schema.len() <= MAX_SCHEMA)?;
    let schema: Value = serde_json::from_slice(schema).ok()?;
    Schema::new(&schema, Author::Agent).ok()
}

fn fits(text: &str, schema: &Schema) -> Result<(), Judgement> {
    let value: Value = serde_json::from_str(text).map_err(|_| refused(Unmet::Json))?;
    schema.check(&value).map_err(|misfit| match misfit {
        Misfit::Wrong => refused(Unmet::Schema),
        Misfit::TooMuchWork => Judgement::Unjudged(Unjudged::TooMuchWork),
    })
}

fn refused(unmet: Unmet) -> Judgement {
    Judgement::Refused(unmet)
}

fn holds(holds: bool, unmet: Unmet) -> Result<(), Judgement> {
    if holds { Ok(()) } else { Err(refused(unmet)) }
}
