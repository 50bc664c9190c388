//! Envoy's admin interface, as far as `broker up` needs it.

use crate::http;

pub struct Admin {
    address: String,
}

impl Admin {
    pub fn new(address: &str) -> Self {
        Self {
            address: address.to_owned(),
        }
    }

    /// Whether Envoy serves and has the broker's listener.
    pub fn is_ready(&self) -> bool {
        self.get("/ready").is_some_and(|body| body.contains("LIVE"))
            && self
                .get("/listeners")
                .is_some_and(|body| body.contains("model-broker::"))
    }

    /// How many updates of its configuration Envoy has refused.
    pub fn rejected_updates(&self) -> u64 {
        let stats = self
            .get("/stats?filter=(update_rejected|config_fail)$")
            .unwrap_or_default();
        stats
            .lines()
            .filter_map(|line| line.rsplit_once(": ")?.1.trim().parse::<u64>().ok())
            .sum()
    }

    fn get(&self, path: &str) -> Option<String> {
        http::get(&self.address, path).ok()
    }
}
