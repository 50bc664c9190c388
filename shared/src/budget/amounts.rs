//! What a call may take, and what it took, in tokens and dollars.

use crate::call::{Attempt, Call};
use crate::config::Member;
use crate::ledger::{Price, Unit};
use crate::limits::EXPECTED_OUTPUT;
use crate::outcome::Outcome;
use crate::routing::{Demand, Moment, PlannedAttempt, Rung, expected_cost};
use crate::units::{MicroUsd, Tokens};

/// Tokens and what they cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Amounts {
    /// Tokens of input and output.
    pub tokens: Tokens,
    /// What they cost, as far as prices are known.
    pub cost: MicroUsd,
}

impl Amounts {
    /// What the smallest call takes.
    pub const LEAST: Self = Self {
        tokens: Tokens(1),
        cost: MicroUsd(1),
    };

    /// The amount in a unit.
    #[must_use]
    pub fn of(self, unit: Unit) -> u64 {
        match unit {
            Unit::Tokens => self.tokens.0,
            Unit::MicroUsd => self.cost.0,
        }
    }

    /// Both together.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            tokens: self.tokens.saturating_add(other.tokens),
            cost: self.cost.saturating_add(other.cost),
        }
    }

    fn or(self, other: Self) -> Self {
        Self {
            tokens: self.tokens.max(other.tokens),
            cost: self.cost.max(other.cost),
        }
    }

    fn expected(member: &Member, demand: Demand<'_>, output: Tokens) -> Self {
        Part::of(member, demand).with(output)
    }
}

/// What an attempt takes but for its output.
#[derive(Clone, Copy, Debug)]
struct Part {
    input: Tokens,
    price: Option<Price>,
    /// Whether it may be paid for beside others.
    is_rung: bool,
}

impl Part {
    fn of(member: &Member, demand: Demand<'_>) -> Self {
        Self {
            input: demand.input(&member.model),
            price: member.price,
            is_rung: false,
        }
    }

    fn with(&self, output: Tokens) -> Amounts {
        let cost = |price: &Price| expected_cost(price, self.input, output);
        Amounts {
            tokens: self.input.saturating_add(output),
            cost: self.price.as_ref().map_or(MicroUsd(0), cost),
        }
    }
}

/// What a planned call is expected to take: its input, and some output. Of attempts that stand in for each other only one
/// is paid for, of the rungs of a cascade all may be.
#[derive(Clone, Debug)]
pub struct Prospect {
    parts: Vec<Part>,
    bound: Option<Tokens>,
    answers: u64,
}

impl Prospect {
    /// What a call may take.
    #[must_use]
    pub fn of(call: &Call, moment: Moment<'_>) -> Self {
        let demand = Demand::of(&call.request, moment);
        let part = |planned: &PlannedAttempt| {
            let part = Part::of(call.pool.members.get(planned.member)?, demand);
            let is_rung = Rung::of(&call.pool, planned.member).is_some();
            Some(Part { is_rung, ..part })
        };
        Self {
            parts: call.plan.attempts.iter().filter_map(part).collect(),
            answers: call.request.answers,
            bound: call.request.max_output.or(call.defaults().max_tokens.map(Tokens)),
        }
    }

    /// The most output that the agent or the logical model allows each answer; `None` if neither says.
    #[must_use]
    pub fn bound(&self) -> Option<Tokens> {
        self.bound
    }

    /// The most that the call is expected to take: where nothing bounds its output, the usual.
    #[must_use]
    pub fn most(&self) -> Amounts {
        self.with(self.bound.unwrap_or(EXPECTED_OUTPUT))
    }

    /// The longest output of each answer that takes no more than so much of a unit.
    #[must_use]
    pub fn affordable(&self, unit: Unit, left: u64) -> Tokens {
        let fits = |output| self.with(Tokens(output)).of(unit) <= left;
        // Where output costs nothing any length fits, which no model has.
        let (mut fitting, mut beyond) = (0, u64::from(u32::MAX));
        while beyond - fitting > 1 {
            let middle = fitting.midpoint(beyond);
            if fits(middle) {
                fitting = middle;
            } else {
                beyond = middle;
            }
        }
        Tokens(fitting)
    }

    fn with(&self, each: Tokens) -> Amounts {
        let output = each.times(self.answers);
        let amounts = self.parts.iter().map(|part| (part.is_rung, part.with(output)));
        amounts.fold(Amounts::default(), |sum, (is_rung, amounts)| {
            if is_rung {
                sum.and(amounts)
            } else {
                sum.or(amounts)
            }
        })
    }
}

/// What a call took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Used {
    /// All attempts together.
    pub amounts: Amounts,
    /// Whether a part of it is only estimated, because nothing tells what it was.
    pub is_estimated: bool,
}

/// What a call took that is over. `costs`: what its attempts cost, in order, where that is known.
///
/// An attempt that was refused or not heard costs nothing. One that broke off before its usage was told is estimated from
/// what came of it, and one that the agent left before that is taken to have used its input.
#[must_use]
pub fn used(call: &Call, costs: &[Option<MicroUsd>], moment: Moment<'_>) -> Used {
    let mut used = Used::default();
    let demand = Demand::of(&call.request, moment);
    let attempts = call.attempts.iter().zip(costs);
    for (attempt, cost) in attempts {
        let amounts = if let Some(usage) = &attempt.usage {
            used.is_estimated |= attempt.is_usage_estimated;
            Amounts {
                tokens: usage.total(),
                cost: cost.unwrap_or_default(),
            }
        } else if let Some(output) = unknown_output(attempt, demand)
            && let Some(member) = call.pool.members.get(attempt.member)
        {
            used.is_estimated = true;
            Amounts::expected(member, demand, output)
        } else {
            continue;
        };
        used.amounts = used.amounts.and(amounts);
    }
    used
}

/// The output that an attempt is taken to have had which does not tell; `None` if it had none and costs nothing.
fn unknown_output(attempt: &Attempt, demand: Demand<'_>) -> Option<Tokens> {
    match attempt.outcome {
        // The agent left while the provider was at work.
        None => Some(Tokens(0)),
        Some(Outcome::NotAccepted(_)) => Some(demand.output),
        Some(Outcome::Status(_)) if attempt.is_success() => Some(demand.output),
        Some(
            Outcome::Status(_)
            | Outcome::ConnectFailure
            | Outcome::Reset
            | Outcome::Timeout
            | Outcome::Unhealthy
            | Outcome::Flawed(_),
        ) => None,
    }
}
