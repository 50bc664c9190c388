//! From Cedar's syntax tree to the small tree that is evaluated.

mod condition;
mod expr;
mod time;

use std::sync::Arc;

use cedar_policy::pst;

use super::known;
use crate::limits::MAX_POLICY_DEPTH;
use crate::policy::expression::{BinaryOp, Expr, Variable};
use crate::policy::program::{Action, ActionSet, Constraint, Effect, EntityType, Policy, PolicyId, Scope};

/// A policy and its conditions in Cedar's words.
pub(super) struct Lowered {
    pub policy: Policy,
    pub conditions: Vec<String>,
}

/// What Cedar takes and the broker does not.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Unsupported {
    #[error(
        "`{0}` is no entity type of the broker; there are Tenant, Workspace, Agent, Model, Pool and Provider"
    )]
    Type(String),
    #[error("a target has no name of its own: say `resource in` a Model, a Pool or a Provider")]
    TargetName,
    #[error(
        "an entity can be compared, but attributes are known of `principal`, `resource` and `resource.provider` only"
    )]
    AttributeOfName,
    #[error("`context` can only be looked into, as in `context.step`")]
    WholeContext,
    #[error("templates are not supported: write the policy out")]
    Template,
    #[error("`{0}` is not supported here")]
    Expression(String),
    #[error("`{0}` is no point in time or duration")]
    Time(String),
    #[error("the conditions are nested more than {MAX_POLICY_DEPTH} deep: split them into several policies")]
    TooDeep,
}

pub(super) fn policy(id: &PolicyId, scope: &Scope, body: &pst::Template) -> Result<Lowered, Unsupported> {
    let (principal, principal_is) = match &body.principal {
        pst::PrincipalConstraint::Any => (None, None),
        pst::PrincipalConstraint::Eq(entity) => (Some(constraint(entity, true)?), None),
        pst::PrincipalConstraint::In(entity) => (Some(constraint(entity, false)?), None),
        pst::PrincipalConstraint::Is(of) => (None, Some(of)),
        pst::PrincipalConstraint::IsIn(of, entity) => (Some(constraint(entity, false)?), Some(of)),
    };
    let (resource, resource_is) = match &body.resource {
        pst::ResourceConstraint::Any => (None, None),
        pst::ResourceConstraint::Eq(entity) => (Some(constraint(entity, true)?), None),
        pst::ResourceConstraint::In(entity) => (Some(constraint(entity, false)?), None),
        pst::ResourceConstraint::Is(of) => (None, Some(of)),
        pst::ResourceConstraint::IsIn(of, entity) => (Some(constraint(entity, false)?), Some(of)),
    };
    let mut conditions = Vec::new();
    let mut words = Vec::new();
    for (variable, name, of) in [
        (Variable::Principal, "principal", principal_is),
        (Variable::Resource, "resource", resource_is),
    ] {
        if let Some(of) = of {
            let is = Expr::Is(Box::new(Expr::Variable(variable)), entity_type(of)?);
            conditions.push(is);
            words.push(format!("{name} is {of}"));
        }
    }
    for clause in body.clauses() {
        condition::lower(clause, &mut conditions, &mut words)?;
    }
    if conditions
        .iter()
        .any(|condition| condition.depth() > MAX_POLICY_DEPTH)
    {
        return Err(Unsupported::TooDeep);
    }
    let policy = Policy {
        id: id.clone(),
        effect: match body.effect {
            pst::Effect::Permit => Effect::Permit,
            pst::Effect::Forbid => Effect::Forbid,
        },
        scope: scope.clone(),
        principal,
        actions: actions(&body.action),
        resource,
        conditions,
    };
    Ok(Lowered {
        policy,
        conditions: words,
    })
}

fn constraint(entity: &pst::EntityOrSlot, exactly: bool) -> Result<Constraint, Unsupported> {
    let pst::EntityOrSlot::Entity(entity) = entity else {
        return Err(Unsupported::Template);
    };
    let (entity_type, name) = named(entity)?;
    Ok(Constraint {
        entity_type,
        name,
        exactly,
    })
}

fn named(entity: &pst::EntityUID) -> Result<(EntityType, Arc<str>), Unsupported> {
    match entity_type(&entity.ty)? {
        EntityType::Target => Err(Unsupported::TargetName),
        entity_type => Ok((entity_type, entity.eid.as_str().into())),
    }
}

fn entity_type(spelled: &pst::EntityType) -> Result<EntityType, Unsupported> {
    let name = spelled.0.to_string();
    let mut all = EntityType::ALL.into_iter();
    all.find(|entity_type| entity_type.as_str() == name)
        .ok_or(Unsupported::Type(name))
}

fn actions(constraint: &pst::ActionConstraint) -> ActionSet {
    let named: Vec<Action> = match constraint {
        pst::ActionConstraint::Any => Action::ALL.to_vec(),
        // The group is no action itself.
        pst::ActionConstraint::Eq(action) => known::actions(action.eid.as_str())
            .filter(|one| one.as_str() == action.eid.as_str())
            .collect(),
        pst::ActionConstraint::In(actions) => actions
            .iter()
            .flat_map(|action| known::actions(action.eid.as_str()))
            .collect(),
    };
    ActionSet {
        invoke: named.contains(&Action::Invoke),
        list: named.contains(&Action::List),
    }
}
