use std::sync::atomic::{AtomicU64, Ordering};

use super::testing::Memory;
use super::*;
use crate::fleet::{Owner, Service, WhenDown};
use crate::ledger::{Period, Unit, Zone};
use crate::units::Millis;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

const NOW: Timestamp = Timestamp(1_795_254_245_000_000_000);

fn service() -> Service {
    Service {
        cluster: "ratelimit".to_owned(),
        domain: "d".to_owned(),
        when_down: WhenDown::Local,
        timeout: Millis(20),
    }
}

fn share(most: u64, amount: u64, random: u64) -> Share {
    let ceiling = Ceiling {
        unit: Unit::Tokens,
        most,
        period: Period::Day,
        zone: Zone::UTC,
    };
    Share::of(
        &Owner::Budget("day".into()),
        "budget/day/agent/bot",
        &ceiling,
        amount,
        random,
        NOW,
    )
}

/// Something else each time.
fn random() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

/// Asks and hears the answer.
fn ask(memory: &Memory, share: &Share, takes: bool, pending: &Pending) -> Result<Asked, Trouble> {
    let mut ask = Ask::new(vec![share.clone()], takes);
    let answer = memory.answer(&ask.message(&service(), pending, random()));
    ask.read(&answer, pending).map(|verdict| verdict[0])
}

#[test]
fn what_is_needed_is_taken_and_what_is_left_over_returned() {
    let (memory, pending) = (Memory::new(5), Pending::default());
    let share = share(100, 60, 0);
    let asked = ask(&memory, &share, true, &pending).unwrap();
    assert_eq!((asked.left, asked.is_enough), (100, true));
    // Another Envoy.
    let asked = ask(&memory, &share, true, &Pending::default()).unwrap();
    assert_eq!((asked.left, asked.is_enough), (40, false));
    pending.add(share.change(0, true));
    // The first used ten.
    pending.add(share.change(10, true));
    let asked = ask(&memory, &share, true, &pending).unwrap();
    assert_eq!((asked.left, asked.is_enough), (90, true));
    assert_eq!(memory.counted(), (180, 110));
}

#[test]
fn to_look_takes_nothing() {
    let (memory, pending) = (Memory::new(5), Pending::default());
    let share = share(100, 60, 0);
    for _ in 0..3 {
        assert!(ask(&memory, &share, false, &pending).unwrap().is_enough);
    }
    assert_eq!(memory.counted(), (0, 0));
}

#[test]
fn of_a_spent_ceiling_nothing_is_left_even_for_what_costs_nothing() {
    let (memory, pending) = (Memory::new(5), Pending::default());
    ask(&memory, &share(100, 100, 0), true, &pending).unwrap();
    let asked = ask(&memory, &share(100, 0, 0), true, &pending).unwrap();
    assert_eq!((asked.left, asked.is_enough), (0, false));
}

#[test]
fn what_was_used_beyond_what_was_taken_is_told_and_all_of_what_was_not_counted() {
    let share = share(100, 60, 0);
    let change = share.change(75, true);
    assert_eq!((change.taken, change.returned), (15, 0));
    let change = share.change(75, false);
    assert_eq!((change.taken, change.returned), (75, 0));
}

#[test]
fn amounts_that_are_no_whole_units_come_out_right_on_the_average() {
    // A unit is a thousand tokens.
    let most = 10_000_000_000;
    assert_eq!(share(most, 0, 0).division.scale, 1_000);
    let units: u64 = (0..1_000).map(|random| share(most, 2_300, random).needed).sum();
    assert_eq!(units, 2_300);
    // What is reserved and what is used are rounded alike, so that the same comes to nothing.
    let change = share(most, 2_300, 777).change(2_300, true);
    assert_eq!((change.taken, change.returned), (0, 0));
}

#[test]
fn a_service_that_cannot_count_further_has_nothing_left() {
    let (memory, pending) = (Memory::new(5), Pending::default());
    let mut huge = share(100, 0, 0);
    huge.needed = LIMIT;
    ask(&memory, &huge, true, &pending).unwrap();
    let asked = ask(&memory, &share(100, 1, 0), true, &pending).unwrap();
    assert_eq!((asked.left, asked.is_enough), (0, false));
}

#[test]
fn a_service_that_counts_otherwise_than_it_is_told_is_of_no_use() {
    let share = share(100, 60, 0);
    // Other limits than those that are rendered.
    let other = Memory::new(4);
    assert_eq!(
        ask(&other, &share, true, &Pending::default()),
        Err(Trouble::UnknownBudget)
    );
    let pending = Pending::default();
    let mut ask = Ask::new(vec![share], true);
    ask.message(&service(), &pending, 0);
    let status = |left: &[u8]| {
        let limit = b"\x08\x01\x12\x08\x08\xff\xff\xff\xff\x0f\x10\x05\x18";
        let length = u8::try_from(limit.len() + left.len()).unwrap();
        [b"\x12".as_slice(), &[length], limit, left].concat()
    };
    // One that does not know addends of descriptors counts one for each.
    let one = status(b"\xfe\xff\xff\xff\x0f");
    assert_eq!(
        ask.read(
            &[one.clone(), one.clone(), one.clone(), one.clone()].concat(),
            &pending
        ),
        Err(Trouble::Unreadable)
    );
    assert_eq!(ask.read(&one, &pending), Err(Trouble::Unreadable));
    // A budget without a limit is one that the service does not know.
    assert_eq!(
        ask.read(&b"\x12\x02\x08\x01".repeat(4), &pending),
        Err(Trouble::UnknownBudget)
    );
    assert_eq!(ask.read(b"\x12", &pending), Err(Trouble::Unreadable));
}

#[cfg(not(target_arch = "wasm32"))]
mod properties {
    use proptest::prelude::*;

    use super::*;

    #[derive(Clone, Copy, Debug)]
    enum Luck {
        Answered,
        /// The service counts, and nobody hears of it.
        Unheard,
        Lost,
    }

    #[derive(Clone, Debug)]
    enum Step {
        Call { envoy: usize, needed: u64, luck: Luck },
        Finish { which: prop::sample::Index, used: u64 },
        Tell { envoy: usize, luck: Luck },
        Restart { envoy: usize },
    }

    fn luck() -> impl Strategy<Value = Luck> {
        prop_oneof![4 => Just(Luck::Answered), 1 => Just(Luck::Unheard), 1 => Just(Luck::Lost)]
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            4 => (0..2_usize, 0..60_u64, luck())
                .prop_map(|(envoy, needed, luck)| Step::Call { envoy, needed, luck }),
            4 => (any::<prop::sample::Index>(), 0..60_u64).prop_map(|(which, used)| Step::Finish { which, used }),
            2 => (0..2_usize, luck()).prop_map(|(envoy, luck)| Step::Tell { envoy, luck }),
            1 => (0..2_usize).prop_map(|envoy| Step::Restart { envoy }),
        ]
    }

    /// A fleet of two, and what it does.
    struct Fleet {
        memory: Memory,
        envoys: [Pending; 2],
        /// The calls under way, with their Envoys.
        calls: Vec<(usize, Share)>,
        spent: u64,
        has_restarted: bool,
    }

    impl Fleet {
        /// What comes back of a message.
        fn hear(&self, message: &[u8], luck: Luck) -> Result<Vec<u8>, u32> {
            match luck {
                Luck::Answered => Ok(self.memory.answer(message)),
                Luck::Unheard => {
                    self.memory.answer(message);
                    Err(2)
                }
                Luck::Lost => Err(2),
            }
        }

        fn call(&mut self, envoy: usize, needed: u64, luck: Luck) {
            let share = share(100, needed, 0);
            let mut ask = Ask::new(vec![share.clone()], true);
            let pending = &self.envoys[envoy];
            let message = ask.message(&service(), pending, random());
            let Ok(answer) = self.hear(&message, luck) else {
                pending.lose(ask.take_sent(), Trouble::Failed, NOW);
                return;
            };
            if ask.read(&answer, pending).unwrap()[0].is_enough {
                self.calls.push((envoy, share));
            } else {
                pending.add(share.change(0, true));
            }
        }

        fn tell(&self, envoy: usize, luck: Luck) -> bool {
            let pending = &self.envoys[envoy];
            let Some(message) = pending.tell(&service(), Timestamp(NOW.0 + random())) else {
                return false;
            };
            let answer = self.hear(&message, luck);
            pending.told(answer.as_deref().map_err(|status| *status), NOW);
            true
        }

        fn finish(&mut self, which: usize, used: u64) {
            let (envoy, share) = self.calls.swap_remove(which);
            let used = used.min(share.needed);
            self.spent += used;
            self.envoys[envoy].add(share.change(used, true));
        }

        /// Its calls are cut off, and what it had yet to tell is lost; what they used is not known to the fleet.
        fn restart(&mut self, envoy: usize) {
            self.has_restarted = true;
            self.envoys[envoy] = Pending::default();
            for (_, share) in self.calls.extract_if(.., |(of, _)| *of == envoy) {
                self.spent += share.needed;
            }
        }

        fn under_way(&self) -> u64 {
            self.calls.iter().map(|(_, share)| share.needed).sum()
        }
    }

    proptest! {
        #[test]
        fn no_fleet_spends_more_than_its_ceiling_whatever_is_lost(
            steps in proptest::collection::vec(step(), 0..200),
        ) {
            let mut fleet = Fleet {
                memory: Memory::new(5),
                envoys: Default::default(),
                calls: Vec::new(),
                spent: 0,
                has_restarted: false,
            };
            for step in steps {
                match step {
                    Step::Call { envoy, needed, luck } => fleet.call(envoy, needed, luck),
                    Step::Finish { which, used } if !fleet.calls.is_empty() => {
                        fleet.finish(which.index(fleet.calls.len()), used);
                    }
                    Step::Finish { .. } => {}
                    Step::Tell { envoy, luck } => {
                        fleet.tell(envoy, luck);
                    }
                    Step::Restart { envoy } => fleet.restart(envoy),
                }
                let (spent, under_way) = (fleet.spent, fleet.under_way());
                prop_assert!(spent + under_way <= 100, "{spent} spent, {under_way} under way");
            }
            // Once everything is told, what the fleet holds is what was spent, to the last unit.
            while !fleet.calls.is_empty() {
                fleet.finish(0, 1);
            }
            while fleet.tell(0, Luck::Answered) || fleet.tell(1, Luck::Answered) {}
            let (taken, returned) = fleet.memory.counted();
            let held = taken.checked_sub(returned).unwrap();
            if fleet.has_restarted {
                prop_assert!(held >= fleet.spent);
            } else {
                prop_assert_eq!(held, fleet.spent);
            }
        }
    }
}
