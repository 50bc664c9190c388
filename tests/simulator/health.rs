//! The page by which something else finds out whether an account is well.

use bytes::Bytes;
use hyper::http::request::Parts;

use crate::account::{Account, Simulator, received};
use crate::record::ReceivedRequest;

impl Simulator {
    /// Has a page `/health` from now on, with this status. Who asks for it makes no call; see
    /// [`checks`](Self::checks).
    pub fn set_health(&self, status: u16) {
        self.account.state().health = Some(status);
    }

    /// All requests for the page `/health`.
    #[must_use]
    pub fn checks(&self) -> Vec<ReceivedRequest> {
        self.account.state().checks.clone()
    }
}

impl Account {
    /// The status of the page `/health`, if this is what is asked for and there is one.
    pub(crate) fn check(&self, parts: &Parts) -> Option<u16> {
        let mut state = self.state();
        let status = state.health.filter(|_| parts.uri.path() == "/health")?;
        state
            .checks
            .push(received(parts, &Bytes::new(), self.started, None));
        Some(status)
    }
}
