//! Small state that all workers of one Envoy share: read, changed and written back only if nobody else wrote in
//! between.

mod packed;
#[cfg(test)]
pub(crate) mod testing;

pub use packed::{Packed, Unpack};

use crate::ids::{PoolName, ProviderName, UpstreamModelName};
use crate::limits::{MAX_SWAPS, WARM_CONVERSATIONS};
use crate::routing::PrefixKey;
use crate::statistics::Selection;

/// Where state is kept. proxy-wasm's shared data is one: per process, lost on restart.
pub trait Store {
    /// The value and its version; `None` if there is none.
    fn get(&self, key: &str) -> Option<(Vec<u8>, u32)>;
    /// Writes the value if it still has this version, and tells whether it did. `None`: there was none.
    fn swap(&self, key: &str, value: &[u8], version: Option<u32>) -> bool;
}

/// Nothing is known and nothing is remembered, as where a call is only explained.
#[derive(Clone, Copy, Debug, Default)]
pub struct Empty;

impl Store for Empty {
    fn get(&self, _: &str) -> Option<(Vec<u8>, u32)> {
        None
    }

    fn swap(&self, _: &str, _: &[u8], _: Option<u32>) -> bool {
        true
    }
}

/// What came of an update.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Updated<T> {
    /// What the change said, to be acted on in any case.
    pub result: T,
    /// Whether the change is written. If not, too many others were quicker, and it is as if it were forgotten.
    pub is_kept: bool,
}

/// Changes the state under a key. `change` is made anew on what another worker left, so it must do nothing else.
///
/// State that cannot be read, such as an earlier version's, begins from the default.
pub fn update<S: Packed, T>(store: &dyn Store, key: &str, mut change: impl FnMut(&mut S) -> T) -> Updated<T> {
    let mut swaps = 0;
    loop {
        let (bytes, version) = store.get(key).unzip();
        let mut state = bytes.as_deref().and_then(S::unpack).unwrap_or_default();
        let result = change(&mut state);
        let changed = state.pack();
        let is_kept = bytes.as_ref() == Some(&changed) || store.swap(key, &changed, version);
        swaps += 1;
        if is_kept || swaps >= MAX_SWAPS {
            return Updated { result, is_kept };
        }
    }
}

/// The same, but only if there is some state under the key: where there is none the change would make no difference.
pub fn update_if_any<S: Packed>(store: &dyn Store, key: &str, change: impl FnMut(&mut S)) {
    if store.get(key).is_some() {
        update(store, key, change);
    }
}

/// The state under a key as it is, for a decision that writes nothing.
pub fn look<S: Packed>(store: &dyn Store, key: &str) -> S {
    store
        .get(key)
        .and_then(|(bytes, _)| S::unpack(&bytes))
        .unwrap_or_default()
}

/// Where the [`Health`](crate::health::Health) of a model at an account is kept.
#[must_use]
pub fn health_key(provider: &ProviderName, model: &UpstreamModelName) -> String {
    // An account's name holds no slash.
    ["health/", provider.as_str(), "/", model.as_str()].concat()
}

/// Where the [`Window`](crate::ledger::Window) of an account is kept.
#[must_use]
pub fn window_key(provider: &ProviderName) -> String {
    ["window/", provider.as_str()].concat()
}

/// Where it is kept what is [`Known`](crate::fleet::Known) of the limits of an account that a fleet holds together.
#[must_use]
pub fn known_key(provider: &ProviderName) -> String {
    ["known/", provider.as_str()].concat()
}

/// Where the [`RuleStatistics`](crate::statistics::RuleStatistics) of what chose a pool are kept.
#[must_use]
pub fn statistics_key(selection: Selection<'_>) -> String {
    let Selection { rule, pool } = selection;
    // A rule's name holds no slash.
    ["rule/", rule.unwrap_or_default(), "/", pool.as_str()].concat()
}

/// Where the [`RetryBudget`](crate::routing::RetryBudget) of a pool is kept.
#[must_use]
pub fn retry_budget_key(pool: &PoolName) -> String {
    ["retries/", pool.as_str()].concat()
}

/// Where the [`Warmth`](crate::routing::Warmth) of a conversation is kept. Conversations share a number of places, since
/// nothing is ever removed from a store: of two in one place the later one is remembered.
#[must_use]
pub fn warmth_key(conversation: PrefixKey) -> String {
    format!("warmth/{}", conversation.number() % WARM_CONVERSATIONS)
}

/// Where the [`Estimator`](crate::routing::Estimator) of a model is kept.
#[must_use]
pub fn estimator_key(model: &UpstreamModelName) -> String {
    format!("estimator/{model}")
}

#[cfg(test)]
mod tests {
    use super::testing::Memory;
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[derive(Default)]
    struct Count(u64);

    impl Packed for Count {
        const VERSION: u8 = 3;
        const LENGTH: usize = 9;

        fn write(&self, bytes: &mut Vec<u8>) {
            bytes.extend(self.0.to_le_bytes());
        }

        fn read(from: &mut Unpack<'_>) -> Option<Self> {
            from.u64().map(Self)
        }
    }

    #[test]
    fn an_update_that_another_worker_overtakes_is_made_anew() {
        let store = Memory::default();
        update(&store, "n", |count: &mut Count| count.0 += 1);
        for _ in 0..3 {
            store.meanwhile(|store| {
                update(store, "n", |count: &mut Count| count.0 += 10);
            });
        }
        let updated = update(&store, "n", |count: &mut Count| {
            count.0 += 1;
            count.0
        });
        assert_eq!((updated.result, updated.is_kept), (32, true));
        assert_eq!(look::<Count>(&store, "n").0, 32);
    }

    #[test]
    fn an_update_that_is_always_overtaken_is_given_up() {
        let store = Memory::default();
        update(&store, "n", |count: &mut Count| count.0 += 1);
        for _ in 0..MAX_SWAPS {
            store.meanwhile(|store| {
                update(store, "n", |count: &mut Count| count.0 += 10);
            });
        }
        let updated = update(&store, "n", |count: &mut Count| count.0 += 1);
        assert!(!updated.is_kept);
        assert_eq!(look::<Count>(&store, "n").0, 1 + 10 * u64::from(MAX_SWAPS));
    }

    #[test]
    fn what_cannot_be_read_begins_anew() {
        for bytes in [
            &b""[..],
            b"\x03",
            b"\x02\x01\0\0\0\0\0\0\0",
            b"\x03\x01\0\0\0\0\0\0\0\0",
        ] {
            assert!(Count::unpack(bytes).is_none(), "{bytes:?}");
        }
        assert_eq!(Count(7).pack().len(), Count::LENGTH);
        assert_eq!(Count::unpack(&Count(7).pack()).map(|count| count.0), Some(7));
    }
}
