//! The HTTP face of an account's handle: `/_simulator/…` on its own port, for those who are not in this process.
//!
//! * `POST /_simulator/behaviour` with any of `{"default": {…}, "then": [{…}], "require": ["x-api-key", "secret"],
//!   "vendor": "anthropic"}`
//! * `GET /_simulator/received`: the calls, as a list of objects
//! * `DELETE /_simulator/received`: forget them
//! * `GET /_simulator/count`: `{"count": 3}`

use std::sync::Arc;

use bytes::Bytes;
use hyper::Method;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::account::Account;
use crate::behaviour::Behaviour;
use crate::vendor::Vendor;

/// Where the control paths begin.
pub(crate) const PREFIX: &str = "/_simulator/";

/// Does what a control call says. The answer is a status and a JSON body.
pub(crate) fn handle(account: &Account, method: &Method, path: &str, body: &Bytes) -> (u16, Value) {
    match (method, path.strip_prefix(PREFIX).unwrap_or(path)) {
        (&Method::POST, "behaviour") => match serde_json::from_slice::<Orders>(body) {
            Ok(orders) => {
                orders.give(account);
                (200, json!({}))
            }
            Err(error) => (400, json!({"error": error.to_string()})),
        },
        (&Method::GET, "received") => {
            let received: Vec<Value> = account
                .state()
                .received
                .iter()
                .map(crate::ReceivedRequest::to_json)
                .collect();
            (200, Value::Array(received))
        }
        (&Method::DELETE, "received") => {
            account.clear();
            (200, json!({}))
        }
        (&Method::GET, "count") => (200, json!({"count": account.count()})),
        _ => (404, json!({"error": "the simulator has no such control"})),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Orders {
    default: Option<Behaviour>,
    #[serde(default)]
    then: Vec<Behaviour>,
    require: Option<(String, String)>,
    vendor: Option<Vendor>,
}

impl Orders {
    fn give(self, account: &Account) {
        let mut state = account.state();
        if let Some(default) = self.default {
            state.default = Arc::new(default);
        }
        if let Some(vendor) = self.vendor {
            state.vendor = vendor;
        }
        state.queue.extend(self.then.into_iter().map(Arc::new));
        if self.require.is_some() {
            state.required = self.require;
        }
    }
}
