//! `circuit_breaker` and `limits` of a provider account, `retry_budget` of a pool: how failures and scarcity are dealt
//! with. What has a mistake gets the default, as a stand-in.

use std::ops::RangeInclusive;

use super::budgets::read_switch;
use crate::config::reader::Reader;
use crate::health::CircuitBreaker;
use crate::ledger::RateLimits;
use crate::limits::MAX_PER_MINUTE;
use crate::routing::RetryLimits;
use crate::units::Millis;

pub(super) fn read_circuit_breaker(reader: &Reader<'_>) -> CircuitBreaker {
    let default = CircuitBreaker::default();
    let Some(mut section) = reader.section() else {
        return default;
    };
    let failures = section
        .optional("consecutive_failures")
        .and_then(|failures| small(&failures, 1..=1_000));
    let error_rate = section
        .optional("error_rate")
        .and_then(|rate| percent(&rate, 1..=100));
    let window = section.optional("window").and_then(|window| span(&window));
    let recovery = section.optional("recovery").and_then(|recovery| span(&recovery));
    section.end();
    CircuitBreaker {
        consecutive_failures: failures.unwrap_or(default.consecutive_failures),
        error_rate: error_rate
            .and_then(|rate| rate.try_into().ok())
            .unwrap_or(default.error_rate),
        window: window.unwrap_or(default.window),
        recovery: recovery.unwrap_or(default.recovery),
    }
}

/// The limits, and the switch that makes a fleet count them together.
pub(super) fn read_limits<'v>(reader: &Reader<'v>) -> (RateLimits, Option<Reader<'v>>) {
    let Some(mut section) = reader.section() else {
        return Default::default();
    };
    let mut limit = |key| {
        section
            .optional(key)
            .map(|limit| limit.integer(1..=MAX_PER_MINUTE))
    };
    let (requests, tokens) = (limit("requests_per_minute"), limit("tokens_per_minute"));
    let shared = section
        .optional("shared")
        .filter(|shared| read_switch(shared) == Some(true));
    let has_known_keys = section.end();
    if has_known_keys && requests.is_none() && tokens.is_none() {
        reader.mistake::<()>("must have `requests_per_minute`, `tokens_per_minute` or both");
    }
    let limits = RateLimits {
        requests_per_minute: requests.flatten(),
        tokens_per_minute: tokens.flatten(),
        shared: shared.is_some(),
    };
    (limits, shared)
}

fn small(reader: &Reader<'_>, range: RangeInclusive<u64>) -> Option<u16> {
    reader.integer(range).and_then(|number| number.try_into().ok())
}

pub(super) fn read_retry_budget(reader: &Reader<'_>) -> RetryLimits {
    let default = RetryLimits::default();
    let Some(mut section) = reader.section() else {
        return default;
    };
    let ratio = section
        .optional("ratio")
        .and_then(|ratio| percent(&ratio, 0..=1_000));
    let per_second = section
        .optional("per_second")
        .and_then(|least| small(&least, 0..=10_000));
    section.end();
    RetryLimits {
        ratio: ratio.unwrap_or(default.ratio),
        per_second: per_second.unwrap_or(default.per_second),
    }
}

/// `50%`.
pub(super) fn percent(reader: &Reader<'_>, range: RangeInclusive<u16>) -> Option<u16> {
    let digits = reader.value().as_str().and_then(|text| text.strip_suffix('%'));
    let number = digits
        .filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))
        .and_then(|digits| digits.parse().ok());
    match number {
        Some(number) if range.contains(&number) => Some(number),
        _ => reader.mistake(format!(
            "must be a whole percentage from `{}%` to `{}%`",
            range.start(),
            range.end()
        )),
    }
}

/// A duration that circuits are made for.
fn span(reader: &Reader<'_>) -> Option<Millis> {
    let duration = reader.duration()?;
    if (1_000..=3_600_000).contains(&duration.0) {
        Some(duration)
    } else {
        reader.mistake("must be between `1s` and `1h`")
    }
}
