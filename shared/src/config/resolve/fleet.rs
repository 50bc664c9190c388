//! The rate limit service, and whether it can count what it is to count.

use std::sync::Arc;

use crate::config::document::{BudgetEntry, Document};
use crate::config::reader::{Log, Reader};
use crate::fleet::Service;
use crate::ledger::Period;

pub(super) fn service(document: &Document<'_>, log: &Log) -> Option<Arc<Service>> {
    let entry = document.rate_limit_service.as_ref();
    for budget in &document.budgets {
        check(budget, entry.is_some());
    }
    let limits = document.providers.iter();
    for shared in limits.filter_map(|provider| provider.shared_limits.as_ref()) {
        check_service(shared, entry.is_some());
    }
    let entry = entry?;
    let name = entry.cluster.value().as_str().unwrap_or_default();
    let mut providers = document.providers.iter();
    if providers.any(|provider| provider.name.value().as_str() == Some(name)) {
        entry
            .cluster
            .mistake::<()>("is the name of a provider, whose cluster has it already");
    }
    let mut providers = document.providers.iter();
    if document.budgets.iter().all(|budget| budget.shared.is_none())
        && providers.all(|provider| provider.shared_limits.is_none())
    {
        let problem = "has nothing to count: no budget is `shared`, nor are the `limits` of an account";
        log.warn(entry.at.path(), "", problem);
    }
    Some(Arc::new(entry.service.clone()))
}

fn check(budget: &BudgetEntry<'_>, has_service: bool) {
    let Some(shared) = &budget.shared else { return };
    check_service(shared, has_service);
    if budget.ceiling.period == Period::Total {
        shared.mistake::<()>(
            "cannot be for a budget `per: total`: the rate limit service forgets after a year at the latest",
        );
    }
}

fn check_service(shared: &Reader<'_>, has_service: bool) {
    if !has_service {
        shared.mistake::<()>("needs `rate_limit_service`, which counts for all Envoys");
    }
}
