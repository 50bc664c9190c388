//! Alerts on their way to the operator's webhook. They are posted by the root context's timer: no call waits for them, and
//! none is given up with the call that raised it.

use std::cell::RefCell;
use std::time::Duration;

use proxy_wasm::hostcalls;
use shared::alert::{Alert, CLUSTER, Webhook};
use shared::metrics::{Labels, Metric};

use crate::{host, telemetry};

/// How many wait at the most. There is one of each threshold in each window.
const MAX_WAITING: usize = 256;

/// How long the server may take.
const TIMEOUT: Duration = Duration::from_secs(10);

thread_local! {
    static WAITING: RefCell<Vec<Vec<u8>>> = RefCell::default();
}

/// Takes an alert to be posted.
pub fn note(alert: &Alert) {
    WAITING.with_borrow_mut(|waiting| {
        if waiting.len() < MAX_WAITING {
            waiting.push(alert.to_json());
        } else {
            count("dropped");
        }
    });
}

/// Posts what waits; nothing without a webhook.
pub fn flush(webhook: Option<&Webhook>) {
    let waiting = WAITING.take();
    let Some(webhook) = webhook else { return };
    for alert in waiting {
        post(webhook, &alert);
    }
}

/// Notes how a post went whose answer is at hand.
pub fn conclude() {
    let status = host::call_status();
    count(if matches!(status, Some(200..=299)) {
        "ok"
    } else {
        "failed"
    });
}

fn post(webhook: &Webhook, alert: &[u8]) {
    let authority = webhook.server.authority();
    let headers = vec![
        (":method", "POST"),
        (":path", webhook.path.as_str()),
        (":authority", authority.as_str()),
        ("content-type", "application/json"),
        ("user-agent", "model-broker"),
    ];
    let posted = hostcalls::dispatch_http_call(CLUSTER, headers, Some(alert), Vec::new(), TIMEOUT);
    if let Err(status) = posted {
        log::warn!("an alert could not be posted: {status:?}");
        count("failed");
    }
}

fn count(outcome: &str) {
    let outcome = Some(outcome);
    telemetry::measure(
        Metric::AlertPosts,
        Labels {
            outcome,
            ..Labels::default()
        },
        1,
    );
}
