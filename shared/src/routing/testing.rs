//! What tests of orders need.

use std::sync::Arc;

use crate::config::{Member, Provider, ProviderKind, Timeouts};
use crate::health::CircuitBreaker;
use crate::ledger::RateLimits;
use crate::provider::Capabilities;
use crate::routing::{MemberIdentity, Moment};
use crate::store::Empty;
use crate::units::Timestamp;

/// A moment in which nothing is known and nobody was asked.
pub fn moment(random: u64) -> Moment<'static> {
    Moment {
        now: Timestamp(0),
        random,
        store: &Empty,
        worker: Box::leak(Box::default()),
    }
}

/// A member whose account and model have the same name.
pub fn member(model: &str, priority: u32, weight: u32) -> Member {
    let provider = Provider {
        name: model.into(),
        kind: ProviderKind::OpenAi,
        region: None,
        timeouts: Timeouts::default(),
        circuit_breaker: CircuitBreaker::default(),
        limits: RateLimits::default(),
        budget: None,
    };
    Member {
        provider: Arc::new(provider),
        model: model.into(),
        weight,
        priority,
        capabilities: Capabilities::ALL,
        context: None,
        price: None,
        identity: MemberIdentity::of(model, model),
    }
}
