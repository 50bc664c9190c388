#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::*;
use crate::fleet::{Service, WhenDown};
use crate::units::Millis;

/// The valid document with shared budgets and a service.
fn shared() -> Value {
    let mut document = valid();
    document["budgets"][0]["shared"] = json!(true);
    document["budgets"][1]["shared"] = json!(false);
    document["rate_limit_service"] =
        json!({"cluster": "ratelimit", "domain": "model-broker", "endpoint": "http://ratelimit:8081"});
    document
}

fn mistakes_with(pointer: &str, value: Value) -> Vec<String> {
    let mut document = shared();
    let (parent, key) = pointer.rsplit_once('/').unwrap();
    document.pointer_mut(parent).unwrap()[key] = value;
    let mistakes = load(&document, Audience::Operator).unwrap_err();
    mistakes.0.iter().map(ToString::to_string).collect()
}

#[test]
fn a_service_has_defaults_that_delay_nobody() {
    let loaded = loaded(&shared());
    assert_eq!(
        loaded.snapshot.rate_limit_service.as_deref(),
        Some(&Service {
            cluster: "ratelimit".to_owned(),
            domain: "model-broker".to_owned(),
            when_down: WhenDown::Local,
            timeout: Millis(25),
        })
    );
    let shared: Vec<bool> = loaded
        .snapshot
        .budgets
        .iter()
        .map(|budget| budget.shared)
        .collect();
    assert_eq!(shared, [true, false]);
    assert_eq!(loaded.rate_limit_service.unwrap().authority(), "ratelimit:8081");
}

#[test]
fn the_filter_is_not_told_where_the_service_is() {
    let part = filter_part(&shared());
    assert!(part["rate_limit_service"].get("endpoint").is_none());
    assert!(load(&part, Audience::Filter).is_ok());
}

#[test]
fn a_service_that_counts_nothing_is_told() {
    let mut document = shared();
    document["budgets"][0]["shared"] = json!(false);
    let warnings = loaded(&document).warnings;
    let warnings: Vec<String> = warnings.iter().map(ToString::to_string).collect();
    let mut limited = document.clone();
    limited["providers"][0]["limits"]["shared"] = json!(true);
    assert!(loaded(&limited).warnings.is_empty());
    let limits = loaded(&limited).snapshot.providers[0].limits;
    assert!(limits.shared && limits.requests_per_minute.is_some());
    assert_eq!(
        warnings,
        [
            "rate_limit_service: has nothing to count: no budget is `shared`, nor are the `limits` of an account"
        ]
    );
}

#[test]
fn what_a_service_cannot_do_is_refused() {
    for (pointer, value, problem) in [
        (
            "/budgets/0/per",
            json!("total"),
            "budgets[0].shared: `true` cannot be for a budget `per: total`",
        ),
        (
            "/budgets/0/shared",
            json!("yes"),
            "budgets[0].shared: `yes` must be `true` or `false`",
        ),
        (
            "/providers/0/limits/shared",
            json!("yes"),
            "providers[0].limits.shared: `yes` must be `true` or `false`",
        ),
        (
            "/providers/0/limits",
            json!({"shared": true}),
            "providers[0].limits: `{...}` must have `requests_per_minute`, `tokens_per_minute` or both",
        ),
        (
            "/providers/0/limits/share",
            json!(true),
            "providers[0].limits.share: is not a key here",
        ),
        (
            "/rate_limit_service",
            json!({"domain": "model-broker"}),
            "rate_limit_service.cluster: is missing",
        ),
        (
            "/rate_limit_service/cluster",
            json!("openai-a"),
            "rate_limit_service.cluster: `openai-a` is the name of a provider",
        ),
        (
            "/rate_limit_service/domain",
            json!("a b"),
            "rate_limit_service.domain: `a b` must be a name",
        ),
        (
            "/rate_limit_service/endpoint",
            json!("ratelimit:8081"),
            "rate_limit_service.endpoint: `ratelimit:8081` must begin with",
        ),
        (
            "/rate_limit_service/endpoint",
            json!("http://ratelimit/json"),
            "rate_limit_service.endpoint: `http://ratelimit/json` must not have a path",
        ),
        (
            "/rate_limit_service/when_down",
            json!("open"),
            "rate_limit_service.when_down: `open` is not what can be done without the service (supported: local, closed)",
        ),
        (
            "/rate_limit_service/timeout",
            json!("100ms"),
            "rate_limit_service.timeout: `100ms` must be from `2ms` to `45ms`",
        ),
        (
            "/rate_limit_service/timout",
            json!("20ms"),
            "rate_limit_service.timout: is not a key here",
        ),
    ] {
        let found = mistakes_with(pointer, value);
        assert!(
            found.iter().any(|mistake| mistake.starts_with(problem)),
            "{pointer}: {found:?}"
        );
    }
    let mut document = shared();
    document.as_object_mut().unwrap().remove("rate_limit_service");
    let mistakes = load(&document, Audience::Operator).unwrap_err().to_string();
    assert!(
        mistakes.contains("budgets[0].shared: `true` needs `rate_limit_service`"),
        "{mistakes}"
    );
}
