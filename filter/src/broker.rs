//! The role `broker`: Envoy's callbacks of a call become events of its machine, and the machine's wishes calls of
//! the host.

use std::rc::Rc;
use std::sync::Arc;

use proxy_wasm::traits::{Context, HttpContext};
use proxy_wasm::types::Action;
use shared::alert::Alert;
use shared::audit::Record;
use shared::broker::{Broker, Event, Flow, Forward, Output, ServiceCall};
use shared::call::Services;
use shared::config::Snapshot;
use shared::headers::{X_ENVOY_MAX_RETRIES, X_ENVOY_PER_TRY_TIMEOUT};
use shared::identity::Verified;
use shared::metrics::{Labels, Metric};
use shared::reply::Reply;
use shared::routing::Worker;
use shared::statistics::{Ended, Selection};
use shared::store::Store;
use shared::units::Timestamp;

use crate::store::{self, SharedData};
use crate::{alerts, calls, host, statistics, telemetry};

/// One call.
pub struct BrokerContext {
    host: Host,
    /// Taken out only while it handles an event.
    machine: Option<Broker>,
}

impl BrokerContext {
    pub fn new(id: u32, snapshot: Arc<Snapshot>, now: Timestamp, random: u64) -> Self {
        Self {
            host: Host {
                id,
                worker: store::worker(),
            },
            machine: Some(Broker::new(snapshot, now, random)),
        }
    }

    fn handle(&mut self, event: Event) -> Action {
        let Some(machine) = self.machine.take() else {
            return Action::Continue;
        };
        let machine = machine.handle(event, &mut self.host);
        let action = match machine.flow() {
            Flow::Continue => Action::Continue,
            Flow::Pause => Action::Pause,
        };
        self.machine = Some(machine);
        action
    }

    fn complete(&mut self, length: usize) -> Action {
        self.handle(Event::RequestBodyComplete {
            body: host::request_body(length),
            now: host::now(),
        })
    }

    /// The request is whole; what Envoy keeps of it is not needed any more once nothing but an answer is awaited.
    fn is_taken(&self, action: Action) -> bool {
        action == Action::Continue || self.machine.as_ref().is_some_and(Broker::is_asking)
    }

    fn wants_body(&self) -> bool {
        self.machine.as_ref().is_some_and(Broker::wants_body)
    }
}

impl Context for BrokerContext {
    fn on_grpc_call_response(&mut self, _token: u32, status: u32, length: usize) {
        let answer = host::service_answer(status, length);
        let action = self.handle(Event::ServiceAnswered {
            answer,
            now: host::now(),
        });
        if action == Action::Continue {
            host::resume_request();
        }
    }
}

impl HttpContext for BrokerContext {
    fn on_http_request_headers(&mut self, _count: usize, is_end: bool) -> Action {
        self.handle(Event::RequestHeaders {
            headers: host::request_headers(),
            is_end,
        })
    }

    fn on_http_request_body(&mut self, length: usize, is_end: bool) -> Action {
        if !self.wants_body() {
            return self.handle(Event::RequestBodyGrew { length });
        }
        if is_end {
            let action = self.complete(length);
            if self.is_taken(action) {
                host::drop_request_body(length);
            }
            action
        } else {
            self.handle(Event::RequestBodyGrew { length })
        }
    }

    fn on_http_request_trailers(&mut self, _count: usize) -> Action {
        host::clear_request_trailers();
        if self.wants_body() {
            return self.complete(usize::MAX);
        }
        Action::Continue
    }

    fn on_http_response_headers(&mut self, _count: usize, _is_end: bool) -> Action {
        match &self.machine {
            Some(machine) if machine.is_forwarded() => self.handle(Event::AnswerBegins),
            // The broker's own reply comes back this way and goes on.
            Some(machine) if machine.has_replied() => Action::Continue,
            _ => match host::response_status() {
                Some(status) => self.handle(Event::EnvoyReplied { status }),
                None => Action::Continue,
            },
        }
    }

    fn on_log(&mut self) {
        if self.machine.as_ref().is_some_and(Broker::is_untouched)
            && let Some(status) = host::sent_status()
        {
            self.handle(Event::NeverArrived { status });
        }
        self.handle(Event::Finished { now: host::now() });
        calls::remove(self.host.id);
    }
}

struct Host {
    id: u32,
    worker: Rc<Worker>,
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

impl Verified for Host {
    fn metadata(&self, namespace: &str, path: &[String]) -> Option<Vec<u8>> {
        host::metadata(namespace, path)
    }

    fn certificate_uri(&self) -> Option<Vec<u8>> {
        host::certificate_uri()
    }
}

impl Output for Host {
    fn remove_request_headers(&mut self, names: &[&str]) {
        for name in names {
            host::remove_request_header(name);
        }
    }

    fn forward(&mut self, forward: Forward<'_>) {
        host::set_upstream(forward.cluster.as_str(), self.id);
        // Setting a header makes Envoy look the route up again, now that the cluster is named.
        host::set_request_header(X_ENVOY_MAX_RETRIES, &forward.retries.to_string());
        if let Some(first_byte) = forward.first_byte {
            host::set_request_header(X_ENVOY_PER_TRY_TIMEOUT, &first_byte.0.to_string());
        }
        calls::insert(self.id, forward.call.clone());
    }

    fn reply(&mut self, reply: &Reply) {
        host::reply(reply);
    }

    fn set_response_header(&mut self, name: &str, value: &str) {
        host::set_response_header(name, value);
    }

    fn remove_response_header(&mut self, name: &str) {
        host::remove_response_header(name);
    }

    fn has_provider_broken_off(&self) -> bool {
        host::has_provider_broken_off()
    }

    fn verified(&self) -> &dyn Verified {
        self
    }

    fn tally(&mut self, selection: Selection<'_>, ended: Ended) {
        statistics::note(selection, ended);
    }

    fn ask_service(&mut self, call: ServiceCall<'_>) -> bool {
        host::ask_service(call.service, call.message, call.timeout)
    }

    fn worker(&self) -> &Worker {
        &self.worker
    }

    fn record(&mut self, record: &Record<'_>) {
        host::set_record(&record.to_line());
    }
}
