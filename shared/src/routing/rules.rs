//! Which pool takes a call: the first rule that matches, else the first pool whose `match_when` does, else the
//! logical model's own.

use std::sync::Arc;

use crate::config::{Agent, Criterion, LogicalModel, Pool, Snapshot, Subject, Test};
use crate::headers::{Headers, X_BROKER_PURPOSE, X_BROKER_STEP};
use crate::ids::{RuleName, TenantName};
use crate::units::Tokens;

/// What rules may look at.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    /// Who calls.
    pub agent: &'a Agent,
    /// The model asked for.
    pub model: &'a str,
    /// The estimated tokens of the input.
    pub input: Tokens,
    /// The request's headers.
    pub headers: &'a Headers,
}

/// Where a call goes.
#[derive(Clone, Debug)]
pub struct Resolution {
    /// The rule that said so; `match_when` if it was the pool's own condition.
    pub rule: Option<RuleName>,
    /// The pool.
    pub pool: Arc<Pool>,
    /// The logical model that was asked for, if the name is one's.
    pub model: Option<Arc<LogicalModel>>,
}

/// Nothing takes the call: the model is not known, or not to this agent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no model of this name")]
pub struct Unresolved;

/// Finds the pool of a call.
pub fn resolve(snapshot: &Snapshot, facts: Facts<'_>) -> Result<Resolution, Unresolved> {
    let model = snapshot.models.get(facts.model).cloned();
    if model.is_none()
        && !snapshot.offered_models.contains(facts.model)
        && !snapshot.upstream_models.contains(facts.model)
    {
        return Err(Unresolved);
    }
    if let Some(rule) = snapshot.rules.iter().find(|rule| all_hold(&rule.criteria, facts)) {
        return Ok(Resolution {
            rule: Some(rule.name.clone()),
            pool: rule.pool.clone(),
            model,
        });
    }
    let by_condition = snapshot
        .pools
        .iter()
        .find(|pool| !pool.match_when.is_empty() && all_hold(&pool.match_when, facts));
    if let Some(pool) = by_condition {
        return Ok(Resolution {
            rule: Some("match_when".into()),
            pool: pool.clone(),
            model,
        });
    }
    match model {
        Some(model) => Ok(Resolution {
            rule: None,
            pool: model.pool.clone(),
            model: Some(model),
        }),
        None => Err(Unresolved),
    }
}

fn all_hold(criteria: &[Criterion], facts: Facts<'_>) -> bool {
    criteria.iter().all(|criterion| holds(criterion, facts))
}

fn holds(criterion: &Criterion, facts: Facts<'_>) -> bool {
    let one_of = |value: Option<&str>| match (&criterion.test, value) {
        (Test::OneOf(choices), Some(value)) => choices.iter().any(|choice| choice == value),
        (Test::OneOf(_), None) | (Test::Compare(_), _) => false,
    };
    let workspace = facts.agent.workspace.as_deref();
    match &criterion.subject {
        Subject::ContextTokens => match criterion.test {
            Test::Compare(comparison) => comparison.holds(facts.input.0),
            Test::OneOf(_) => false,
        },
        Subject::RequestModel => one_of(Some(facts.model)),
        Subject::Agent => one_of(Some(facts.agent.name.as_str())),
        Subject::Workspace => one_of(workspace.map(|workspace| workspace.name.as_str())),
        Subject::Tenant => one_of(
            workspace
                .and_then(|workspace| workspace.tenant.as_ref())
                .map(TenantName::as_str),
        ),
        Subject::Header(name) => one_of(facts.headers.text(name)),
        Subject::Attribute(name) => one_of(attribute(facts, name)),
    }
}

/// An attribute of the agent; a call's own step or purpose goes before the agent's.
fn attribute<'a>(facts: Facts<'a>, name: &str) -> Option<&'a str> {
    let of_call = match name {
        "step" => facts.headers.text(X_BROKER_STEP),
        "purpose" => facts.headers.text(X_BROKER_PURPOSE),
        _ => None,
    };
    of_call.or_else(|| facts.agent.attributes.get(name).map(String::as_str))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::config::{Audience, load};
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn snapshot() -> Arc<Snapshot> {
        let pool = |name: &str, match_when: Option<serde_json::Value>| {
            let mut pool = json!({"name": name, "members": [{"provider": "p", "model": "upstream"}]});
            if let Some(condition) = match_when {
                pool["match_when"] = condition;
            }
            pool
        };
        let document = json!({
            "providers": [{"name": "p", "kind": "openai"}],
            "pools": [
                pool("standard", None), pool("long", None), pool("own", None), pool("batch", None),
                pool("cheap", Some(json!({"request.model": ["small", "tiny"]}))),
            ],
            "models": [{"name": "primary", "pool": "own"}],
            "rules": [
                {"match": {"tier": "standard", "workspace": "sales"}, "pool": "standard"},
                {"name": "long", "priority": 10, "match": {"tier": "standard", "context.tokens": ">100k"}, "pool": "long"},
                {"match": {"step": "extraction", "header.X-Team": ["a", "b"]}, "pool": "batch"},
            ],
            "workspaces": [{"name": "sales"}],
        });
        load(&document, Audience::Filter).unwrap().snapshot
    }

    fn agent(attributes: &[(&str, &str)], workspace: Option<&str>) -> Agent {
        Agent {
            name: "bot".into(),
            workspace: workspace.map(|name| {
                Arc::new(crate::config::Workspace {
                    name: name.into(),
                    tenant: None,
                })
            }),
            attributes: attributes
                .iter()
                .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
                .collect(),
        }
    }

    fn pool(
        agent: &Agent,
        model: &str,
        input: u64,
        headers: &[(&str, &str)],
    ) -> Option<(Option<String>, String)> {
        let headers = Headers::new(
            headers
                .iter()
                .map(|(k, v)| ((*k).to_owned(), v.as_bytes().to_vec()))
                .collect(),
        );
        let facts = Facts {
            agent,
            model,
            input: Tokens(input),
            headers: &headers,
        };
        let found = resolve(&snapshot(), facts).ok()?;
        Some((
            found.rule.map(|rule| rule.to_string()),
            found.pool.name.to_string(),
        ))
    }

    #[test]
    fn all_conditions_of_a_rule_must_hold_and_the_highest_priority_wins() {
        let standard = agent(&[("tier", "standard")], Some("sales"));
        let found = |rule: Option<&str>, pool: &str| Some((rule.map(str::to_owned), pool.to_owned()));
        assert_eq!(
            pool(&standard, "primary", 10, &[]),
            found(Some("rules[0]"), "standard")
        );
        assert_eq!(
            pool(&standard, "primary", 100_001, &[]),
            found(Some("long"), "long")
        );
        let elsewhere = agent(&[("tier", "standard")], None);
        assert_eq!(pool(&elsewhere, "primary", 10, &[]), found(None, "own"));
        let plain = agent(&[], None);
        let headers = [("x-broker-step", "extraction"), ("x-team", "b")];
        assert_eq!(
            pool(&plain, "primary", 10, &headers),
            found(Some("rules[2]"), "batch")
        );
        assert_eq!(pool(&plain, "primary", 10, &headers[..1]), found(None, "own"));
        assert_eq!(pool(&plain, "tiny", 10, &[]), found(Some("match_when"), "cheap"));
    }

    #[test]
    fn a_model_that_nothing_takes_is_unknown() {
        let plain = agent(&[], None);
        assert_eq!(pool(&plain, "nonsense", 10, &[]), None);
        assert_eq!(pool(&plain, "upstream", 10, &[]), None);
        let standard = agent(&[("tier", "standard")], Some("sales"));
        assert!(
            pool(&standard, "upstream", 10, &[]).is_some(),
            "a rule without a condition on the model takes it"
        );
        assert_eq!(pool(&standard, "nonsense", 10, &[]), None);
    }
}
