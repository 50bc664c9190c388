//! Budgets, with the names of those whose spending they count.

use std::sync::Arc;

use super::Named;
use crate::budget::{Budget, Downgrade, Scope};
use crate::config::document::{BudgetEntry, Document};
use crate::config::reader::Reader;
use crate::config::snapshot::Pool;
use crate::ids::BudgetName;
use crate::ledger::Unit;
use crate::limits::MAX_BUDGETS;

pub(super) fn budgets(document: &Document<'_>, pools: &Named<Arc<Pool>>) -> Vec<Arc<Budget>> {
    let budgets = document.budgets.iter().map(|entry| {
        let budget = Budget {
            name: BudgetName::from(entry.name.value().as_str().unwrap_or_default()),
            scope: entry.scope,
            of: entry
                .of
                .as_ref()
                .and_then(|of| subject(of, entry.scope, document)),
            ceiling: entry.ceiling.clone(),
            alert_at: entry.alert_at.clone(),
            downgrade: entry.downgrade.as_ref().and_then(|(at, pool)| {
                let pool = pools.look_up(pool, "pool")?;
                Some(Downgrade { at: *at, pool })
            }),
            mode: entry.mode,
            status: entry.status,
            clamp: entry.clamp,
            header: entry.header,
            on_exhausted: entry.on_exhausted,
            shared: entry.shared.is_some(),
        };
        (entry.name.clone(), Arc::new(budget))
    });
    let budgets: Vec<_> = Named::collect(budgets, "budget").things().collect();
    if let Some(entry) = document.budgets.get(MAX_BUDGETS) {
        entry
            .name
            .mistake::<()>(format!("is one budget too many: there can be {MAX_BUDGETS}"));
    }
    budgets
}

/// Whom a budget is for; an unknown name is a mistake.
fn subject(of: &Reader<'_>, scope: Scope, document: &Document<'_>) -> Option<String> {
    let given = of.string()?;
    let known: Vec<&str> = match scope {
        Scope::Agent => names(document.agents.iter().map(|entry| &entry.name)),
        Scope::Workspace => names(document.workspaces.iter().map(|entry| &entry.name)),
        Scope::Tenant => names(document.tenants.iter().map(|entry| &entry.name)),
        Scope::EndUser => Vec::new(),
    };
    if known.contains(&given) {
        return Some(given.to_owned());
    }
    of.unknown_name(format!("is no {} of this configuration", scope.as_str()), known)
}

fn names<'a, 'v: 'a>(readers: impl Iterator<Item = &'a Reader<'v>>) -> Vec<&'v str> {
    readers.filter_map(|reader| reader.value().as_str()).collect()
}

/// Models without a price cost nothing as far as a budget in dollars can tell, which its author should know.
pub(super) fn warn_of_unpriced(entries: &[BudgetEntry<'_>], pools: impl Iterator<Item = Arc<Pool>>) {
    let in_dollars = entries.iter().find(|entry| entry.ceiling.unit == Unit::MicroUsd);
    let Some(entry) = in_dollars else { return };
    let unpriced = |pool: Arc<Pool>| {
        let mut members = pool.members.iter();
        members
            .find(|member| member.price.is_none())
            .map(|member| member.model.clone())
    };
    if let Some(model) = pools.filter_map(unpriced).min() {
        let problem = [
            "counts dollars, but `",
            model.as_str(),
            "` has no price: its calls cost it nothing",
        ]
        .concat();
        let name = entry.name.value().as_str().unwrap_or_default();
        entry.name.log().warn(entry.name.path(), name, &problem);
    }
}
