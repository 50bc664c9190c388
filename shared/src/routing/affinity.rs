//! Affinity: a growing conversation stays on the account that holds its beginning in its cache.

use sha2::{Digest, Sha256};

use super::order::Placed;
use crate::config::Member;

/// The beginning of a conversation, as a number that is the same on every Envoy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PrefixKey(u64);

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

/// Puts the member that holds the conversation first among those of its priority, or if none of them does the one that
/// the key prefers; the others stay in their order.
///
/// The key prefers by weighted rendezvous hashing: each member gets its weight's share of all keys, and if one joins or leaves, only
/// the keys that it wins or had move. The members are those that may be asked, sorted by priority; those without
/// weight are never preferred while another has some.
#[must_use]
pub fn prefer(mut members: Vec<Placed<'_>>, key: PrefixKey, holder: Option<usize>) -> Vec<Placed<'_>> {
    let Some(priority) = members.first().map(|(_, member)| member.priority) else {
        return members;
    };
    let peers = members
        .iter()
        .take_while(|(_, member)| member.priority == priority);
    let mut holding = peers.clone();
    let preferred = holding.position(|(index, _)| Some(*index) == holder).or_else(|| {
        let scores = peers.map(|(_, member)| score(member, key)).enumerate();
        let best = scores.max_by(|(_, one), (_, other)| one.total_cmp(other));
        best.map(|(place, _)| place)
    });
    if let Some(index) = preferred {
        members
            .get_mut(..=index)
            .into_iter()
            .for_each(|peers| peers.rotate_right(1));
    }
    members
}

/// The member's bid for the key: minus weight over the logarithm of a number that both decide.
#[expect(
    clippy::cast_precision_loss,
    reason = "the 53 bits that fit are more than enough to tell members apart"
)]
fn score(member: &Member, key: PrefixKey) -> f64 {
    let digest = Sha256::new()
        .chain_update(key.0.to_le_bytes())
        .chain_update(member.provider.name.as_str())
        .chain_update([0])
        .chain_update(member.model.as_str())
        .finalize();
    // Within (0, 1), so that the logarithm is finite and below zero.
    let point = ((first_eight(&digest) >> 11) as f64 + 0.5) / (1_u64 << 53) as f64;
    if member.weight == 0 {
        // Still an order among those without weight.
        return point - 2.0;
    }
    -f64::from(member.weight) / point.ln()
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
        prefer(members.iter().enumerate().collect(), key, None)[0]
            .1
            .model
            .as_str()
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
    fn whoever_holds_the_conversation_keeps_it_unless_others_come_before() {
        let members = [member("a", 0, 1), member("b", 0, 0), member("c", 1, 1)];
        let first = |key, holder| prefer(members.iter().enumerate().collect(), key, holder)[0].0;
        for key in keys().take(100) {
            assert_eq!((first(key, Some(1)), first(key, None)), (1, 0));
            assert_eq!((first(key, Some(2)), first(key, Some(9))), (0, 0));
        }
    }

    #[test]
    fn a_lower_priority_stays_first_and_the_others_keep_their_order() {
        let members = [
            member("a", 0, 1),
            member("b", 0, 1),
            member("c", 1, 9),
            member("d", 1, 9),
        ];
        for key in keys().take(100) {
            let order: Vec<_> = prefer(members.iter().enumerate().collect(), key, None)
                .iter()
                .map(|(_, member)| member.model.as_str())
                .collect();
            assert!(
                matches!(order[..], ["a", "b", "c", "d"] | ["b", "a", "c", "d"]),
                "{order:?}"
            );
        }
        assert!(prefer(Vec::new(), prefix_key(b""), None).is_empty());
        let idle = [member("a", 0, 0), member("b", 0, 0)];
        assert!(keys().any(|key| preferred(&idle, key) == "b"));
    }

    const KNOWN: u64 = 12_741_558_616_888_221_502;
}
