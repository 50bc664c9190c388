use serde_json::json;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::{expect, loaded, valid, with};
use crate::config::{HealthCheck, filter_part};
use crate::units::Millis;

#[test]
fn a_health_check_is_read_for_envoy_and_kept_from_the_filter() {
    let connections = loaded(&valid()).connections;
    assert_eq!(
        connections[3].health_check,
        Some(HealthCheck {
            path: "/health?full=1".to_owned(),
            interval: Millis(5_000),
            timeout: Millis(500),
            unhealthy_after: 4,
            healthy_after: 1,
        })
    );
    assert_eq!(connections[0].health_check, None);
    assert!(!filter_part(&valid()).to_string().contains("health_check"));
}

#[test]
fn all_but_the_path_may_be_left_to_the_broker() {
    let document = with("/providers/0/health_check", json!({"path": "/"}));
    let expected = HealthCheck {
        path: "/".to_owned(),
        ..HealthCheck::default()
    };
    assert_eq!(loaded(&document).connections[0].health_check, Some(expected));
}

#[test]
fn what_is_no_health_check_says_what_would_be_right() {
    expect(&[
        (
            "/providers/3/health_check",
            json!("/health"),
            "providers[3].health_check: must be a mapping",
        ),
        (
            "/providers/0/health_check",
            json!({}),
            "providers[0].health_check.path: is missing",
        ),
        (
            "/providers/3/health_check/path",
            json!("health"),
            "providers[3].health_check.path: `health` must be a path such as `/health`",
        ),
        (
            "/providers/3/health_check/path",
            json!("/a b"),
            "providers[3].health_check.path: `/a b` must be a path such as `/health`",
        ),
        (
            "/providers/3/health_check/interval",
            json!("50ms"),
            "providers[3].health_check.interval: `50ms` must be between `100ms` and `1h`",
        ),
        (
            "/providers/3/health_check/timeout",
            json!(2),
            "providers[3].health_check.timeout: `2` must be a duration",
        ),
        (
            "/providers/3/health_check/unhealthy_after",
            json!(0),
            "providers[3].health_check.unhealthy_after: `0` must be a whole number from 1 to 100",
        ),
        (
            "/providers/3/health_check/healthy_afer",
            json!(2),
            "providers[3].health_check.healthy_afer: is not a key here",
        ),
    ]);
}
