//! Budgets: ceilings of what agents, workspaces and tenants may spend. Before a call its part of each is reserved, of all
//! of them or of none; afterwards what it used takes the place of that.

mod amounts;
mod carried;
mod clamp;
mod counter;
mod end_user;
mod holding;

use std::sync::Arc;

pub use amounts::{Amounts, Prospect, Used, used};
pub use carried::Carried;
pub use clamp::{affordable, bound};
pub use counter::{Counter, Settled};
pub use end_user::EndUser;
pub(crate) use holding::since;
pub use holding::{Holding, Overdrawn, Settlement, Statement, hold};

use crate::config::{Agent, Pool, Workspace};
use crate::ids::{AgentName, BudgetName};
use crate::ledger::{Ceiling, Percent, Unit};
use crate::policy::Mode;
use crate::routing::Moment;
use crate::units::MicroUsd;

/// Whose spending is counted together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scope {
    /// That of one agent.
    Agent,
    /// That of all agents of one workspace.
    Workspace,
    /// That of all workspaces of one tenant.
    Tenant,
    /// That of one person behind the agents of a workspace, in the agents' words.
    EndUser,
}

impl Scope {
    /// All scopes.
    pub const ALL: [Self; 4] = [Self::Agent, Self::Workspace, Self::Tenant, Self::EndUser];

    /// The scope as the document spells it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Agent => "agent",
            Self::Workspace => "workspace",
            Self::Tenant => "tenant",
            Self::EndUser => "end_user",
        }
    }

    /// What an agent's spending is counted as; `None` if the agent is in no such group, or each call tells anew.
    fn subject<'a>(self, agent: &'a AgentName, workspace: Option<&'a Workspace>) -> Option<&'a str> {
        match self {
            Self::Agent => Some(agent.as_str()),
            Self::Workspace => Some(workspace?.name.as_str()),
            Self::Tenant => Some(workspace?.tenant.as_ref()?.as_str()),
            Self::EndUser => None,
        }
    }
}

/// What becomes of a running stream that reaches the end of a budget.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnExhausted {
    /// It runs on and is charged.
    #[default]
    Finish,
    /// It is ended there.
    Stop,
}

/// A budget of the configuration.
#[derive(Debug)]
pub struct Budget {
    /// Its name.
    pub name: BudgetName,
    /// Whose spending it counts together.
    pub scope: Scope,
    /// The only one of them that it counts; `None`: each has a counter of its own.
    pub of: Option<String>,
    /// How much may be spent.
    pub ceiling: Ceiling,
    /// What of it is told of once it is spent, in ascending order.
    pub alert_at: Vec<Percent>,
    /// Where calls go instead near its end.
    pub downgrade: Option<Downgrade>,
    /// Whether calls beyond it are kept back.
    pub mode: Mode,
    /// The HTTP status of a call that is kept back: 429 or 402.
    pub status: u16,
    /// Whether calls ask for less output where too little is left.
    pub clamp: bool,
    /// Whether answers tell what is left of it.
    pub header: bool,
    /// What becomes of a stream that reaches its end.
    pub on_exhausted: OnExhausted,
    /// Whether a fleet of Envoys counts it together.
    pub shared: bool,
}

impl Budget {
    /// The counter of one whose spending is counted together; `None` if the budget is for others.
    #[must_use]
    pub fn counter(&self, subject: &str) -> Option<Counter> {
        let is_meant = self.of.as_deref().is_none_or(|only| only == subject);
        is_meant.then(|| Counter::of_caller(self, subject))
    }

    /// Whether streams are ended where nothing is left of it.
    #[must_use]
    pub fn stops_streams(&self) -> bool {
        self.on_exhausted == OnExhausted::Stop && self.mode.is_enforced()
    }

    /// Whether calls are bounded by what it has left.
    #[must_use]
    pub fn clamps(&self) -> bool {
        self.clamp && self.mode.is_enforced()
    }
}

/// Another pool from a part of a budget on.
#[derive(Debug)]
pub struct Downgrade {
    /// The part.
    pub at: Percent,
    /// The pool.
    pub pool: Arc<Pool>,
}

/// A budget as it applies to an agent, with the counter that the agent shares with others of its scope.
#[derive(Clone, Debug)]
pub struct Allowance {
    /// The budget.
    pub budget: Arc<Budget>,
    /// What was spent of it.
    pub counter: Counter,
    /// Which end user that is, where the budget tells them apart.
    pub user: Option<EndUser>,
}

impl Budget {
    /// The counters of workspaces, or of their tenants; none where each agent has its own.
    pub fn counters_of<'a>(
        &'a self,
        workspaces: impl Iterator<Item = &'a Workspace>,
    ) -> impl Iterator<Item = Counter> {
        let nobody = AgentName::from("");
        let shared = workspaces.filter(|_| self.scope != Scope::Agent);
        shared.filter_map(move |workspace| {
            let subject = self.scope.subject(&nobody, Some(workspace))?;
            self.counter(subject)
        })
    }
}

impl Allowance {
    /// The budgets that apply to an agent.
    #[must_use]
    pub fn of(budgets: &[Arc<Budget>], agent: &AgentName, workspace: Option<&Workspace>) -> Vec<Self> {
        let applying = budgets.iter().filter_map(|budget| {
            let subject = budget.scope.subject(agent, workspace)?;
            Some(Self {
                budget: budget.clone(),
                counter: budget.counter(subject)?,
                user: None,
            })
        });
        applying.collect()
    }
}

impl Allowance {
    /// The budgets that apply to the end user of a call. `given`: who the call says that is.
    #[must_use]
    pub fn of_end_user(budgets: &[Arc<Budget>], agent: &Agent, given: Option<&str>) -> Vec<Self> {
        let applying = budgets.iter().filter(|budget| budget.scope == Scope::EndUser);
        let applying: Vec<_> = applying.collect();
        if applying.is_empty() {
            // To know the user's place takes a digest.
            return Vec::new();
        }
        let user = EndUser::of(agent, given);
        let of_user = |budget: &Arc<Budget>| Self {
            counter: Counter::of_caller(budget, user.as_str()),
            budget: budget.clone(),
            user: Some(user.clone()),
        };
        applying.into_iter().map(of_user).collect()
    }
}

/// What is left of the tightest budget in dollars; `None` if none applies.
#[must_use]
pub fn dollars_left(allowances: &[Allowance], moment: Moment<'_>) -> Option<MicroUsd> {
    let of_money = allowances
        .iter()
        .filter(|allowance| allowance.budget.ceiling.unit == Unit::MicroUsd);
    let left = of_money.map(|allowance| allowance.counter.left(moment.store, moment.now));
    left.min().map(MicroUsd)
}

/// The first budget that is so far spent that calls go to another pool.
#[must_use]
pub fn downgrade<'a>(
    allowances: &'a [Allowance],
    moment: Moment<'_>,
) -> Option<(&'a BudgetName, &'a Arc<Pool>)> {
    allowances.iter().find_map(|allowance| {
        let downgrade = allowance.budget.downgrade.as_ref()?;
        let counter = &allowance.counter;
        let is_due = allowance.budget.mode.is_enforced()
            && counter.has_reached(downgrade.at, moment.store, moment.now);
        is_due.then_some((&allowance.budget.name, &downgrade.pool))
    })
}
