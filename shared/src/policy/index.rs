//! Which policies can be about a call at all, found without looking at the others: by the principal and the resource
//! of their heads, and by their scope.

use std::collections::HashMap;
use std::sync::Arc;

use super::facts::{Principal, Target};
use super::program::{Constraint, EntityType, Policy, Scope};

/// A named entity; `None`: all there are.
type Key = Option<(EntityType, Arc<str>)>;

/// Policies by the narrowest thing that their heads and scopes name.
#[derive(Debug, Default)]
pub(super) struct Index {
    by_principal: HashMap<EntityType, HashMap<Arc<str>, ByResource>>,
    any_principal: ByResource,
}

#[derive(Debug, Default)]
struct ByResource {
    by_name: HashMap<EntityType, HashMap<Arc<str>, Vec<u32>>>,
    any: Vec<u32>,
}

impl Index {
    pub(super) fn of(policies: &[Policy]) -> Self {
        let mut index = Self::default();
        for (number, policy) in (0..).zip(policies) {
            let by_resource = match principal(policy) {
                Some((entity_type, name)) => index
                    .by_principal
                    .entry(entity_type)
                    .or_default()
                    .entry(name)
                    .or_default(),
                None => &mut index.any_principal,
            };
            let numbers = match named(policy.resource.as_ref()) {
                Some((entity_type, name)) => by_resource
                    .by_name
                    .entry(entity_type)
                    .or_default()
                    .entry(name)
                    .or_default(),
                None => &mut by_resource.any,
            };
            numbers.push(number);
        }
        index
    }

    /// The numbers of the policies whose heads may match, in their order.
    pub(super) fn candidates(&self, principal: &Principal<'_>, target: &Target<'_>) -> Vec<u32> {
        let mut numbers = Vec::new();
        self.any_principal.collect(target, &mut numbers);
        for (entity_type, name) in principal.lineage() {
            let by_name = self.by_principal.get(&entity_type);
            if let Some(by_resource) = by_name.and_then(|by_name| by_name.get(name)) {
                by_resource.collect(target, &mut numbers);
            }
        }
        numbers.sort_unstable();
        numbers
    }
}

impl ByResource {
    fn collect(&self, target: &Target<'_>, numbers: &mut Vec<u32>) {
        numbers.extend(&self.any);
        for (entity_type, name) in target.lineage() {
            let by_name = self.by_name.get(&entity_type);
            numbers.extend(
                by_name
                    .and_then(|by_name| by_name.get(name))
                    .into_iter()
                    .flatten(),
            );
        }
    }
}

/// The head's principal, or else the scope: an agent is in both.
fn principal(policy: &Policy) -> Key {
    named(policy.principal.as_ref()).or_else(|| match &policy.scope {
        Scope::Global => None,
        Scope::Tenant(name) => Some((EntityType::Tenant, name.as_str().into())),
        Scope::Workspace(name) => Some((EntityType::Workspace, name.as_str().into())),
    })
}

fn named(constraint: Option<&Constraint>) -> Key {
    constraint.map(|constraint| (constraint.entity_type, constraint.name.clone()))
}
