//! Provider accounts that behave as they are told.

use std::rc::Rc;
use std::sync::Arc;

use crate::config::{Member, Provider};
use crate::health::CircuitBreaker;
use crate::ledger::RateLimits;
use crate::outcome::Outcome;
use crate::routing::testing::member;
use crate::units::Timestamp;

/// An account and how it behaves; times are milliseconds since the start.
#[derive(Clone)]
pub struct Account {
    name: String,
    priority: u32,
    pub behaviour: Rc<dyn Fn(u64) -> Answer>,
    pub limits: RateLimits,
}

impl Account {
    pub fn new(name: &str, priority: u32, behaviour: impl Fn(u64) -> Answer + 'static) -> Self {
        Self {
            name: name.to_owned(),
            priority,
            behaviour: Rc::new(behaviour),
            limits: RateLimits::default(),
        }
    }

    pub fn member(&self) -> Member {
        let member = member(&self.name, self.priority, 1);
        let provider = Provider {
            name: self.name.as_str().into(),
            kind: member.provider.kind,
            region: None,
            timeouts: member.provider.timeouts,
            circuit_breaker: CircuitBreaker::default(),
            limits: self.limits,
            budget: None,
        };
        Member {
            provider: Arc::new(provider),
            ..member
        }
    }
}

/// An answer that an account gives.
pub struct Answer {
    pub outcome: Outcome,
    pub takes: u64,
    pub headers: Vec<(String, Vec<u8>)>,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn new(outcome: Outcome, takes: u64) -> Self {
        Self {
            outcome,
            takes,
            headers: Vec::new(),
            body: Vec::new(),
        }
    }

    pub fn header(mut self, name: &str, value: String) -> Self {
        self.headers.push((name.to_owned(), value.into_bytes()));
        self
    }

    pub fn body(mut self, body: String) -> Self {
        self.body = body.into_bytes();
        self
    }
}

/// An attempt that is over.
#[derive(Clone, Debug)]
pub struct Asked {
    pub account: usize,
    pub started: u64,
    pub ended: u64,
    pub started_at: Timestamp,
    pub ended_at: Timestamp,
    /// The places of its beginning and its end among all such, in the order in which the store learned of them.
    pub places: (usize, usize),
    pub outcome: Outcome,
    pub is_probe: bool,
    pub tokens: u64,
    pub headers: Vec<(String, Vec<u8>)>,
    pub body: Vec<u8>,
}

/// A point in time as Anthropic writes it.
pub fn rfc3339(at: Timestamp) -> String {
    let at = time::OffsetDateTime::from_unix_timestamp_nanos(at.0.into()).unwrap();
    let (date, time) = (at.date(), at.time());
    format!(
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z",
        date.year(),
        u8::from(date.month()),
        date.day(),
        time.hour(),
        time.minute(),
        time.second()
    )
}
