//! The reference service's own configuration, <https://github.com/envoyproxy/ratelimit#configuration>.

use serde_json::{Value, json};

use super::account::{ACCOUNT, BUDGET, LIMIT, ServiceUnit};
use super::service::Service;
use crate::budget::Budget;

/// What the service is to know of some budgets: the windows of their counters. Their ceilings are the broker's to hold.
#[must_use]
pub fn rendered<'a>(service: &Service, budgets: impl IntoIterator<Item = &'a Budget>) -> Value {
    let descriptors: Vec<_> = budgets
        .into_iter()
        .map(|budget| {
            let unit = ServiceUnit::of(budget.ceiling.period, &budget.ceiling.zone);
            json!({
                "key": BUDGET,
                "value": budget.name,
                "descriptors": [{
                    "key": ACCOUNT,
                    "rate_limit": {"unit": unit.as_str(), "requests_per_unit": LIMIT},
                }],
            })
        })
        .collect();
    json!({"domain": service.domain, "descriptors": descriptors})
}
