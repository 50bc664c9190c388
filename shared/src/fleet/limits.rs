//! What an attempt takes of the limits of an account that a fleet of Envoys holds together. They are those of a minute of
//! the clock: a window that slides cannot be had of counters that only go up.

use super::account::Owner;
use super::ask::Share;
use super::pending::Change;
use crate::config::Provider;
use crate::ledger::{Ceiling, Period, RateLimits, Unit, Zone};
use crate::units::{Timestamp, Tokens};

/// What an attempt took, or has yet to tell the service that it took.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Taken {
    /// When, which says in which minute.
    pub at: Timestamp,
    /// The tokens that were expected; beside them it is one request.
    pub tokens: Tokens,
    /// Whether the service knows of it, or soon will.
    pub is_told: bool,
    /// The tokens that it used, where that is known.
    pub used: Option<Tokens>,
}

impl Taken {
    /// What an attempt took that was expected to use so many tokens. `is_told`: whether the service has counted
    /// it already.
    #[must_use]
    pub fn new(tokens: Tokens, is_told: bool, at: Timestamp) -> Self {
        Self {
            at,
            tokens,
            is_told,
            used: None,
        }
    }

    /// What the service is to be told of an attempt that is being made, if it does not know of it yet.
    #[must_use]
    pub fn tell(&mut self, provider: &Provider) -> Vec<Change> {
        if std::mem::replace(&mut self.is_told, true) {
            return Vec::new();
        }
        let shares = shares(provider, self.tokens, self.at).into_iter();
        let taken = shares.map(|share| Change {
            account: share.account,
            taken: share.needed,
            returned: 0,
        });
        taken.collect()
    }

    /// What it is to be told of one that is over.
    #[must_use]
    pub fn changes(&self, provider: &Provider) -> Vec<Change> {
        // Where nothing tells what was used, it stays as it was expected.
        self.told(provider, 1, self.used.unwrap_or(self.tokens))
    }

    /// What it is to be told of one that was not made after all.
    #[must_use]
    pub fn unmade(&self, provider: &Provider) -> Vec<Change> {
        self.told(provider, 0, Tokens(0))
    }

    fn told(&self, provider: &Provider, requests: u64, tokens: Tokens) -> Vec<Change> {
        let shares = shares(provider, self.tokens, self.at);
        let used = limited(&provider.limits).map(|limit| match limit.kind {
            Kind::Requests => requests,
            Kind::Tokens => tokens.0,
        });
        let all = shares.iter().zip(used);
        all.map(|(share, used)| share.change(used, self.is_told))
            .collect()
    }
}

/// What an attempt needs of each limit of an account that is held together, in this order: requests, tokens. More tokens
/// than the whole limit has are needed by nobody: the provider will say what it thinks of it.
#[must_use]
pub fn shares(provider: &Provider, tokens: Tokens, now: Timestamp) -> Vec<Share> {
    let owner = Owner::Limits(provider.name.clone());
    let share = |limit: Limit| {
        let (needed, unit) = match limit.kind {
            Kind::Requests => (1, "requests"),
            Kind::Tokens => (tokens.0.min(limit.most), "tokens"),
        };
        let ceiling = Ceiling {
            unit: Unit::Tokens,
            most: limit.most,
            period: Period::Minute,
            zone: Zone::UTC,
        };
        let mut share = Share::of(&owner, unit, &ceiling, needed, now.0, now);
        share.needed = share.needed.min(share.division.most);
        share
    };
    limited(&provider.limits).map(share).collect()
}

#[derive(Clone, Copy, Debug)]
struct Limit {
    kind: Kind,
    most: u64,
}

#[derive(Clone, Copy, Debug)]
enum Kind {
    Requests,
    Tokens,
}

fn limited(limits: &RateLimits) -> impl Iterator<Item = Limit> {
    let limit = |kind, most: Option<u64>| most.map(|most| Limit { kind, most });
    let both = [
        limit(Kind::Requests, limits.requests_per_minute),
        limit(Kind::Tokens, limits.tokens_per_minute),
    ];
    both.into_iter().filter(|_| limits.shared).flatten()
}

#[cfg(test)]
mod tests;
