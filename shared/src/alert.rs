//! What is told to the world when a threshold of a budget is crossed: whose budget, how much, since when. No content of any
//! call, and no secret.

use serde_json::{Map, Value, json};

use crate::budget::{Counter, Settled};
use crate::config::Endpoint;
use crate::ledger::{Percent, Unit};
use crate::units::rfc3339;
use crate::units::{MicroUsd, Timestamp};

/// The cluster of the server that is told. No account can have a name with a slash.
pub const CLUSTER: &str = "model-broker/alerts";

/// Where alerts are posted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Webhook {
    /// The server.
    pub server: Endpoint,
    /// The path there.
    pub path: String,
}

/// A threshold that was crossed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alert {
    /// Of which budget.
    pub counter: Counter,
    /// Which one.
    pub threshold: Percent,
    /// What was spent by then.
    pub settled: Settled,
    /// When.
    pub now: Timestamp,
}

impl Alert {
    /// The alert of a settlement; `None` if it crossed no threshold.
    #[must_use]
    pub fn of(counter: &Counter, settled: Settled, now: Timestamp) -> Option<Self> {
        Some(Self {
            counter: counter.clone(),
            threshold: settled.alert?,
            settled,
            now,
        })
    }

    /// The JSON that is posted. Its keys are documented in `docs/record.md`.
    #[must_use]
    pub fn to_json(&self) -> Vec<u8> {
        let ceiling = &self.counter.ceiling;
        let amount = |number: u64| match ceiling.unit {
            Unit::Tokens => json!(number),
            Unit::MicroUsd => json!(MicroUsd(number).as_dollars()),
        };
        let mut alert = Map::new();
        let mut say = |key: &str, value: Value| {
            alert.insert(key.to_owned(), value);
        };
        say("event", json!("budget_alert"));
        say("time", json!(rfc3339(self.now)));
        // Names hold no slash.
        let mut parts = self.counter.key.split('/');
        if parts.next() == Some("account") {
            say("provider", json!(parts.next()));
        } else {
            for key in ["budget", "scope", "of"] {
                say(key, json!(parts.next()));
            }
        }
        say("threshold_percent", json!(self.threshold.0));
        say("unit", json!(ceiling.unit.as_str()));
        say("per", json!(ceiling.period.as_str()));
        say("spent", amount(self.settled.spent));
        say("ceiling", amount(ceiling.most));
        if self.settled.since > 0 {
            let since = Timestamp(self.settled.since.saturating_mul(1_000_000_000));
            say("since", json!(rfc3339(since)));
        }
        Value::Object(alert).to_string().into_bytes()
    }
}
