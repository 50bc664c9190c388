//! What a call is told that a budget keeps back.

use super::{Row, invalid};
use crate::budget::Overdrawn;
use crate::ledger::Unit;
use crate::units::MicroUsd;
use crate::units::rfc3339;

impl Overdrawn {
    pub(super) fn row(&self) -> Row {
        Row {
            openai_type: "insufficient_quota",
            anthropic_type: if self.status == 402 {
                "billing_error"
            } else {
                "rate_limit_error"
            },
            ..invalid(self.status, "budget_exhausted", self.message().into())
        }
    }

    /// To try again at once would come to the same, which SDKs must be told: they take any 429 for a hiccup.
    pub(super) fn headers(&self) -> Vec<(&'static str, String)> {
        let mut headers = vec![("x-should-retry", "false".to_owned())];
        if let Some(wait) = self.until.and_then(|until| until.wait_from(self.now)) {
            headers.push(("retry-after", wait.0.div_ceil(1_000).to_string()));
        }
        headers
    }

    fn message(&self) -> String {
        let name = self.budget.as_str();
        let what = if self.left == 0 {
            format!("the budget `{name}` is exhausted")
        } else {
            let (needed, left) = (self.amount(self.needed), self.amount(self.left));
            format!("this call may take {needed}, and the budget `{name}` has {left} left")
        };
        match self.until {
            Some(until) => [&what, "; it begins anew at ", &rfc3339(until)].concat(),
            None => what,
        }
    }

    fn amount(&self, number: u64) -> String {
        match self.unit {
            Unit::Tokens => format!("{number} tokens"),
            Unit::MicroUsd => format!("${:.6}", MicroUsd(number).as_dollars()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reply::Refusal;
    use crate::units::Timestamp;
    use crate::wire::Dialect;
    use serde_json::Value;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    const NOW: Timestamp = Timestamp(1_795_254_245_678_000_000);

    fn overdrawn() -> Overdrawn {
        Overdrawn {
            user: None,
            budget: "agent-day".into(),
            unit: Unit::Tokens,
            status: 429,
            needed: 900,
            left: 0,
            now: NOW,
            until: Some(Timestamp(1_795_305_600_000_000_000)),
        }
    }

    fn told(overdrawn: Overdrawn, dialect: Dialect) -> (u16, Value, Vec<(&'static str, String)>) {
        let reply = Refusal::Overdrawn(Box::new(overdrawn)).reply(dialect, "id");
        let body = serde_json::from_slice(&reply.body).unwrap();
        (reply.status, body, reply.headers)
    }

    #[test]
    fn a_spent_caller_is_told_which_budget_and_until_when_and_not_to_try_again() {
        let (status, body, headers) = told(overdrawn(), Dialect::OpenAi);
        assert_eq!(
            (status, body["error"]["code"].as_str()),
            (429, Some("budget_exhausted"))
        );
        assert_eq!(body["error"]["type"], "insufficient_quota");
        assert_eq!(
            body["error"]["message"],
            "the budget `agent-day` is exhausted; it begins anew at 2026-11-22T00:00:00.000Z"
        );
        assert!(headers.contains(&("x-should-retry", "false".to_owned())));
        assert!(headers.contains(&("retry-after", "51355".to_owned())));
        let (_, body, _) = told(overdrawn(), Dialect::Anthropic);
        assert_eq!(body["error"]["type"], "rate_limit_error");
    }

    #[test]
    fn the_status_may_be_that_of_a_bill() {
        let (status, body, _) = told(
            Overdrawn {
                status: 402,
                ..overdrawn()
            },
            Dialect::Anthropic,
        );
        assert_eq!(
            (status, body["error"]["type"].as_str()),
            (402, Some("billing_error"))
        );
    }

    #[test]
    fn a_budget_for_ever_has_no_time_to_wait_for() {
        let (_, body, headers) = told(
            Overdrawn {
                until: None,
                left: 1_500,
                needed: 2_000_000,
                unit: Unit::MicroUsd,
                ..overdrawn()
            },
            Dialect::OpenAi,
        );
        assert_eq!(
            body["error"]["message"],
            "this call may take $2.000000, and the budget `agent-day` has $0.001500 left"
        );
        assert!(headers.iter().all(|(name, _)| *name != "retry-after"));
    }
}
