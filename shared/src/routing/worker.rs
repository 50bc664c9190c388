//! What a worker remembers by itself, because plans ask for it often and it need not be exact.

use std::cell::RefCell;
use std::collections::HashMap;

use super::{Estimators, MemberIdentity, entry};
use crate::config::Member;
use crate::fleet::Pending;
use crate::health::Latency;
use crate::limits::SPEEDS_FOR;
use crate::store::Store;
use crate::units::Timestamp;

/// The memory of a worker.
#[derive(Debug, Default)]
pub struct Worker {
    /// How models count tokens.
    pub estimators: Estimators,
    /// How quick members were.
    pub speeds: Speeds,
    /// What the rate limit service has yet to be told.
    pub pending: Pending,
}

/// How quick members were when it was last looked up.
#[derive(Debug, Default)]
pub struct Speeds(RefCell<HashMap<MemberIdentity, (Timestamp, Latency)>>);

impl Speeds {
    /// How quick a member was a moment ago: a plan that orders by speed asks for all members, and a look into the store
    /// for each would cost more than all else.
    #[must_use]
    pub fn of(&self, member: &Member, store: &dyn Store, now: Timestamp) -> Latency {
        let mut known = self.0.borrow_mut();
        let (at, latency) = known.entry(member.identity).or_default();
        if *at == Timestamp(0) || now < *at || now.millis_since(*at) >= SPEEDS_FOR {
            *latency = entry::health(member, store).latency;
            *at = now;
        }
        latency.clone()
    }
}
