//! How much the model is to think, and what room that leaves for the answer.

use super::tools::Offer;
use crate::wire::anthropic::models::Model;
use crate::wire::codec::{Dropped, Target};
use crate::wire::ir::{ChatRequest, Content, Effort, Reasoning, Role, Turn};

/// The most tokens of an answer where nobody said anything and the model could say more: what every model since
/// Claude 4 can say, and what a client waits for in minutes, not hours.
const UNASKED: u64 = 32_000;

/// The same for a model whose bound is unknown.
const UNASKED_OF_UNKNOWN: u64 = 8_192;

/// The least budget that the API takes.
const LEAST_BUDGET: u64 = 1_024;

/// How many tokens of thought an effort stands for, for models that know only budgets.
fn budget(effort: Effort) -> u64 {
    match effort {
        Effort::Minimal => LEAST_BUDGET,
        Effort::Low => 2_048,
        Effort::Medium => 8_192,
        Effort::High => 16_384,
        Effort::XHigh => 24_576,
        Effort::Max => 32_768,
    }
}

/// What the model is told of thinking.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Plan {
    /// Nothing.
    Unsaid,
    /// Not to think.
    Off,
    /// As much as it sees fit, with an effort.
    Adaptive(Option<&'static str>),
    /// Up to this many tokens.
    Budget(u64),
}

impl Plan {
    /// Whether the call asks for thoughts.
    pub(super) fn thinks(self) -> bool {
        matches!(self, Self::Adaptive(_) | Self::Budget(_))
    }
}

/// The tokens that a call may take.
#[derive(Clone, Copy)]
pub(super) struct Budget {
    asked: u64,
    /// Whether the agent itself set the bound.
    is_bound: bool,
    longest: u64,
}

impl Budget {
    /// What was asked for, within what the model can do.
    pub(super) fn of(request: &ChatRequest<'_>, target: &Target<'_>, model: &Model) -> Self {
        let unasked = || {
            model
                .max_tokens
                .map_or(UNASKED_OF_UNKNOWN, |most| most.min(UNASKED))
        };
        let longest = model.max_tokens.unwrap_or(u64::MAX);
        let asked = request.max_tokens.or(target.defaults.max_tokens);
        Self {
            asked: asked.unwrap_or_else(unasked).min(longest),
            is_bound: request.max_tokens.is_some(),
            longest,
        }
    }

    /// The tokens of the answer, thoughts included, which must be more than those of the thoughts.
    pub(super) fn max_tokens(self, plan: Plan) -> u64 {
        match plan {
            Plan::Budget(thoughts) if self.asked <= thoughts => {
                self.asked.saturating_add(thoughts).min(self.longest)
            }
            _ => self.asked,
        }
    }

    /// The thoughts that the model has room for; `None` if those are fewer than the API takes. A bound that the agent
    /// set is one on thoughts too, and leaves a quarter of it to the answer.
    fn thoughts(self, wanted: u64) -> Option<u64> {
        let most = if self.is_bound {
            self.asked.saturating_sub(self.asked.div_ceil(4))
        } else {
            self.longest.saturating_sub(1)
        };
        (most >= LEAST_BUDGET).then(|| wanted.clamp(LEAST_BUDGET, most))
    }
}

/// What the model is told, given what it knows and what the conversation allows.
pub(super) fn plan(
    request: &ChatRequest<'_>,
    model: &Model,
    tools: &Offer<'_>,
    turns: &[Turn<'_>],
    room: Budget,
    dropped: &mut Dropped,
) -> Plan {
    let wish = match request.reasoning {
        None => return Plan::Unsaid,
        // The older models think only when they are told to.
        Some(Reasoning::Off) if !model.adaptive => return Plan::Unsaid,
        Some(Reasoning::Off) if model.can_be_off => return Plan::Off,
        Some(Reasoning::Off) => {
            // The nearest to not at all.
            dropped.note(request.words.reasoning);
            Some(Effort::Minimal)
        }
        Some(Reasoning::Adaptive) => None,
        Some(Reasoning::Effort(effort)) => Some(effort),
        Some(Reasoning::Budget(tokens)) => Some(nearest_effort(tokens)),
    };
    if model.adaptive {
        return Plan::Adaptive(wish.map(|effort| model.effort(effort)));
    }
    let wanted = match request.reasoning {
        Some(Reasoning::Budget(tokens)) => tokens,
        _ => budget(wish.unwrap_or(Effort::High)),
    };
    let is_possible = model.budget && !tools.is_forced() && !needs_thoughts(turns);
    let Some(thoughts) = is_possible.then(|| room.thoughts(wanted)).flatten() else {
        dropped.note(request.words.reasoning);
        return Plan::Unsaid;
    };
    Plan::Budget(thoughts)
}

fn nearest_effort(tokens: u64) -> Effort {
    let efforts = [Effort::Low, Effort::Medium, Effort::High, Effort::XHigh];
    let within = |effort: &Effort| tokens <= budget(*effort);
    efforts.into_iter().find(within).unwrap_or(Effort::Max)
}

/// Whether the API would look for thoughts in the last turn of the model and find none: a turn that goes on (a prefill,
/// or calls whose results follow) must begin with them when there is a budget for them. Those of another provider's
/// model are no use.
fn needs_thoughts(turns: &[Turn<'_>]) -> bool {
    let is_prefill = turns.last().is_some_and(|turn| turn.role == Role::Assistant);
    let last = turns.iter().rev().find(|turn| turn.role == Role::Assistant);
    let first = last.and_then(|turn| turn.parts.first());
    if first.is_some_and(|part| part.is_thought()) {
        return false;
    }
    let calls = last.is_some_and(|turn| {
        let mut parts = turn.parts.iter();
        parts.any(|part| matches!(part.content, Content::ToolCall { .. }))
    });
    is_prefill || calls
}
