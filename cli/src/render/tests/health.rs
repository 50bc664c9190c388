use serde_json::{Value, json};

use super::{DOCUMENT, Rendered};

/// The document with a health check for one account.
fn checked(account: &str, check: &str) -> Rendered {
    let name = format!("  - name: {account}\n");
    Rendered::of(&DOCUMENT.replace(&name, &format!("{name}    health_check: {check}\n")))
}

#[test]
fn an_account_is_checked_under_its_own_name_as_often_without_calls_as_with_them() {
    let check = "{path: /health, interval: 5s, timeout: 1s, unhealthy_after: 4, healthy_after: 1}";
    let cluster = checked("local", check).cluster("local/direct");
    assert_eq!(
        cluster["health_checks"],
        json!([{
            "interval": "5.000s", "no_traffic_interval": "5.000s", "timeout": "1.000s",
            "unhealthy_threshold": 4, "healthy_threshold": 1,
            "http_health_check": {
                "path": "/health", "host": "127.0.0.1:8000",
                "expected_statuses": [{"start": 200, "end": 300}],
                "retriable_statuses": [{"start": 100, "end": 600}],
            },
        }])
    );
    assert_eq!(
        cluster["common_lb_config"]["healthy_panic_threshold"],
        json!({"value": 0}),
        "nobody goes where nobody is well"
    );
}

#[test]
fn a_checked_account_is_reached_through_a_hop_so_that_a_failed_check_is_an_attempt() {
    let rendered = checked("local", "{path: /health}");
    let address = |cluster: &Value| {
        cluster["load_assignment"]["endpoints"][0]["lb_endpoints"][0]["endpoint"]["address"].clone()
    };
    let cluster = rendered.cluster("local");
    assert_eq!(
        address(&cluster)["envoy_internal_address"]["server_listener_name"],
        "local/hop"
    );
    assert_eq!(cluster.get("health_checks"), None, "the hop is always there");
    assert_eq!(
        address(&rendered.cluster("local/direct"))["socket_address"]["port_value"],
        8000
    );
}

#[test]
fn a_check_over_tls_speaks_http_1() {
    let cluster = checked("openai-a", "{path: /}").cluster("openai-a/direct");
    let check = &cluster["health_checks"][0];
    assert_eq!(check["tls_options"], json!({"alpn_protocols": ["http/1.1"]}));
    assert_eq!(check["http_health_check"]["host"], "api.openai.com");
    assert_eq!(cluster["type"], "STRICT_DNS", "each of its addresses is checked");
}

#[test]
fn who_is_not_checked_has_no_hop_and_no_check() {
    let cluster = checked("local", "{path: /health}").cluster("openai-a");
    assert_eq!(cluster.get("health_checks"), None);
    assert_eq!(cluster.get("common_lb_config"), None);
}
