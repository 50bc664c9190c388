//! The reference service's own configuration, <https://github.com/envoyproxy/ratelimit#configuration>.

use serde_json::{Value, json};

use super::account::{ACCOUNT, LIMIT, Owner, ServiceUnit};
use super::service::Service;
use crate::config::Snapshot;
use crate::ledger::{Period, Zone};

/// What the service is to know of the budgets and limits that a fleet shares: the windows of their counters. Their ceilings
/// are the broker's to hold.
#[must_use]
pub fn rendered(service: &Service, snapshot: &Snapshot) -> Value {
    let budgets = snapshot.budgets.iter().filter(|budget| budget.shared);
    let budgets = budgets.map(|budget| {
        let unit = ServiceUnit::of(budget.ceiling.period, &budget.ceiling.zone);
        descriptor(&Owner::Budget(budget.name.clone()), unit)
    });
    let providers = snapshot.providers.iter();
    let limits = providers
        .filter(|provider| provider.limits.shared)
        .map(|provider| {
            let unit = ServiceUnit::of(Period::Minute, &Zone::UTC);
            descriptor(&Owner::Limits(provider.name.clone()), unit)
        });
    let descriptors: Vec<_> = budgets.chain(limits).collect();
    json!({"domain": service.domain, "descriptors": descriptors})
}

fn descriptor(owner: &Owner, unit: ServiceUnit) -> Value {
    json!({
        "key": owner.key(),
        "value": owner.name(),
        "descriptors": [{
            "key": ACCOUNT,
            "rate_limit": {"unit": unit.as_str(), "requests_per_unit": LIMIT},
        }],
    })
}
