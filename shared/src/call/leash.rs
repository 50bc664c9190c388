//! How far the stream of a call may go: to the end of the budgets that stop streams. What it takes beyond what was
//! reserved for it is reserved piece by piece while it runs, so that streams cannot overspend a budget together.

use super::Call;
use crate::budget::{Amounts, Counter};
use crate::ids::BudgetName;
use crate::ledger::{Hold, Usage};
use crate::limits::BYTES_PER_OUTPUT_TOKEN;
use crate::store::Store;
use crate::units::{MicroUsd, Timestamp, Tokens};

/// How many tokens of output pass between two looks at the budgets.
const STRIDE: Tokens = Tokens(16);

/// What bounds the stream of one call.
#[derive(Debug)]
pub struct Leash {
    lines: Vec<Line>,
    /// The input that each member of the pool is expected to count.
    inputs: Vec<(usize, Tokens)>,
    /// The output up to which nothing has to be looked at.
    next: Tokens,
}

/// One budget.
#[derive(Debug)]
struct Line {
    budget: BudgetName,
    counter: Counter,
    /// What is reserved for the call.
    held: u64,
    /// What of that was reserved while the stream ran.
    further: Vec<Hold>,
}

/// A stream that was stopped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stopped {
    /// The budget that had nothing left for it.
    pub budget: BudgetName,
    /// What its last attempt had used by then, or what the provider told of that later.
    pub usage: Usage,
    /// Whether the provider did.
    pub is_told: bool,
}

impl Leash {
    /// Of budgets with their counters and what is reserved of each; `None` if there are none. `inputs`: by member of the
    /// pool.
    #[must_use]
    pub fn new(
        budgets: impl Iterator<Item = (BudgetName, Counter, u64)>,
        inputs: Vec<(usize, Tokens)>,
    ) -> Option<Self> {
        let line = |(budget, counter, held)| Line {
            budget,
            counter,
            held,
            further: Vec::new(),
        };
        let lines: Vec<Line> = budgets.map(line).collect();
        (!lines.is_empty()).then_some(Self {
            lines,
            inputs,
            next: STRIDE,
        })
    }

    /// Gives back what was reserved while the stream ran: what it used is charged as a whole.
    pub fn release(self, store: &dyn Store, now: Timestamp) {
        for line in self.lines {
            for hold in line.further {
                line.counter.release(hold, store, now);
            }
        }
    }
}

impl Line {
    /// Whether a call may have taken so much; reserves more where it must.
    fn reaches(&mut self, taken: u64, store: &dyn Store, now: Timestamp) -> bool {
        if taken < self.held {
            return true;
        }
        let left = self.counter.left(store, now);
        // A fourth of what it has is rarely asked for again soon, and little enough not to keep others out.
        let wanted = taken
            .saturating_sub(self.held)
            .saturating_add(self.held / 4)
            .max(1);
        let Ok(hold) = self.counter.reserve(wanted.min(left), store, now) else {
            return false;
        };
        self.held = self.held.saturating_add(hold.amount);
        self.further.push(hold);
        taken < self.held
    }
}

impl Call {
    /// Whether its stream has used up what there is for it: then it is noted as stopped. Costs next to nothing for most
    /// chunks, and nothing for calls that nothing stops.
    pub fn has_run_out(&mut self, store: &dyn Store, now: Timestamp) -> bool {
        let Some(mut leash) = self.leash.take() else {
            return false;
        };
        let said = Tokens(self.observation.said() / BYTES_PER_OUTPUT_TOKEN);
        let spent = if said < leash.next {
            None
        } else {
            self.spent(&leash, said)
        };
        let mut stopped = None;
        if let Some((amounts, usage)) = spent {
            let spent_up = leash.lines.iter_mut().find_map(|line| {
                let taken = amounts.of(line.counter.ceiling.unit);
                (!line.reaches(taken, store, now)).then(|| line.budget.clone())
            });
            stopped = spent_up.map(|budget| Stopped {
                budget,
                usage,
                is_told: false,
            });
            if stopped.is_none() {
                leash.next = said.saturating_add(STRIDE);
            }
        }
        self.leash = Some(leash);
        let has_run_out = stopped.is_some();
        self.stopped = stopped.or_else(|| self.stopped.take());
        has_run_out
    }

    /// What all attempts have used so far, and the last one of that.
    fn spent(&self, leash: &Leash, said: Tokens) -> Option<(Amounts, Usage)> {
        let (last, earlier) = self.attempts.split_last()?;
        let usage = match self.observation.usage() {
            Some(told) => Usage {
                output: told.output.max(said),
                ..told
            },
            None => Usage {
                input: leash
                    .inputs
                    .iter()
                    .find(|(member, _)| *member == last.member)
                    .map_or(Tokens(0), |(_, input)| *input),
                output: said,
                ..Usage::default()
            },
        };
        let amounts = |member: usize, usage: &Usage| {
            let price = self.pool.members.get(member).and_then(|member| member.price);
            Amounts {
                tokens: usage.total(),
                cost: price.map_or(MicroUsd(0), |price| price.cost(usage)),
            }
        };
        let used = earlier
            .iter()
            .filter_map(|attempt| Some((attempt.member, attempt.usage?)));
        let before = used.fold(Amounts::default(), |sum, (member, usage)| {
            sum.and(amounts(member, &usage))
        });
        Some((before.and(amounts(last.member, &usage)), usage))
    }

    /// Notes what the provider of a stopped stream tells of its usage after the end.
    pub fn hear_usage(&mut self, told: Option<Usage>) {
        if let (Some(stopped), Some(told)) = (&mut self.stopped, told)
            && self.observation.usage() != Some(told)
        {
            stopped.usage = told;
            stopped.is_told = true;
        }
    }

    /// Takes what is known of a stopped stream's usage for what it used.
    pub fn settle_stopped(&mut self) {
        let (Some(stopped), Some(attempt)) = (&self.stopped, self.attempts.last_mut()) else {
            return;
        };
        attempt.usage = Some(stopped.usage);
        attempt.is_usage_estimated = !stopped.is_told;
    }
}
