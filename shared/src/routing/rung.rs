//! The rungs of a cascade: its members, the cheapest first.

use serde::Serialize;

use super::arrangement::Strategy;
use super::order::as_written;
use crate::config::{Member, Pool};
use crate::headers::{Headers, X_STAINLESS_RETRY_COUNT};

/// A rung of a cascade, counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct Rung(pub u32);

impl Rung {
    /// The rung that a member of the pool is; `None` if the pool is no cascade.
    #[must_use]
    pub fn of(pool: &Pool, member: usize) -> Option<Self> {
        if pool.strategy != Strategy::Cascade {
            return None;
        }
        let members = as_written(pool.members.iter().enumerate().collect());
        let place = members.iter().position(|(index, _)| *index == member)?;
        u32::try_from(place + 1).ok().map(Self)
    }
}

/// The last rung of a cascade; `None` if the pool is none.
#[must_use]
pub fn last_rung(pool: &Pool) -> Option<&Member> {
    let members = as_written(pool.members.iter().enumerate().collect());
    let (_, last) = members.last().filter(|_| pool.strategy == Strategy::Cascade)?;
    Some(last)
}

/// How often the client itself has tried the call before, by the header that the official SDKs send. Whoever makes up a
/// number only chooses the rung to begin with.
#[must_use]
pub fn own_retries(headers: &Headers) -> u32 {
    let count = headers.text(X_STAINLESS_RETRY_COUNT).unwrap_or_default();
    let is_number = !count.is_empty() && count.bytes().all(|byte| byte.is_ascii_digit());
    // A number that is too long is a large one.
    if is_number {
        count.parse().unwrap_or(u32::MAX)
    } else {
        0
    }
}

/// Begins a cascade as many rungs higher as the client itself has tried before, at most with the last. The rungs
/// below follow behind: where the higher ones fail, a cheap answer is better than none.
pub fn escalate<T>(rungs: &mut [T], retries: u32) {
    let start = usize::try_from(retries).unwrap_or(usize::MAX);
    rungs.rotate_left(start.min(rungs.len().saturating_sub(1)));
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn each_retry_of_the_client_begins_a_rung_higher() {
        for (retries, order) in [(0, [1, 2, 3]), (1, [2, 3, 1]), (2, [3, 1, 2]), (99, [3, 1, 2])] {
            let mut rungs = [1, 2, 3];
            escalate(&mut rungs, retries);
            assert_eq!(rungs, order);
        }
        escalate::<u32>(&mut [], 1);
    }

    #[test]
    fn only_a_number_counts_as_a_count_of_retries() {
        let count = |value: &str| {
            own_retries(&Headers::new(vec![(
                X_STAINLESS_RETRY_COUNT.to_owned(),
                value.as_bytes().to_vec(),
            )]))
        };
        for (value, retries) in [
            ("0", 0),
            ("2", 2),
            ("-1", 0),
            ("+1", 0),
            ("", 0),
            ("1e3", 0),
            ("9".repeat(99).as_str(), u32::MAX),
        ] {
            assert_eq!(count(value), retries, "{value}");
        }
        assert_eq!(own_retries(&Headers::new(Vec::new())), 0);
    }
}
