//! What a worker knows of how models count tokens: what it learned itself, and what the others left in the store.

use std::cell::RefCell;
use std::collections::HashMap;

use super::Estimator;
use crate::ids::UpstreamModelName;
use crate::request::content::Content;
use crate::store::{Store, estimator_key, look, update};
use crate::units::Tokens;

/// So many reports of a worker are told to the others at once, while there is most to learn.
const SHARED_AT_FIRST: u32 = 64;

/// After that every so many: the others learn from calls of their own.
const SHARED_EVERY: u32 = 8;

/// The estimators of a worker, by model. They are kept in its own memory, because a plan asks for those of all members.
#[derive(Debug, Default)]
pub struct Estimators(RefCell<HashMap<UpstreamModelName, Known>>);

#[derive(Debug)]
struct Known {
    estimator: Estimator,
    /// The reports that this worker took in.
    reports: u32,
}

impl Estimators {
    /// The tokens that an input is expected to have for a model.
    #[must_use]
    pub fn estimate(&self, model: &UpstreamModelName, content: &Content, store: &dyn Store) -> Tokens {
        self.with(model, store, |known| known.estimator.estimate(content))
    }

    /// Learns from what a provider reported for an input, cached tokens included.
    pub fn learn(&self, model: &UpstreamModelName, content: &Content, reported: Tokens, store: &dyn Store) {
        self.with(model, store, |known| {
            let is_shared = known.reports < SHARED_AT_FIRST || known.reports % SHARED_EVERY == 0;
            known.reports = known.reports.wrapping_add(1);
            if is_shared {
                let learn = |estimator: &mut Estimator| {
                    estimator.learn(content, reported);
                    *estimator
                };
                known.estimator = update(store, &estimator_key(model), learn).result;
            } else {
                known.estimator.learn(content, reported);
            }
        });
    }

    fn with<T>(&self, model: &UpstreamModelName, store: &dyn Store, act: impl FnOnce(&mut Known) -> T) -> T {
        let mut known = self.0.borrow_mut();
        if let Some(known) = known.get_mut(model) {
            return act(known);
        }
        let first = Known {
            estimator: look(store, &estimator_key(model)),
            reports: 0,
        };
        act(known.entry(model.clone()).or_insert(first))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::testing::Memory;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    const PROSE: Content = Content {
        prose: 1_000,
        code: 0,
        other_script: 0,
        media: 0,
    };

    #[test]
    fn what_one_worker_learns_another_one_begins_with() {
        let store = Memory::default();
        let (one, other) = (Estimators::default(), Estimators::default());
        let model = UpstreamModelName::from("m");
        assert_eq!(one.estimate(&model, &PROSE, &store), Tokens(250));
        for _ in 0..50 {
            one.learn(&model, &PROSE, Tokens(400), &store);
        }
        let learned = one.estimate(&model, &PROSE, &store);
        assert!(learned.0.abs_diff(400) < 10, "{learned:?}");
        assert_eq!(other.estimate(&model, &PROSE, &store), learned);
        let unknown = UpstreamModelName::from("unknown");
        assert_eq!(other.estimate(&unknown, &PROSE, &store), Tokens(250));
    }

    #[test]
    fn workers_that_learn_side_by_side_learn_together() {
        let store = Memory::default();
        let workers = [Estimators::default(), Estimators::default()];
        let model = UpstreamModelName::from("m");
        for call in 0..50 {
            workers[call % 2].learn(&model, &PROSE, Tokens(400), &store);
        }
        for worker in &workers {
            let estimate = worker.estimate(&model, &PROSE, &store);
            assert!(estimate.0.abs_diff(400) < 10, "{estimate:?}");
        }
    }

    #[test]
    fn a_worker_goes_on_learning_when_it_seldom_tells() {
        let store = Memory::default();
        let estimators = Estimators::default();
        let model = UpstreamModelName::from("m");
        for _ in 0..1_000 {
            estimators.learn(&model, &PROSE, Tokens(250), &store);
        }
        for _ in 0..300 {
            estimators.learn(&model, &PROSE, Tokens(500), &store);
        }
        let estimate = estimators.estimate(&model, &PROSE, &store);
        assert!(estimate.0.abs_diff(500) < 40, "{estimate:?}");
    }
}
