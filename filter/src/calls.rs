//! The calls under way on this worker, so that the role `egress` finds the call that the role `broker` planned.

use std::cell::RefCell;
use std::collections::HashMap;

use shared::call::SharedCall;

thread_local! {
    static CALLS: RefCell<HashMap<u32, SharedCall>> = RefCell::default();
}

/// Keeps a call under the id of its broker context.
pub fn insert(id: u32, call: SharedCall) {
    CALLS.with_borrow_mut(|calls| calls.insert(id, call));
}

/// The call of an id.
pub fn get(id: u32) -> Option<SharedCall> {
    CALLS.with_borrow(|calls| calls.get(&id).cloned())
}

/// Forgets a call that is over.
pub fn remove(id: u32) {
    CALLS.with_borrow_mut(|calls| calls.remove(&id));
}
