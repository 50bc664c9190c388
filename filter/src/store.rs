//! Shared data: state that all workers of this Envoy read and change.

use std::rc::Rc;

use proxy_wasm::hostcalls;
use shared::budget::Counter;
use shared::config::Snapshot;
use shared::health::Health;
use shared::ledger::Window;
use shared::routing::Worker;
use shared::statistics::{RuleStatistics, Selection};
use shared::store::{Packed as _, Store, health_key, statistics_key, window_key};
use shared::units::Timestamp;

/// proxy-wasm's shared data. Both roles run under one `vm_id`, so they see the same.
#[derive(Clone, Copy)]
pub struct SharedData;

impl Store for SharedData {
    fn get(&self, key: &str) -> Option<(Vec<u8>, u32)> {
        let (value, version) = hostcalls::get_shared_data(key).ok()?;
        value.zip(version)
    }

    fn swap(&self, key: &str, value: &[u8], version: Option<u32>) -> bool {
        hostcalls::set_shared_data(key, Some(value), version).is_ok()
    }
}

thread_local! {
    static WORKER: Rc<Worker> = Rc::default();
}

/// What this worker remembers by itself, through every reload.
pub fn worker() -> Rc<Worker> {
    WORKER.with(Rc::clone)
}

/// Makes an entry for every model at every account, for every limit, for every budget and for everything that takes calls, where there
/// is none yet: the host checks no version where there is no value, so of two calls that begin one together the first
/// would be forgotten. What is there stays, through every reload.
pub fn prepare(snapshot: &Snapshot, now: Timestamp) {
    // First of all: a counter that has begun in this process is left alone, so each is opened once.
    for carried in &snapshot.carried {
        begin(&carried.counter, || carried.state());
    }
    let pools = snapshot
        .pools
        .iter()
        .chain(snapshot.models.values().map(|model| &model.pool));
    for member in pools.flat_map(|pool| &pool.members) {
        let key = health_key(&member.provider.name, &member.model);
        begin(&key, || Health::default().pack());
    }
    let limited = snapshot.providers.iter();
    for provider in limited.filter(|provider| !provider.limits.is_empty()) {
        begin(&window_key(&provider.name), || Window::default().pack());
    }
    for agent in snapshot.agents.values() {
        for allowance in &agent.allowances {
            begin(&allowance.counter.key, Counter::beginning);
        }
    }
    // Agents that only a claim names spend what their workspace and tenant have, too.
    for budget in &snapshot.budgets {
        for counter in budget.counters_of(snapshot.workspaces.values().map(AsRef::as_ref)) {
            begin(&counter.key, Counter::beginning);
        }
    }
    for counter in snapshot
        .providers
        .iter()
        .filter_map(|provider| provider.budget.as_ref())
    {
        begin(&counter.key, Counter::beginning);
    }
    for selection in Selection::all(snapshot) {
        begin(&statistics_key(selection), || {
            RuleStatistics::beginning(now).pack()
        });
    }
}

fn begin(key: &str, state: impl FnOnce() -> Vec<u8>) {
    if SharedData.get(key).is_none() {
        SharedData.swap(key, &state(), None);
    }
}
