//! What a record says of budgets.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;
use shared::budget::{Budget, Scope};
use shared::health::delay;
use shared::ledger::Unit;
use shared::units::{Millis, Timestamp};

use crate::spend::amount;

type Text<'a> = Option<Cow<'a, str>>;

/// What of a record counts here. Amounts stay as they are written, to be read exactly.
#[derive(Deserialize)]
pub struct Record<'a> {
    #[serde(borrow)]
    time: Cow<'a, str>,
    #[serde(rename = "llm.duration_ms", default)]
    duration: u64,
    #[serde(rename = "llm.agent", borrow)]
    agent: Text<'a>,
    #[serde(rename = "llm.workspace", borrow)]
    workspace: Text<'a>,
    #[serde(rename = "llm.tenant", borrow)]
    tenant: Text<'a>,
    #[serde(rename = "llm.budgets", borrow, default)]
    budgets: Vec<Statement<'a>>,
    #[serde(rename = "llm.attempts", borrow, default)]
    attempts: Vec<Attempt<'a>>,
}

#[derive(Deserialize)]
struct Statement<'a> {
    #[serde(borrow)]
    name: Cow<'a, str>,
    #[serde(borrow)]
    user: Text<'a>,
    #[serde(borrow)]
    unit: Cow<'a, str>,
    #[serde(borrow)]
    used: Option<&'a RawValue>,
    #[serde(borrow)]
    since: Text<'a>,
    alert: Option<u8>,
}

#[derive(Deserialize)]
struct Attempt<'a> {
    #[serde(borrow)]
    provider: Text<'a>,
    #[serde(borrow)]
    budget_usd: Option<&'a RawValue>,
    #[serde(borrow)]
    budget_since: Text<'a>,
    budget_alert: Option<u8>,
}

/// What a call took of one budget.
#[derive(Clone, Copy, Debug)]
pub struct Charge {
    /// The first second of the window that it was charged to; zero where there is but one.
    pub since: u64,
    /// How much, in the budget's unit.
    pub spent: u64,
    /// The threshold that it crossed, in per cent; zero if none.
    pub alerted: u8,
}

impl<'a> Record<'a> {
    /// Reads a line; `None` if it is no record, or has nothing to say of budgets.
    pub fn read(line: &'a [u8]) -> Option<Self> {
        // Most of the time is spent on reading what is of no interest.
        let says = |what: &str| memchr::memmem::find(line, what.as_bytes()).is_some();
        let is_of_interest = says("\"llm.budgets\"") || says("\"budget_usd\"");
        is_of_interest.then(|| serde_json::from_slice(line).ok())?
    }

    /// Whose spending the call is in a scope.
    fn subject(&self, scope: Scope) -> Option<&str> {
        match scope {
            Scope::Agent => self.agent.as_deref(),
            Scope::Workspace => self.workspace.as_deref(),
            Scope::Tenant => self.tenant.as_deref(),
            // Each statement says it by itself.
            Scope::EndUser => None,
        }
    }

    /// What the call took of a budget, and of whose counter; nothing if it was kept back.
    pub fn of_budget<'s>(&'s self, budget: &'s Budget) -> impl Iterator<Item = (&'s str, Charge)> {
        let unit = budget.ceiling.unit;
        let statements = self.budgets.iter();
        let meant =
            statements.filter(move |said| said.name == budget.name.as_str() && said.unit == unit.as_str());
        meant.filter_map(move |said| {
            let subject = match budget.scope {
                Scope::EndUser => said.user.as_deref(),
                scope => self.subject(scope),
            };
            let charge = self.charge(said.used?, unit, said.since.as_deref(), said.alert)?;
            Some((subject?, charge))
        })
    }

    /// What the call took of an account's budget.
    pub fn of_account(&self, provider: &str, unit: Unit) -> impl Iterator<Item = Charge> {
        let attempts = self.attempts.iter();
        let meant = attempts.filter(move |attempt| attempt.provider.as_deref() == Some(provider));
        meant.filter_map(move |attempt| {
            let since = attempt.budget_since.as_deref();
            self.charge(attempt.budget_usd?, unit, since, attempt.budget_alert)
        })
    }

    fn charge(&self, used: &RawValue, unit: Unit, since: Option<&str>, alert: Option<u8>) -> Option<Charge> {
        let seconds = |at: Timestamp| at.0 / 1_000_000_000;
        Some(Charge {
            since: match since {
                Some(since) => seconds(moment(since)?),
                // Records of earlier versions do not say which window that was: the one in which the call ended.
                None => seconds(moment(&self.time)?.after(Millis(self.duration))),
            },
            spent: match unit {
                Unit::Tokens => used.get().parse().ok()?,
                Unit::MicroUsd => amount::read(used.get())?.micro_usd.0,
            },
            alerted: alert.unwrap_or_default(),
        })
    }
}

fn moment(text: &str) -> Option<Timestamp> {
    delay::moment(text)
}
