//! The role `status`: a request to the status listener is answered with the state of the broker in the same VM.

use std::cell::RefCell;
use std::sync::Arc;

use proxy_wasm::traits::{Context, HttpContext};
use proxy_wasm::types::Action;
use shared::config::Snapshot;
use shared::status::{Status, answer};

use crate::host;
use crate::store::SharedData;

thread_local! {
    /// The configuration of the broker that was last taken on this worker.
    static IN_FORCE: RefCell<Option<Arc<Snapshot>>> = const { RefCell::new(None) };
}

/// Notes that a configuration is in force.
pub fn note(snapshot: Arc<Snapshot>) {
    IN_FORCE.set(Some(snapshot));
}

/// One request.
pub struct StatusContext;

impl Context for StatusContext {}

impl HttpContext for StatusContext {
    fn on_http_request_headers(&mut self, _count: usize, _is_end: bool) -> Action {
        let snapshot = IN_FORCE.with_borrow(Clone::clone);
        let status = snapshot
            .as_ref()
            .map(|snapshot| Status::of(snapshot, &SharedData, host::now()));
        host::reply(&answer(&host::request_headers(), status.as_ref()));
        Action::Pause
    }
}
