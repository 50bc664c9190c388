//! The budgets of a call: reserved before it goes out, settled when it is over, and told of.

use crate::broker::Output;
use crate::budget::{self, Allowance, Holding, Prospect, Settlement, Statement};
use crate::call::{Call, Leash};
use crate::ledger::Unit;
use crate::metrics::{Labels, Metric};
use crate::reply::Refusal;
use crate::routing::{Demand, Downgraded, Moment, Resolution};
use crate::units::{MicroUsd, Timestamp, Tokens};

/// How often a call is clamped anew because others took what was left.
const MAX_CLAMPS: usize = 4;

/// What a call holds, and to how much output it was bounded for that.
#[derive(Debug, Default)]
pub(super) struct Reserved {
    pub holding: Holding,
    pub clamped: Option<Tokens>,
}

/// Reserves what a call may take of all budgets of its caller.
pub(super) fn reserve(
    allowances: &[Allowance],
    call: &mut Call,
    moment: Moment<'_>,
) -> Result<Reserved, Refusal> {
    let mut reserved = Reserved::default();
    if allowances.is_empty() {
        return Ok(reserved);
    }
    let mut tries = 0;
    loop {
        let mut prospect = Prospect::of(call, moment);
        if let Some(most) = budget::affordable(allowances, &prospect, moment)
            && budget::bound(call, most)
        {
            reserved.clamped = Some(most);
            prospect = Prospect::of(call, moment);
        }
        match budget::hold(allowances, prospect.most(), moment.store, moment.now) {
            Ok(holding) => {
                call.leash = leash(&holding, call, moment);
                return Ok(Reserved { holding, ..reserved });
            }
            Err(overdrawn) => {
                // Another call may have taken what there was, and something less may be left.
                tries += 1;
                if reserved.clamped.is_none() || tries >= MAX_CLAMPS {
                    return Err(Refusal::Overdrawn(Box::new(overdrawn)));
                }
            }
        }
    }
}

/// What bounds the stream of a call.
fn leash(holding: &Holding, call: &Call, moment: Moment<'_>) -> Option<Leash> {
    if !call.request.stream {
        return None;
    }
    let demand = Demand::of(&call.request, moment);
    let inputs = call.plan.attempts.iter().map(|planned| {
        let input = demand.input(&planned.model);
        (planned.member, input)
    });
    Leash::new(holding.stopping(), inputs.collect())
}

/// What is left of the budgets that tell their callers, as a header's value; `None` if none does. To ask the host for the
/// time is not worth it: the window in which the call came is good enough.
pub(super) fn told(holding: &Holding, started: Timestamp, output: &dyn Output) -> Option<String> {
    let told = holding.told(output.store(), started);
    (!told.is_empty()).then(|| told.join(", "))
}

/// Settles what a call holds that is over. `costs`: those of its attempts, in order.
pub(super) fn settle(
    holding: Holding,
    call: &Call,
    costs: &[Option<MicroUsd>],
    now: Timestamp,
    output: &mut dyn Output,
) -> Vec<Statement> {
    if holding.is_empty() {
        return Vec::new();
    }
    let moment = Moment {
        now,
        random: 0,
        store: output.store(),
        worker: output.worker(),
    };
    let used = budget::used(call, costs, moment);
    for change in holding.changes(used.amounts) {
        moment.worker.pending.add(change);
    }
    let Settlement {
        mut statements,
        alerts,
    } = holding.settle(used, moment.store, now);
    for alert in &alerts {
        output.alert(alert);
    }
    if let Some(stopped) = &call.stopped {
        let mut statements = statements.iter_mut();
        if let Some(statement) = statements.find(|statement| statement.name == stopped.budget) {
            statement.stopped = true;
        }
    }
    statements
}

/// Where a call goes instead because a budget of its caller is nearly spent.
pub(super) fn downgrade(
    resolution: &Resolution,
    allowances: &[Allowance],
    moment: Moment<'_>,
) -> Option<Resolution> {
    let (budget, pool) = budget::downgrade(allowances, moment)?;
    (pool.name != resolution.pool.name).then(|| Resolution {
        pool: pool.clone(),
        downgrade: Some(Downgraded {
            budget: budget.clone(),
            from: resolution.pool.name.clone(),
        }),
        ..resolution.clone()
    })
}

/// Counts what a call did to budgets. `agent`: who called.
pub(super) fn measure(statements: &[Statement], agent: Option<&str>, output: &mut dyn Output) {
    for statement in statements {
        let of_budget = Labels {
            budget: Some(statement.name.as_str()),
            ..Labels::default()
        };
        let labels = Labels { agent, ..of_budget };
        if let Some(used) = statement.used {
            let metric = match used.unit {
                Unit::Tokens => Metric::BudgetTokens,
                Unit::MicroUsd => Metric::BudgetMicroUsd,
            };
            output.measure(metric, labels, used.number);
        }
        if statement.exceeded || statement.stopped {
            let mode = if statement.stopped {
                "stop"
            } else if statement.used.is_some() {
                "audit"
            } else {
                "enforce"
            };
            let outcome = Some(mode);
            output.measure(Metric::BudgetRefusals, Labels { outcome, ..labels }, 1);
        }
        if let Some(alert) = statement.alert {
            let threshold = alert.to_string();
            let cause = Some(threshold.as_str());
            output.measure(Metric::BudgetAlerts, Labels { cause, ..of_budget }, 1);
        }
    }
}
