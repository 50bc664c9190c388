//! The role `egress`: Envoy's callbacks of an attempt become events of its machine.

use std::borrow::Cow;
use std::rc::Rc;

use proxy_wasm::traits::{Context, HttpContext};
use proxy_wasm::types::Action;
use shared::alert::Alert;
use shared::call::Services;
use shared::egress::{Config, Egress, Event, NotStarted, Output};
use shared::headers::X_ENVOY_RATELIMITED;
use shared::ids::ProviderName;
use shared::metrics::{Labels, Metric};
use shared::reply::{Refusal, UpstreamFailure};
use shared::store::Store;
use shared::units::Millis;

use crate::store::SharedData;
use crate::{alerts, calls, host, telemetry};

/// One attempt.
pub struct EgressContext {
    config: Rc<Config>,
    /// The call that the attempt is made for.
    call_id: Option<u32>,
    /// `None` before the attempt begins and while the machine handles an event.
    machine: Option<Egress>,
    /// How much of the answer that Envoy holds back has been seen.
    seen: usize,
}

impl EgressContext {
    pub fn new(config: Rc<Config>) -> Self {
        Self {
            config,
            call_id: None,
            machine: None,
            seen: 0,
        }
    }

    /// `length`: the bytes of the body that are at hand. Gives how many there are afterwards.
    fn handle(&mut self, event: Event<'_>, length: usize) -> usize {
        let seen = self.seen;
        let Some((machine, call_id)) = self.machine.take().zip(self.call_id) else {
            return length;
        };
        let mut host = Host {
            call_id,
            length,
            seen,
        };
        self.machine = Some(machine.handle(event, &mut host));
        host.length
    }

    /// Whether the answer goes on or waits with the `length` bytes that are at hand.
    fn action(&mut self, length: usize) -> Action {
        if self.machine.as_ref().is_some_and(Egress::holds) {
            self.seen = length;
            Action::Pause
        } else {
            self.seen = 0;
            Action::Continue
        }
    }
}

impl Context for EgressContext {
    fn on_done(&mut self) -> bool {
        if self.machine.as_ref().is_some_and(Egress::is_open) {
            let is_connect_failure = host::is_connect_failure();
            self.handle(
                Event::Closed {
                    is_connect_failure,
                    now: host::now(),
                },
                0,
            );
        }
        true
    }
}

impl HttpContext for EgressContext {
    fn on_http_request_headers(&mut self, _count: usize, _is_end: bool) -> Action {
        self.call_id = host::call_id();
        let started = self
            .call_id
            .and_then(|call_id| Some((call_id, calls::get(call_id)?)));
        let started = started.ok_or(NotStarted::NotPlanned).and_then(|(call_id, call)| {
            let output = &mut Host {
                call_id,
                length: 0,
                seen: 0,
            };
            Egress::start(call, &self.config, host::now(), output)
        });
        if let Err(reason) = &started {
            // Whatever this request is, nothing of it may reach the provider with the provider's credential.
            if *reason == NotStarted::NotPlanned {
                log::error!(
                    "a request reached the cluster {} outside its plan",
                    self.config.provider
                );
            }
            let refusal = Refusal::Upstream(UpstreamFailure::Unreachable);
            host::reply(&refusal.reply(shared::wire::Dialect::OpenAi, ""));
            return Action::Pause;
        }
        self.machine = started.ok();
        Action::Continue
    }

    fn on_http_request_body(&mut self, length: usize, _is_end: bool) -> Action {
        self.handle(Event::RequestBody, length);
        Action::Continue
    }

    fn on_http_response_headers(&mut self, _count: usize, is_end: bool) -> Action {
        let (headers, now) = (host::response_headers(), host::now());
        self.handle(Event::ResponseHeaders { headers, is_end, now }, 0);
        self.action(0)
    }

    fn on_http_response_body(&mut self, length: usize, is_last: bool) -> Action {
        let Some(machine) = self.machine.as_ref().filter(|machine| machine.watches()) else {
            return Action::Continue;
        };
        let now = machine.wants_time().then(host::now);
        let chunk = match length.saturating_sub(self.seen) {
            0 => Vec::new(),
            new => host::response_body(self.seen, new),
        };
        let event = Event::ResponseBody {
            chunk: &chunk,
            is_last,
            now,
        };
        let length = self.handle(event, length);
        self.action(length)
    }

    fn on_http_response_trailers(&mut self, _count: usize) -> Action {
        host::clear_response_trailers();
        self.handle(Event::ResponseTrailers { now: host::now() }, self.seen);
        Action::Continue
    }
}

struct Host {
    call_id: u32,
    /// The bytes of the body that are at hand.
    length: usize,
    /// How many of them wait from earlier on.
    seen: usize,
}

impl Services for Host {
    fn store(&self) -> &dyn Store {
        &SharedData
    }

    fn measure(&mut self, metric: Metric, labels: Labels<'_>, value: u64) {
        telemetry::measure(metric, labels, value);
    }

    fn alert(&mut self, alert: &Alert) {
        alerts::note(alert);
    }
}

impl Output for Host {
    fn set_request_headers(&mut self, headers: &[(&'static str, Cow<'_, [u8]>)]) {
        host::replace_request_headers(
            headers
                .iter()
                .map(|(name, value)| (*name, value.as_ref()))
                .collect(),
        );
    }

    fn set_next_upstream(&mut self, cluster: &ProviderName) {
        host::set_upstream(cluster.as_str(), self.call_id);
    }

    fn set_request_body(&mut self, pieces: &[&[u8]]) {
        host::replace_request_body(self.length, pieces);
    }

    fn set_response_headers(&mut self, given: &[(String, Vec<u8>)], headers: &[(&str, &[u8])]) {
        host::edit_response_headers(given, headers);
    }

    fn fail_response(&mut self) {
        host::set_response_header(":status", "502");
    }

    fn set_retry_after(&mut self, wait: Millis) {
        host::set_response_header("retry-after", &wait.0.div_ceil(1_000).to_string());
    }

    fn forbid_retry(&mut self) {
        host::set_response_header(X_ENVOY_RATELIMITED, "true");
    }

    fn set_response_chunk(&mut self, chunk: &[u8]) {
        let mut body = host::response_body(0, self.seen);
        body.extend_from_slice(chunk);
        host::replace_response_body(self.length, &body);
        self.length = body.len();
    }
}
