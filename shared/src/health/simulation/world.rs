//! Workers, accounts, a clock and a store.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;

use super::account::{Account, Answer, Asked};
use crate::config::Member;
use crate::health::{Health, Sample, Standing, Ticket, delay};
use crate::ids::PoolName;
use crate::ledger::{Reservation, Window};
use crate::routing::{Knowledge, RetryBudget, RetryLimits, Speed, Wishes, arrange};
use crate::store::testing::Memory;
use crate::store::{health_key, look, retry_budget_key, update, window_key};
use crate::units::{MicroUsd, Millis, Timestamp, Tokens};

pub const SECOND: u64 = 1_000;
pub const MINUTE: u64 = 60 * SECOND;
/// 2026-04-01T12:00:00Z.
pub const START: Timestamp = Timestamp(1_775_044_800_000_000_000);

/// The tokens that each call is expected to use.
const ESTIMATE: Tokens = Tokens(500);

/// A call that is under way.
struct Call {
    attempts: VecDeque<usize>,
    is_last_resort: bool,
    made: u32,
}

/// An attempt that is under way.
struct Flight {
    call: Call,
    account: usize,
    ticket: Ticket,
    reservation: Option<Reservation>,
    place: usize,
    started: u64,
    answer: Answer,
}

pub struct World {
    pub store: Memory,
    pub calls_per_tick: Cell<u32>,
    accounts: Vec<Account>,
    members: Vec<Member>,
    now: Cell<Timestamp>,
    places: Cell<usize>,
    random: Cell<u64>,
    in_flight: RefCell<Vec<Flight>>,
    asked: RefCell<Vec<Asked>>,
    waits: RefCell<Vec<u64>>,
    calls: Cell<usize>,
    failed: RefCell<Vec<u64>>,
}

impl World {
    pub fn new(accounts: Vec<Account>, seed: u64) -> Rc<Self> {
        Rc::new(Self {
            store: Memory::default(),
            calls_per_tick: Cell::new(1),
            members: accounts.iter().map(Account::member).collect(),
            accounts,
            now: Cell::new(START),
            places: Cell::new(0),
            random: Cell::new(seed),
            in_flight: RefCell::default(),
            asked: RefCell::default(),
            waits: RefCell::default(),
            calls: Cell::new(0),
            failed: RefCell::default(),
        })
    }

    /// Lets time pass; whatever happens within one tick is done by workers that overtake each other.
    pub fn run(self: &Rc<Self>, duration: u64, tick: u64) {
        for millis in (0..duration).step_by(usize::try_from(tick).unwrap()) {
            self.now.set(START.after(Millis(millis)));
            let is_due = |flight: &Flight| flight.started + flight.answer.takes <= millis;
            let (due, under_way) = self.in_flight.take().into_iter().partition(is_due);
            self.in_flight.replace(under_way);
            for flight in due {
                let world = self.clone();
                self.store.meanwhile(move |_| world.finish(flight));
            }
            for _ in 0..self.calls_per_tick.get() {
                let world = self.clone();
                self.store.meanwhile(move |_| world.begin());
            }
            self.store.finish_turns();
        }
    }

    /// The attempts at an account, by their beginning.
    pub fn asked(&self, account: usize) -> Vec<Asked> {
        let asked = self.asked.borrow();
        let mut asked: Vec<_> = asked
            .iter()
            .filter(|asked| asked.account == account)
            .cloned()
            .collect();
        asked.sort_by_key(|asked| asked.started);
        asked
    }

    pub fn calls(&self) -> usize {
        self.calls.get()
    }

    pub fn failed(&self) -> usize {
        self.failed.borrow().len()
    }

    pub fn failures_ended(&self) -> Vec<u64> {
        self.failed.borrow().clone()
    }

    pub fn refused(&self) -> usize {
        self.waits.borrow().len()
    }

    pub fn waits(&self) -> Vec<u64> {
        self.waits.borrow().clone()
    }

    /// Each look at the clock is a microsecond later.
    fn now(&self) -> Timestamp {
        let now = Timestamp(self.now.get().0 + 1_000);
        self.now.set(now);
        now
    }

    fn millis(&self) -> u64 {
        self.now.get().millis_since(START).0
    }

    fn place(&self) -> usize {
        self.places.set(self.places.get() + 1);
        self.places.get()
    }

    fn random(&self) -> u64 {
        let random = self
            .random
            .get()
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        self.random.set(random);
        random.rotate_left(32)
    }

    fn begin(&self) {
        self.store.patience.set(u32::try_from(self.random() % 4).unwrap());
        self.calls.set(self.calls.get() + 1);
        update(
            &self.store,
            &retry_budget_key(&PoolName::from("pool")),
            |budget: &mut RetryBudget| {
                budget.note_call(&RetryLimits::default());
            },
        );
        // What was free at the planning may have been taken by another worker; then the plan is made anew.
        for _ in 0..3 {
            match self.plan() {
                Err(wait) => {
                    self.waits.borrow_mut().push(wait.0);
                    return;
                }
                Ok(call) => {
                    if self.attempt(call) {
                        return;
                    }
                }
            }
        }
        self.failed.borrow_mut().push(self.millis());
    }

    /// The attempts of a call, or how long it should wait.
    fn plan(&self) -> Result<Call, Millis> {
        let wishes = Wishes {
            random: self.random(),
            now: self.now(),
            most: self.members.len(),
            ..Wishes::default()
        };
        let arrangement = arrange(self.members.iter().enumerate().collect(), wishes, self);
        if let Some(wait) = arrangement.wait {
            return Err(wait);
        }
        Ok(Call {
            attempts: arrangement.attempts.iter().map(|(index, _)| *index).collect(),
            is_last_resort: arrangement.is_last_resort,
            made: 0,
        })
    }

    /// Makes the next attempt of a call, and tells whether there is one.
    fn attempt(&self, mut call: Call) -> bool {
        while let Some(account) = call.attempts.pop_front() {
            let member = &self.members[account];
            let provider = &member.provider;
            if call.made > 0 && !self.takes_retry() {
                break;
            }
            let now = self.now();
            let window = window_key(&provider.name);
            let reserved = (!provider.limits.is_empty()).then(|| {
                update(&self.store, &window, |window: &mut Window| {
                    window.reserve(&provider.limits, ESTIMATE, now)
                })
            });
            let Ok(reservation) = reserved.map(|reserved| reserved.result).transpose() else {
                continue;
            };
            let breaker = &provider.circuit_breaker;
            let entered = update(
                &self.store,
                &health_key(&provider.name, &member.model),
                |health: &mut Health| {
                    if call.is_last_resort {
                        health.enter_as_last_resort(breaker, now)
                    } else {
                        health.enter(breaker, now)
                    }
                },
            );
            let Some(ticket) = entered.result else {
                if let Some(reservation) = reservation {
                    update(&self.store, &window, |window: &mut Window| {
                        window.release(reservation);
                    });
                }
                continue;
            };
            assert!(entered.is_kept && reserved.is_none_or(|reserved| reserved.is_kept));
            call.made += 1;
            let started = self.millis();
            self.in_flight.borrow_mut().push(Flight {
                call,
                account,
                ticket,
                reservation,
                place: self.place(),
                started,
                answer: (self.accounts[account].behaviour)(started),
            });
            return true;
        }
        false
    }

    fn takes_retry(&self) -> bool {
        let now = self.now();
        let key = retry_budget_key(&PoolName::from("pool"));
        update(&self.store, &key, |budget: &mut RetryBudget| {
            budget.take(&RetryLimits::default(), now)
        })
        .result
    }

    fn finish(&self, flight: Flight) {
        self.store.patience.set(u32::try_from(self.random() % 4).unwrap());
        let member = &self.members[flight.account];
        let provider = &member.provider;
        let (now, answer) = (self.now(), flight.answer);
        let asked = delay::asked(&answer.headers, &answer.body, now);
        let is_success = answer.outcome.is_success();
        let took = Millis(self.millis() - flight.started);
        update(
            &self.store,
            &health_key(&provider.name, &member.model),
            |health: &mut Health| {
                health.settle(
                    &provider.circuit_breaker,
                    flight.ticket,
                    answer.outcome,
                    asked,
                    now,
                );
                if is_success {
                    let output = Tokens(100);
                    health.latency.note(Sample::Whole { took, output }, now);
                }
            },
        );
        let place = self.place();
        // What was estimated is off by up to a fifth.
        let tokens = if is_success { 400 + self.random() % 200 } else { 0 };
        if let Some(reservation) = flight.reservation {
            update(&self.store, &window_key(&provider.name), |window: &mut Window| {
                window.settle(reservation, Tokens(tokens));
            });
        }
        self.asked.borrow_mut().push(Asked {
            account: flight.account,
            started: flight.started,
            ended: self.millis(),
            started_at: flight.ticket.at,
            ended_at: now,
            places: (flight.place, place),
            outcome: answer.outcome,
            is_probe: flight.ticket.is_probe(),
            tokens,
            headers: answer.headers,
            body: answer.body,
        });
        if !is_success && !self.attempt(flight.call) {
            self.failed.borrow_mut().push(self.millis());
        }
    }
}

impl Knowledge for World {
    fn standing(&self, member: &Member) -> Standing {
        let (now, provider) = (self.now(), &member.provider);
        let health: Health = look(&self.store, &health_key(&provider.name, &member.model));
        let limited = (!provider.limits.is_empty()).then(|| {
            let window: Window = look(&self.store, &window_key(&provider.name));
            window.check(&provider.limits, ESTIMATE, now).err()
        });
        health
            .standing(&provider.circuit_breaker, now)
            .or_limited(limited.flatten().map(|limited| limited.until))
    }

    fn cost(&self, _: &Member) -> Option<MicroUsd> {
        None
    }

    fn speed(&self, _: &Member) -> Speed {
        Speed::default()
    }
}
