//! `broker status`: the status page as tables for people.

use anyhow::{Context as _, Result};
use clap::Args;
use serde_json::Value;

use crate::render::DEFAULT_STATUS;
use crate::{columns, http, printed};

#[derive(Args)]
pub struct Options {
    /// Where the status page of the broker is.
    #[arg(long, value_name = "HOST:PORT", default_value = DEFAULT_STATUS)]
    address: String,
}

const RULES: [&str; 10] = [
    "rule",
    "pool",
    "matches",
    "success %",
    "error %",
    "refused",
    "left",
    "p50 ms",
    "p95 ms",
    "cost $",
];

const MEMBERS: [&str; 6] = ["pool", "account", "model", "standing", "for ms", "first byte ms"];

pub fn run(options: &Options) -> Result<()> {
    let body = http::get(&options.address, "/status.json")?;
    let status = serde_json::from_str(&body).context("the status page is none of a broker")?;
    printed::text(&tables(&status))
}

fn tables(status: &Value) -> String {
    let list = |value: &Value, key: &str| {
        value
            .get(key)
            .and_then(Value::as_array)
            .cloned()
            .unwrap_or_default()
    };
    let rules: Vec<_> = list(status, "rules").iter().map(rule).collect();
    let members: Vec<_> = list(status, "pools")
        .iter()
        .flat_map(|pool| {
            let name = text(pool, "pool");
            let members = list(pool, "members");
            members.iter().map(|row| member(&name, row)).collect::<Vec<_>>()
        })
        .collect();
    [
        "configuration ",
        &text(status, "config"),
        "\n\n",
        &columns::table(RULES, &rules),
        "\n",
        &columns::table(MEMBERS, &members),
    ]
    .concat()
}

fn rule(rule: &Value) -> [String; 10] {
    let percent = |key| {
        let rate = rule.get(key).and_then(Value::as_f64);
        rate.map_or_else(|| "-".to_owned(), |rate| format!("{:.1}", rate * 100.0))
    };
    let cost = rule.get("cost_usd").and_then(Value::as_f64);
    [
        text(rule, "rule"),
        text(rule, "pool"),
        text(rule, "matches"),
        percent("success_rate"),
        percent("error_rate"),
        text(rule, "refusals"),
        text(rule, "abandoned"),
        text(rule, "p50_ms"),
        text(rule, "p95_ms"),
        cost.map_or_else(|| "-".to_owned(), |cost| format!("{cost:.6}")),
    ]
}

fn member(pool: &str, member: &Value) -> [String; 6] {
    let standing = match text(member, "cause").as_str() {
        "-" => text(member, "standing"),
        cause => [&text(member, "standing"), ": ", cause].concat(),
    };
    [
        pool.to_owned(),
        text(member, "provider"),
        text(member, "model"),
        standing,
        text(member, "for_ms"),
        text(member, "first_byte_ms"),
    ]
}

fn text(value: &Value, key: &str) -> String {
    match value.get(key) {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Null) | None => "-".to_owned(),
        Some(other) => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_state_can_be_read_at_a_glance() {
        let status = serde_json::json!({
            "config": "5ee312aa4f44",
            "rules": [{
                "rule": "vip", "pool": "pair", "matches": 200, "success_rate": 0.995, "error_rate": 0.005,
                "refusals": 0, "abandoned": 0, "p50_ms": 20, "p95_ms": 45, "cost_usd": 1.25,
            }],
            "pools": [{"pool": "pair", "members": [{
                "provider": "a", "model": "m", "standing": "cooling_down", "cause": "throttled", "for_ms": 900,
                "first_byte_ms": null,
            }]}],
        });
        let text = tables(&status);
        let words = |line: usize| {
            text.lines()
                .nth(line)
                .unwrap()
                .split_whitespace()
                .collect::<Vec<_>>()
                .join(" ")
        };
        assert_eq!(words(0), "configuration 5ee312aa4f44");
        assert_eq!(words(3), "vip pair 200 99.5 0.5 0 0 20 45 1.250000");
        assert_eq!(words(6), "pair a m cooling_down: throttled 900 -");
    }
}
