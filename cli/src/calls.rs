//! `broker calls`: an access log as a table for people.

use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;

use anyhow::{Context as _, Result};
use clap::Args;
use serde_json::Value;

use crate::{columns, printed};

#[derive(Args)]
pub struct Options {
    /// The access log, a JSON record a line.
    #[arg(long, value_name = "FILE")]
    access_log: PathBuf,
    /// Show at most this many of the newest calls.
    #[arg(long, default_value_t = 100)]
    last: usize,
}

const TITLES: [&str; 9] = [
    "agent", "model", "pool", "attempts", "in", "out", "cost $", "status", "decision",
];

pub fn run(options: &Options) -> Result<()> {
    let path = &options.access_log;
    let file = std::fs::File::open(path).with_context(|| format!("cannot read {}", path.display()))?;
    let mut rows = Vec::new();
    let mut unreadable = 0_usize;
    for line in BufReader::new(file).lines() {
        let line = line.with_context(|| format!("cannot read {}", path.display()))?;
        match serde_json::from_str::<Value>(&line) {
            Ok(record) if record.is_object() => rows.push(row(&record)),
            _ => unreadable += 1,
        }
    }
    let rows = rows.split_off(rows.len().saturating_sub(options.last));
    printed::text(&columns::table(TITLES, &rows))?;
    if unreadable > 0 {
        eprintln!("{unreadable} lines are no records and were left out");
    }
    Ok(())
}

fn row(record: &Value) -> [String; 9] {
    let text = |key: &str| match record.get(key) {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Null) | None => "-".to_owned(),
        Some(other) => other.to_string(),
    };
    let attempts = record
        .get("llm.attempts")
        .and_then(Value::as_array)
        .map(|attempts| {
            let attempt = |attempt: &Value| {
                let part = |key: &str| attempt.get(key).map(|value| value.to_string().replace('"', ""));
                let (provider, status, ms) = (part("provider"), part("status"), part("ms"));
                format!(
                    "{} {} {}ms",
                    provider.unwrap_or_default(),
                    status.unwrap_or_else(|| "?".to_owned()),
                    ms.unwrap_or_default()
                )
            };
            attempts.iter().map(attempt).collect::<Vec<_>>().join(" > ")
        });
    let cost = record.get("llm.cost.usd").and_then(Value::as_f64);
    let decision = [text("llm.decision"), text("llm.reason")].join(": ");
    [
        text("llm.agent"),
        text("llm.model.requested"),
        text("llm.pool"),
        attempts.unwrap_or_else(|| "-".to_owned()),
        text("llm.tokens.input"),
        text("llm.tokens.output"),
        cost.map_or_else(|| "-".to_owned(), |cost| format!("{cost:.6}")),
        text("llm.status"),
        decision,
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_a_line_that_can_be_read_at_a_glance() {
        let record = serde_json::json!({
            "llm.agent": "bot", "llm.model.requested": "fast", "llm.pool": "pair",
            "llm.attempts": [
                {"provider": "a", "status": 503, "ms": 2}, {"provider": "b", "status": "reset", "ms": 7},
            ],
            "llm.tokens.input": 12, "llm.cost.usd": 0.000_123, "llm.status": 200,
            "llm.decision": "allow", "llm.reason": "rule x chose pool pair",
        });
        let text = columns::table(TITLES, &[row(&record)]);
        let words: Vec<&str> = text.lines().nth(1).unwrap().split_whitespace().collect();
        assert_eq!(
            words.join(" "),
            "bot fast pair a 503 2ms > b reset 7ms 12 - 0.000123 200 allow: rule x chose pool pair"
        );
    }
}
