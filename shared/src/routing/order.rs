//! The order of attempts.

use crate::config::Member;

/// A member and its place in the pool.
type Placed<'a> = (usize, &'a Member);

/// Lower priorities first; within one, the first is drawn by weight and the others follow in the document's order.
/// A member without weight is never drawn while another one has some, but stays for failover.
pub fn priority_weighted(mut members: Vec<Placed<'_>>, random: u64) -> Vec<Placed<'_>> {
    members.sort_by_key(|(_, member)| member.priority);
    let mut ordered = Vec::with_capacity(members.len());
    let mut random = random;
    for group in members.chunk_by(|(_, one), (_, other)| one.priority == other.priority) {
        let first = draw(group, random);
        ordered.extend(first.and_then(|index| group.get(index)));
        ordered.extend(
            group
                .iter()
                .enumerate()
                .filter(|(index, _)| Some(*index) != first)
                .map(|(_, m)| m),
        );
        // Another draw for the next group: one step of a full-period generator.
        random = random
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
    }
    ordered
}

/// The index of the member that `random` falls on; `None` if no member has weight.
fn draw(members: &[Placed<'_>], random: u64) -> Option<usize> {
    let total: u64 = members.iter().map(|(_, member)| u64::from(member.weight)).sum();
    // The high half of the product maps the whole range of `random` evenly onto the weights.
    let mut ticket = u64::try_from((u128::from(random) * u128::from(total)) >> 64).unwrap_or_default();
    members.iter().position(|(_, member)| {
        let weight = u64::from(member.weight);
        let is_drawn = ticket < weight;
        ticket = ticket.saturating_sub(weight);
        is_drawn
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::config::{Provider, ProviderKind, Timeouts};
    use crate::provider::Capabilities;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn member(model: &str, priority: u32, weight: u32) -> Member {
        let provider = Provider {
            name: model.into(),
            kind: ProviderKind::OpenAi,
            region: None,
            timeouts: Timeouts::default(),
        };
        Member {
            provider: Arc::new(provider),
            model: model.into(),
            weight,
            priority,
            capabilities: Capabilities::ALL,
            context: None,
        }
    }

    fn order(members: &[Member], random: u64) -> Vec<&str> {
        priority_weighted(members.iter().enumerate().collect(), random)
            .iter()
            .map(|(_, m)| m.model.as_str())
            .collect()
    }

    #[test]
    fn first_choices_follow_the_weights_within_a_point() {
        let members = [member("a", 0, 70), member("b", 0, 25), member("c", 0, 5)];
        let mut counts = [0u32; 3];
        let mut random: u64 = 42;
        for _ in 0..10_000 {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let first = order(&members, random.rotate_left(32))[0];
            counts[["a", "b", "c"].iter().position(|name| *name == first).unwrap()] += 1;
        }
        for (count, weight) in counts.iter().zip([7_000, 2_500, 500]) {
            assert!(count.abs_diff(weight) <= 100, "{counts:?}");
        }
    }

    #[test]
    fn the_others_follow_in_order_and_later_priorities_come_last() {
        let members = [
            member("z", 1, 1),
            member("a", 0, 0),
            member("b", 0, 1),
            member("c", 0, 0),
        ];
        assert_eq!(order(&members, 7), ["b", "a", "c", "z"]);
    }

    #[test]
    fn without_any_weight_the_order_is_the_documents() {
        let members = [member("a", 0, 0), member("b", 0, 0)];
        assert_eq!(order(&members, u64::MAX), ["a", "b"]);
        assert!(order(&[], 1).is_empty());
    }

    #[test]
    fn the_ends_of_the_range_fall_on_the_first_and_the_last() {
        let members = [member("a", 0, 1), member("b", 0, 1), member("c", 0, 1)];
        assert_eq!(order(&members, 0)[0], "a");
        assert_eq!(order(&members, u64::MAX)[0], "c");
    }
}
