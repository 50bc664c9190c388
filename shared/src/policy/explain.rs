//! Why policies decide as they do, and what would have to change: for people, never on the path of a call.

use super::decide::{Policies, Verdict};
use super::evaluate::EvaluationError;
use super::facts::Call;
use super::program::{Constraint, Effect, Policy, PolicyId, Scope};

/// A decision of one target and the policies around it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// What was decided, and by which policies.
    pub verdict: Verdict,
    /// The policies that would be satisfied if one more thing held: permits of a denied call, forbids of an allowed one.
    pub near_misses: Vec<NearMiss>,
}

/// A policy that is one condition away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NearMiss {
    /// The policy.
    pub policy: PolicyId,
    /// What it does.
    pub effect: Effect,
    /// What would have to hold, in Cedar's words.
    pub unmet: String,
}

impl Policies {
    /// Explains the decision of one target. `words`: each policy's conditions in Cedar's words, as they were compiled;
    /// a condition without words is told by its number.
    #[must_use]
    pub fn explain(&self, call: &Call<'_>, words: &[Vec<String>]) -> Explanation {
        let verdict = self.decide(call);
        let sought = if verdict.is_allowed() {
            Effect::Forbid
        } else {
            Effect::Permit
        };
        let no_words = Vec::new();
        let near_misses = self.all().iter().enumerate().filter_map(|(number, policy)| {
            let words = words.get(number).unwrap_or(&no_words);
            let unmet = only(unmet(policy, call, words).ok()?)?;
            Some(NearMiss {
                policy: policy.id.clone(),
                effect: policy.effect,
                unmet,
            })
        });
        let near_misses = near_misses.filter(|miss| miss.effect == sought).collect();
        Explanation { verdict, near_misses }
    }
}

fn only<T>(mut things: Vec<T>) -> Option<T> {
    let thing = things.pop()?;
    things.is_empty().then_some(thing)
}

/// Everything about a policy that does not hold. One whose conditions have no value is none that nearly matches.
fn unmet(policy: &Policy, call: &Call<'_>, words: &[String]) -> Result<Vec<String>, EvaluationError> {
    let mut unmet = Vec::new();
    if !policy.scope.has(call.principal) {
        unmet.push(match &policy.scope {
            Scope::Global => String::new(),
            Scope::Tenant(name) => format!("principal in Tenant::\"{name}\""),
            Scope::Workspace(name) => format!("principal in Workspace::\"{name}\""),
        });
    }
    if let Some(of) = &policy.principal
        && !of.has_principal(call.principal)
    {
        unmet.push(spelled("principal", of));
    }
    if !policy.actions.has(call.action) {
        unmet.push(format!("action in Action::\"{}\"", call.action.as_str()));
    }
    if let Some(of) = &policy.resource
        && !of.has_target(call.target)
    {
        unmet.push(spelled("resource", of));
    }
    for (number, condition) in policy.conditions.iter().enumerate() {
        if !condition.holds(call)? {
            let words = words.get(number).cloned();
            unmet.push(words.unwrap_or_else(|| format!("condition {}", number + 1)));
        }
    }
    Ok(unmet)
}

fn spelled(variable: &str, of: &Constraint) -> String {
    let relation = if of.exactly { "==" } else { "in" };
    format!(
        "{variable} {relation} {}::\"{}\"",
        of.entity_type.as_str(),
        of.name
    )
}
