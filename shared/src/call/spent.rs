//! What the attempts of a call used.

use super::Call;
use crate::ids::UpstreamModelName;
use crate::ledger::Usage;
use crate::limits::BYTES_PER_OUTPUT_TOKEN;
use crate::request::content::Content;
use crate::units::Tokens;
use crate::wire::UpstreamFormat;

impl Call {
    /// Notes what the last answer says was used, with its attempt.
    pub fn note_usage(&mut self) {
        let usage = self.observation.usage();
        if let Some(attempt) = self.attempts.last_mut() {
            attempt.usage = usage.or(attempt.usage);
        }
    }

    /// Estimates what a stream used that broke off or that its agent left, where the provider had not said it yet: it
    /// is billed for all the same. `expected`: the tokens of the input as the model is expected to count them.
    pub fn estimate_usage(&mut self, expected: impl FnOnce(&UpstreamModelName, &Content) -> Tokens) {
        let said = Tokens(self.observation.said().div_ceil(BYTES_PER_OUTPUT_TOKEN));
        if self.is_complete || self.observation.finish_reason().is_some() || said == Tokens(0) {
            return;
        }
        let Some(attempt) = self.attempts.last_mut().filter(|attempt| attempt.is_success()) else {
            return;
        };
        attempt.usage = Some(match attempt.usage {
            None => Usage {
                input: expected(&attempt.model, &self.request.content),
                output: said,
                ..Usage::default()
            },
            // Anthropic tells the input at the beginning and the output at the end, Gemini both as it goes.
            Some(begun)
                if attempt.format(self.format) != UpstreamFormat::OpenAiChat && begun.output < said =>
            {
                Usage {
                    output: said,
                    ..begun
                }
            }
            Some(_) => return,
        });
        attempt.is_usage_estimated = true;
    }
}
