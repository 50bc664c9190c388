//! Envoy's own health checks. They go past all filters: without the provider's key, and unseen by the broker.

use serde_json::{Value, json};
use shared::config::{Endpoint, HealthCheck, Scheme};

use super::parts::{seconds, set};

/// Lets Envoy check the one host of a cluster.
pub fn check(cluster: &mut Value, check: &HealthCheck, endpoint: &Endpoint) {
    let mut health_check = json!({
        "interval": seconds(check.interval),
        // Envoy would ask an account without calls once a minute only.
        "no_traffic_interval": seconds(check.interval),
        "timeout": seconds(check.timeout),
        "unhealthy_threshold": check.unhealthy_after,
        "healthy_threshold": check.healthy_after,
        "http_health_check": {
            "path": check.path,
            "host": endpoint.authority(),
            "expected_statuses": [{"start": 200, "end": 300}],
            // Without this one wrong status would be as good as all failures that it takes.
            "retriable_statuses": [{"start": 100, "end": 600}],
        },
    });
    if endpoint.scheme == Scheme::Https {
        set(
            &mut health_check,
            "tls_options",
            json!({"alpn_protocols": ["http/1.1"]}),
        );
    }
    set(cluster, "health_checks", json!([health_check]));
    // Without this Envoy would take a cluster with nobody who is well for one whose checks are wrong, and go there.
    set(
        cluster,
        "common_lb_config",
        json!({"healthy_panic_threshold": {"value": 0}}),
    );
}
