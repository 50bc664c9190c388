//! Which pool takes a call: the first rule that matches, else the first pool whose `match_when` does, else the
//! logical model's own.

use std::sync::Arc;

use super::Stated;
use crate::config::{Agent, Criterion, LogicalModel, Pool, Snapshot, Subject, Test};
use crate::headers::Headers;
use crate::ids::{BudgetName, PoolName, RuleName, TenantName};
use crate::provider::{Capabilities, Capability};
use crate::request::Request;
use crate::units::Tokens;

/// What records say chose the pool where it was the pool's own condition.
pub const MATCH_WHEN: &str = "match_when";

/// What rules may look at.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    /// Who calls.
    pub agent: &'a Agent,
    /// The model asked for.
    pub model: &'a str,
    /// The estimated tokens of the input.
    pub input: Tokens,
    /// What it needs of the model.
    pub needs: Capabilities,
    /// What it says of itself.
    pub stated: Stated<'a>,
    /// The request's headers.
    pub headers: &'a Headers,
}

impl<'a> Facts<'a> {
    /// The facts of a call.
    #[must_use]
    pub fn of_call(agent: &'a Agent, headers: &'a Headers, request: &'a Request, input: Tokens) -> Self {
        Self {
            agent,
            model: &request.model,
            input,
            needs: request.needs,
            stated: Stated::of(agent, headers, Some(&request.metadata)),
            headers,
        }
    }

    /// The facts of the smallest call for a model that the agent could make with these headers.
    #[must_use]
    pub fn of_model(agent: &'a Agent, headers: &'a Headers, model: &'a str) -> Self {
        Self {
            agent,
            model,
            input: Tokens(0),
            needs: Capabilities::NONE,
            stated: Stated::of(agent, headers, None),
            headers,
        }
    }
}

/// Where a call goes.
#[derive(Clone, Debug)]
pub struct Resolution {
    /// The rule that said so; [`MATCH_WHEN`] if it was the pool's own condition.
    pub rule: Option<RuleName>,
    /// The pool.
    pub pool: Arc<Pool>,
    /// The logical model that was asked for, if the name is one's.
    pub model: Option<Arc<LogicalModel>>,
    /// Why it goes to another pool than the one that was chosen.
    pub downgrade: Option<Downgraded>,
}

/// A call that goes to another pool because a budget is nearly spent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Downgraded {
    /// Which budget.
    pub budget: BudgetName,
    /// The pool that was chosen.
    pub from: PoolName,
}

/// Nothing takes the call: the model is not known, or not to this agent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no model of this name")]
pub struct Unresolved;

/// Finds the pool of a call.
pub fn resolve(snapshot: &Snapshot, facts: Facts<'_>) -> Result<Resolution, Unresolved> {
    if !snapshot.knows_model(facts.model) {
        return Err(Unresolved);
    }
    let model = snapshot.models.get(facts.model).cloned();
    if let Some(rule) = snapshot.rules.iter().find(|rule| all_hold(&rule.criteria, facts)) {
        return Ok(Resolution {
            rule: Some(rule.name.clone()),
            pool: rule.pool.clone(),
            model,
            downgrade: None,
        });
    }
    let by_condition = snapshot
        .pools
        .iter()
        .find(|pool| !pool.match_when.is_empty() && all_hold(&pool.match_when, facts));
    if let Some(pool) = by_condition {
        return Ok(Resolution {
            rule: Some(MATCH_WHEN.into()),
            pool: pool.clone(),
            model,
            downgrade: None,
        });
    }
    match model {
        Some(model) => Ok(Resolution {
            rule: None,
            pool: model.pool.clone(),
            model: Some(model),
            downgrade: None,
        }),
        None => Err(Unresolved),
    }
}

/// The first condition that does not hold; `None` if all do.
#[must_use]
pub fn unmet<'c>(criteria: &'c [Criterion], facts: Facts<'_>) -> Option<&'c Criterion> {
    criteria.iter().find(|criterion| !holds(criterion, facts))
}

fn all_hold(criteria: &[Criterion], facts: Facts<'_>) -> bool {
    unmet(criteria, facts).is_none()
}

fn holds(criterion: &Criterion, facts: Facts<'_>) -> bool {
    match &criterion.test {
        Test::OneOf(choices) => facts
            .text(&criterion.subject)
            .is_some_and(|value| choices.iter().any(|choice| choice == value)),
        Test::Compare(comparison) => {
            criterion.subject == Subject::ContextTokens && comparison.holds(facts.input.0)
        }
        Test::Is(expected) => facts.flag(&criterion.subject) == Some(*expected),
    }
}

impl<'a> Facts<'a> {
    /// What the call has for a subject that is text.
    #[must_use]
    pub fn text(&self, subject: &Subject) -> Option<&'a str> {
        let workspace = self.agent.workspace.as_deref();
        match subject {
            Subject::RequestModel => Some(self.model),
            Subject::Agent => Some(self.agent.name.as_str()),
            Subject::Workspace => workspace.map(|workspace| workspace.name.as_str()),
            Subject::Tenant => workspace
                .and_then(|workspace| workspace.tenant.as_ref())
                .map(TenantName::as_str),
            Subject::Header(name) => self.headers.text(name),
            Subject::Attribute(name) => match name.as_str() {
                "step" => self.stated.step,
                "purpose" => self.stated.purpose,
                "tier" => self.stated.tier,
                _ => self.agent.attributes.get(name).map(String::as_str),
            },
            Subject::ContextTokens | Subject::Stream | Subject::Tools | Subject::Images => None,
        }
    }

    /// What the call has for a subject that is the case or not.
    #[must_use]
    pub fn flag(&self, subject: &Subject) -> Option<bool> {
        let capability = match subject {
            Subject::Stream => Capability::Streaming,
            Subject::Tools => Capability::Tools,
            Subject::Images => Capability::Vision,
            _ => return None,
        };
        Some(self.needs.has(capability))
    }
}

#[cfg(test)]
mod tests;
