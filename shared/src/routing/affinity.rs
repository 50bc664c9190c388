//! Affinity: a growing conversation stays on the account that holds its beginning in its cache.

use sha2::{Digest, Sha256};

use super::order::Placed;
use crate::config::Member;

/// The beginning of a conversation, as a number that is the same on every Envoy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PrefixKey(u64);

/// What tells a member from all others, as a number that is the same on every Envoy and stays when others come or go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct MemberIdentity(u64);

impl MemberIdentity {
    /// The identity of a model at an account.
    #[must_use]
    pub fn of(provider: &str, model: &str) -> Self {
        let digest = Sha256::new()
            .chain_update(provider)
            .chain_update([0])
            .chain_update(model)
            .finalize();
        Self(first_eight(&digest))
    }

    /// The number.
    #[must_use]
    pub fn number(self) -> u64 {
        self.0
    }
}

impl PrefixKey {
    /// The number.
    #[must_use]
    pub fn number(self) -> u64 {
        self.0
    }
}

/// The key of a conversation that begins with these bytes.
#[must_use]
pub fn prefix_key(beginning: &[u8]) -> PrefixKey {
    PrefixKey(first_eight(&Sha256::digest(beginning)))
}

/// The place in a group of whoever is to be asked first: the member that holds the conversation, or if none of them does
/// the one that the key prefers.
///
/// The key prefers by weighted rendezvous hashing: each member gets its weight's share of all keys, and if one joins or
/// leaves, only the keys that it wins or had move. Those without weight are never preferred while another has some.
pub(super) fn preferred(group: &[Placed<'_>], key: PrefixKey, holder: Option<usize>) -> usize {
    let holding = || group.iter().position(|(index, _)| Some(*index) == holder);
    let best = || {
        let scores = group.iter().map(|(_, member)| score(member, key)).enumerate();
        scores.max_by(|(_, one), (_, other)| one.total_cmp(other))
    };
    holding()
        .or_else(|| best().map(|(place, _)| place))
        .unwrap_or_default()
}

/// The member's bid for the key: minus weight over the logarithm of a number that both decide.
#[expect(
    clippy::cast_precision_loss,
    reason = "the 53 bits that fit are more than enough to tell members apart"
)]
fn score(member: &Member, key: PrefixKey) -> f64 {
    let number = mixed(key.0 ^ member.identity.0);
    // Within (0, 1), so that the logarithm is finite and below zero.
    let point = ((number >> 11) as f64 + 0.5) / (1_u64 << 53) as f64;
    if member.weight == 0 {
        // Still an order among those without weight.
        return point - 2.0;
    }
    -f64::from(member.weight) / point.ln()
}

/// Spreads differences in a few bits over all of them: the finaliser of `SplitMix64`,
/// <https://prng.di.unimi.it/splitmix64.c>.
fn mixed(number: u64) -> u64 {
    let number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}

fn first_eight(digest: &[u8]) -> u64 {
    digest.first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::routing::testing::member;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn preferred(members: &[Member], key: PrefixKey) -> &str {
        let group: Vec<_> = members.iter().enumerate().collect();
        members[super::preferred(&group, key, None)].model.as_str()
    }

    fn keys() -> impl Iterator<Item = PrefixKey> {
        (0..5_000_u32).map(|number| prefix_key(&number.to_le_bytes()))
    }

    #[test]
    fn keys_spread_by_weight_and_stay() {
        let members = [member("a", 0, 3), member("b", 0, 1), member("c", 0, 0)];
        let of_a = keys().filter(|key| preferred(&members, *key) == "a").count();
        assert!((3_600..3_900).contains(&of_a), "{of_a}");
        assert!(keys().all(|key| preferred(&members, key) != "c"));
        // The same on every machine and with every version.
        assert_eq!(prefix_key(b"You are"), PrefixKey(KNOWN));
    }

    #[test]
    fn only_the_keys_of_a_member_that_leaves_move() {
        let members = [member("a", 0, 1), member("b", 0, 1), member("c", 0, 1)];
        for key in keys() {
            let before = preferred(&members, key);
            let after = preferred(&members[..2], key);
            assert!(before == after || before == "c");
        }
    }

    #[test]
    fn whoever_holds_the_conversation_keeps_it() {
        let members = [member("a", 0, 1), member("b", 0, 0)];
        let group: Vec<_> = members.iter().enumerate().collect();
        for key in keys().take(100) {
            assert_eq!(super::preferred(&group, key, Some(1)), 1);
            assert_eq!(super::preferred(&group, key, Some(9)), 0);
        }
        assert_eq!(super::preferred(&[], prefix_key(b""), None), 0);
    }

    const KNOWN: u64 = 12_741_558_616_888_221_502;
}
