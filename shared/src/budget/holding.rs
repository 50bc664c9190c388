//! What one call holds of the budgets that apply to it.

mod fleet;

use serde::{Serialize, Serializer};

use super::{Allowance, Amounts, Counter, EndUser, Used};
use crate::alert::Alert;
use crate::ids::BudgetName;
use crate::ledger::{Hold, Percent, Unit};
use crate::store::Store;
use crate::units::rfc3339;
use crate::units::{MicroUsd, Timestamp};

/// What a call holds until it is settled.
#[derive(Debug, Default)]
#[must_use = "what is not settled is missing until it ages out"]
pub struct Holding(Vec<Held>);

#[derive(Debug)]
struct Held {
    allowance: Allowance,
    hold: Hold,
    /// Whether it was left.
    was_left: bool,
    /// What the fleet counts of it, once that is known.
    charge: Option<fleet::Charge>,
}

/// A budget keeps a call back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Overdrawn {
    /// Which one.
    pub budget: BudgetName,
    /// The place of the end user, where it tells them apart.
    pub user: Option<EndUser>,
    /// What it counts.
    pub unit: Unit,
    /// The HTTP status that the configuration wants for this.
    pub status: u16,
    /// What the call may take.
    pub needed: u64,
    /// What is left.
    pub left: u64,
    /// When the call came.
    pub now: Timestamp,
    /// When the budget begins anew; `None` if never.
    pub until: Option<Timestamp>,
}

/// What a call did to a budget, for its record.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Statement {
    /// The budget.
    pub name: BudgetName,
    /// The place of the end user whose budget it is; absent for others' budgets.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<EndUser>,
    /// Tokens or dollars.
    pub unit: &'static str,
    /// What was reserved, or would have been.
    pub reserved: Amount,
    /// What was used; absent if the call was kept back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub used: Option<Amount>,
    /// What is left.
    pub left: Amount,
    /// When the window began that it was charged to; absent if the call was kept back, and where there is but one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<String>,
    /// Whether `used` is only estimated.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub estimated: bool,
    /// Whether the call would be kept back if the budget were enforced.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub exceeded: bool,
    /// Whether the call's stream was ended because nothing was left.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub stopped: bool,
    /// The threshold that the call crossed, in per cent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alert: Option<u8>,
    /// Who counted the call, where the budget is shared: `fleet`, or only this Envoy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub counted: Option<&'static str>,
}

/// What came of a call's settlement.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Settlement {
    /// For its record, a budget each.
    pub statements: Vec<Statement>,
    /// The thresholds that it crossed.
    pub alerts: Vec<Alert>,
}

/// An amount in its unit: tokens as a whole number, money as dollars.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Amount {
    /// Its unit.
    pub unit: Unit,
    /// In tokens or millionths of a dollar.
    pub number: u64,
}

impl Serialize for Amount {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.unit {
            Unit::Tokens => serializer.serialize_u64(self.number),
            Unit::MicroUsd => serializer.serialize_f64(MicroUsd(self.number).as_dollars()),
        }
    }
}

/// Reserves what a call may take of every budget, or of none if one of them has not that much left.
pub fn hold(
    allowances: &[Allowance],
    takes: Amounts,
    store: &dyn Store,
    now: Timestamp,
) -> Result<Holding, Overdrawn> {
    let mut holding = Holding::default();
    for allowance in allowances {
        let counter = &allowance.counter;
        let needed = takes.of(counter.ceiling.unit);
        // Of what a fleet shares this Envoy alone cannot say that nothing is left.
        let (hold, was_left) = if allowance.budget.mode.is_enforced() && !allowance.budget.shared {
            match counter.reserve(needed, store, now) {
                Ok(hold) => (hold, true),
                Err(exhausted) => {
                    let left = counter.left(store, now);
                    holding.release(store, now);
                    return Err(Overdrawn {
                        budget: allowance.budget.name.clone(),
                        user: allowance.user.clone(),
                        unit: counter.ceiling.unit,
                        status: allowance.budget.status,
                        needed,
                        left,
                        now,
                        until: exhausted.until,
                    });
                }
            }
        } else {
            counter.reserve_anyway(needed, store, now)
        };
        holding.0.push(Held {
            allowance: allowance.clone(),
            hold,
            was_left,
            charge: None,
        });
    }
    Ok(holding)
}

impl Holding {
    /// Whether there is nothing to settle.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The budgets that end streams, each with what is held of it.
    pub fn stopping(&self) -> impl Iterator<Item = (BudgetName, Counter, u64)> {
        let stopping = self.0.iter().filter(|held| held.allowance.budget.stops_streams());
        stopping.map(|held| {
            let Allowance { budget, counter, .. } = &held.allowance;
            (budget.name.clone(), counter.clone(), held.hold.amount)
        })
    }

    /// What is left of each budget that tells its callers, as `name=1234` in its unit.
    #[must_use]
    pub fn told(&self, store: &dyn Store, now: Timestamp) -> Vec<String> {
        let telling = self.0.iter().filter(|held| held.allowance.budget.header);
        let told = telling.map(|Held { allowance, .. }| {
            let (name, counter) = (&allowance.budget.name, &allowance.counter);
            let left = counter.left(store, now);
            match counter.ceiling.unit {
                Unit::Tokens => format!("{name}={left}"),
                Unit::MicroUsd => format!("{name}={}", MicroUsd(left).as_dollars()),
            }
        });
        told.collect()
    }

    /// Gives everything back: the call is not made.
    pub fn release(self, store: &dyn Store, now: Timestamp) {
        for held in self.0 {
            held.allowance.counter.release(held.hold, store, now);
        }
    }

    /// Puts what was used in the place of what was reserved.
    pub fn settle(self, used: Used, store: &dyn Store, now: Timestamp) -> Settlement {
        let mut alerts = Vec::new();
        let settle = |held: Held| {
            let Allowance {
                budget,
                counter,
                user,
            } = &held.allowance;
            let unit = counter.ceiling.unit;
            let of_call = used.amounts.of(unit);
            let settled = counter.settle(held.hold, of_call, store, now);
            alerts.extend(Alert::of(counter, settled, now));
            let amount = |number| Amount { unit, number };
            Statement {
                name: budget.name.clone(),
                user: user.clone(),
                unit: unit.as_str(),
                reserved: amount(held.hold.amount),
                used: Some(amount(of_call)),
                left: amount(settled.left),
                since: since(settled.since),
                estimated: used.is_estimated,
                exceeded: !held.was_left,
                stopped: false,
                alert: settled.alert.map(|Percent(percent)| percent),
                counted: held.charge.as_ref().map(fleet::Charge::counted),
            }
        };
        let statements = self.0.into_iter().map(settle).collect();
        Settlement { statements, alerts }
    }
}

impl Overdrawn {
    /// What a record says of it.
    #[must_use]
    pub fn statement(&self) -> Statement {
        let amount = |number| Amount {
            unit: self.unit,
            number,
        };
        Statement {
            name: self.budget.clone(),
            user: self.user.clone(),
            unit: self.unit.as_str(),
            reserved: amount(self.needed),
            used: None,
            left: amount(self.left),
            since: None,
            estimated: false,
            exceeded: true,
            stopped: false,
            alert: None,
            counted: None,
        }
    }
}

/// The beginning of a window for a record; `None` of the one that never ends.
pub(crate) fn since(seconds: u64) -> Option<String> {
    (seconds > 0).then(|| rfc3339(Timestamp(seconds.saturating_mul(1_000_000_000))))
}
