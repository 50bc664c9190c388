//! What a call is expected to take of whoever serves it.

use super::Moment;
use crate::ids::UpstreamModelName;
use crate::limits::EXPECTED_OUTPUT;
use crate::request::Request;
use crate::request::content::Content;
use crate::units::Tokens;

/// What a call is expected to take.
#[derive(Clone, Copy)]
pub struct Demand<'a> {
    content: &'a Content,
    moment: Moment<'a>,
    /// The tokens of all answers.
    pub output: Tokens,
    /// The most that they may be, where the agent says so; else what is usual.
    pub most_output: Tokens,
    /// Whether the answer is to be a stream.
    pub is_stream: bool,
}

impl<'a> Demand<'a> {
    /// What a request takes.
    #[must_use]
    pub fn of(request: &'a Request, moment: Moment<'a>) -> Self {
        let most = request.max_output.unwrap_or(EXPECTED_OUTPUT);
        Self {
            content: &request.content,
            moment,
            output: most.min(EXPECTED_OUTPUT).times(request.answers),
            most_output: most.times(request.answers),
            is_stream: request.stream,
        }
    }

    /// The tokens of the input, as a model counts them.
    #[must_use]
    pub fn input(&self, model: &UpstreamModelName) -> Tokens {
        self.moment
            .worker
            .estimators
            .estimate(model, self.content, self.moment.store)
    }

    /// The tokens of input and answer.
    #[must_use]
    pub fn total(&self, model: &UpstreamModelName) -> Tokens {
        self.input(model).saturating_add(self.output)
    }

    /// Whether the input is so short that no model counts more than `most` tokens: none has more than one token per
    /// byte.
    #[must_use]
    pub fn surely_fits(&self, most: Tokens) -> bool {
        let [prose, code, other_script, media] = self.content.amounts();
        let bytes = prose.saturating_add(code).saturating_add(other_script);
        media == 0 && bytes <= most.0
    }
}
