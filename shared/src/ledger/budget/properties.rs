use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::store::testing::Memory;
use crate::store::{look, update};

/// What may happen, in any order; each reserve and settle is one by some worker.
#[derive(Clone, Debug)]
enum Step {
    Pass(u64),
    GoBack(u64),
    Reserve(u64),
    /// A call ends and used so many per cent of what it reserved.
    Settle(prop::sample::Index, u64),
    /// A worker's VM restarts: of its calls nobody knows any more.
    Lose(prop::sample::Index),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        3 => (0..40_000_u64).prop_map(Step::Pass),
        1 => (0..4_000_000_u64).prop_map(Step::Pass),
        1 => (0..200_000_u64).prop_map(Step::GoBack),
        8 => (0..60_u64).prop_map(Step::Reserve),
        5 => (any::<prop::sample::Index>(), 0..130_u64).prop_map(|(which, percent)| Step::Settle(which, percent)),
        1 => any::<prop::sample::Index>().prop_map(Step::Lose),
    ];
    prop::collection::vec(step, 0..150)
}

fn period() -> impl Strategy<Value = Period> {
    prop::sample::select(Period::ALL.to_vec())
}

proptest! {
    /// The books of the test: what was settled since the window last began anew, and by how much each settlement
    /// exceeded what was reserved for it. Calls that outlive their reservations are an excess as a whole.
    #[test]
    fn nothing_is_lost_and_nothing_is_overspent_but_by_what_calls_took_beyond_their_reservations(
        steps in steps(),
        period in period(),
        most in 1..200_u64,
    ) {
        let ceiling = Ceiling { unit: Unit::Tokens, most, period, zone: Zone::UTC };
        let mut now = Timestamp(1_795_254_245_678_000_000);
        let mut spending = Spending::default();
        let mut held: Vec<Hold> = Vec::new();
        let (mut window, mut settled, mut excess) = (0, 0, 0);
        for step in steps {
            match step {
                Step::Pass(millis) => now = now.after(Millis(millis)),
                Step::GoBack(millis) => now = Timestamp(now.0 - millis * 1_000_000),
                Step::Reserve(amount) => {
                    let left = spending.left(&ceiling, now);
                    let hold = spending.reserve(&ceiling, amount, now);
                    prop_assert_eq!(hold.is_ok(), amount <= left && left > 0);
                    held.extend(hold);
                }
                Step::Settle(which, percent) if !held.is_empty() => {
                    let hold = held.swap_remove(which.index(held.len()));
                    let used = hold.amount * percent / 100;
                    let before = spending.at(&ceiling, now);
                    spending.settle(&ceiling, hold, used, now);
                    prop_assert_eq!(spending.spent, before.spent + used);
                    let is_aged_out = spending.generation.wrapping_sub(hold.generation) > 1;
                    excess += if is_aged_out { used } else { used.saturating_sub(hold.amount) };
                    settled += used;
                }
                Step::Lose(which) if !held.is_empty() => {
                    let _lost = held.swap_remove(which.index(held.len()));
                }
                Step::Settle(..) | Step::Lose(_) => {}
            }
            spending.turn(&ceiling, now);
            let state = spending.clone();
            if state.start > window {
                // Only a later window forgets what was spent.
                prop_assert!(state.spent == 0 || state.spent <= settled);
                settled = state.spent;
                // What older calls of the window before took too much is not of this one.
                excess = settled;
            }
            window = state.start;
            prop_assert_eq!(state.spent, settled);
            prop_assert!(settled <= most + excess, "{} of {} and {}", settled, most, excess);
            // What can be held never is more than what is not spent.
            let known: u64 = held.iter()
                .filter(|hold| state.generation.wrapping_sub(hold.generation) <= 1)
                .map(|hold| hold.amount)
                .sum();
            prop_assert!(state.fresh + state.aged >= known);
            prop_assert!(state.left_here(&ceiling) <= most - settled.min(most));
        }
        // Whatever was lost: in time all is free that was not spent.
        spending.turn(&ceiling, now);
        let later = now.after(Millis(2 * MAX_RESERVATION_TIME.0)).after(MAX_CLOCK_JITTER);
        let state = spending.at(&ceiling, later);
        prop_assert_eq!(state.left_here(&ceiling), most.saturating_sub(state.spent));
    }

    /// Workers come in between a read and the write that follows it.
    #[test]
    fn workers_that_overtake_each_other_lose_no_settlement(
        amounts in prop::collection::vec((1..30_u64, 0..30_u64), 1..60),
        patience in 0..3_u32,
        most in 1..500_u64,
    ) {
        const KEY: &str = "budget";
        let ceiling = move || Ceiling { unit: Unit::MicroUsd, most, period: Period::Month, zone: Zone::UTC };
        let now = Timestamp(1_795_254_245_678_000_000);
        let store = Memory::default();
        update(&store, KEY, |_: &mut Spending| ());
        let reserve = move |store: &Memory, amount| {
            update(store, KEY, |spending: &mut Spending| spending.reserve(&ceiling(), amount, now)).result
        };
        let settle = move |store: &Memory, hold, used| {
            update(store, KEY, |spending: &mut Spending| spending.settle(&ceiling(), hold, used, now))
        };
        let mut settled: BTreeMap<usize, u64> = BTreeMap::new();
        for (index, (amount, used)) in amounts.into_iter().enumerate() {
            store.patience.set(patience);
            // Somebody else reserves and is gone with nothing spent, right between.
            store.meanwhile(move |store| {
                if let Ok(hold) = reserve(store, 1) {
                    settle(store, hold, 0);
                }
            });
            if let Ok(hold) = reserve(&store, amount) {
                prop_assert!(settle(&store, hold, used.min(amount)).is_kept);
                settled.insert(index, used.min(amount));
            }
            store.finish_turns();
        }
        let spending: Spending = look(&store, KEY);
        let sum: u64 = settled.values().sum();
        prop_assert_eq!(spending.spent(&ceiling(), now), sum);
        prop_assert!(sum <= most);
        prop_assert_eq!(spending.left(&ceiling(), now), most - sum);
    }
}
