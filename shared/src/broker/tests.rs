use std::borrow::Cow;

use serde_json::{Value, json};

use super::*;
use crate::alert::Alert;
use crate::audit::Record;
use crate::call::Services;
use crate::config::{Audience, Scheme, load};
use crate::egress::{self, Egress};
use crate::identity::testing::Facts;
use crate::identity::{TokenDigest, Verified};
use crate::ids::ProviderName;
use crate::metrics::{Labels, Metric, stat_name};
use crate::provider::Address;
use crate::reply::Reply;
use crate::routing::Worker;
use crate::statistics::{Ended, Selection};
use crate::store::testing::Memory;
use crate::store::{Store, statistics_key};
use crate::units::Millis;
use crate::wire::Dialect;

mod budgets;
mod cascade;
mod costs;
mod endpoints;
mod fixture;
mod fleet;
mod forward;
mod health;
mod identity;
mod limits;
mod order;
mod outcome;
#[cfg(feature = "cedar")]
mod policies;
mod record;
mod refuse;
mod stored;
mod tally;
mod told;

use fixture::{DIALECTS, Pairs, body, document, headers, headers_with, snapshot};
use told::{Told, closed, last, part, status, status_with};

const START: Timestamp = Timestamp(1_795_254_245_678_000_000);
const JSON: &str = "application/json";
const STREAM: &str = "text/event-stream";

/// How a call went on to the router.
#[derive(Debug)]
struct Forwarded {
    call: SharedCall,
    cluster: String,
    retries: usize,
    first_byte: Option<Millis>,
}

/// What the machine wanted done.
#[derive(Debug, Default)]
struct Host {
    removed: Vec<String>,
    forwards: Vec<Forwarded>,
    replies: Vec<Reply>,
    metrics: Vec<String>,
    alerts: Vec<Value>,
    records: Vec<Value>,
    tallies: Vec<String>,
    removed_from_answer: Vec<String>,
    set_in_answer: Vec<String>,
    has_provider_broken_off: bool,
    /// What the rate limit service was asked, and how long the answer may take.
    questions: Vec<(Vec<u8>, Millis)>,
    has_service: bool,
    verified: Facts,
    store: Rc<Memory>,
    worker: Rc<Worker>,
}

impl Services for Host {
    fn alert(&mut self, alert: &Alert) {
        let alert = serde_json::from_slice(&alert.to_json()).unwrap();
        self.alerts.push(alert);
    }

    fn store(&self) -> &dyn Store {
        self.store.as_ref()
    }

    fn measure(&mut self, metric: Metric, labels: Labels<'_>, value: u64) {
        self.metrics
            .push(format!("{}={value}", stat_name(metric, labels)));
    }
}

impl Output for Host {
    fn remove_request_headers(&mut self, names: &[&str]) {
        self.removed.extend(names.iter().map(|name| (*name).to_owned()));
    }

    fn forward(&mut self, forward: Forward<'_>) {
        self.forwards.push(Forwarded {
            call: forward.call.clone(),
            cluster: forward.cluster.to_string(),
            retries: forward.retries,
            first_byte: forward.first_byte,
        });
    }

    fn reply(&mut self, reply: &Reply) {
        self.replies.push(reply.clone());
    }

    fn set_response_header(&mut self, name: &str, value: &str) {
        self.set_in_answer.push(format!("{name}: {value}"));
    }

    fn remove_response_header(&mut self, name: &str) {
        self.removed_from_answer.push(name.to_owned());
    }

    fn ask_service(&mut self, call: ServiceCall<'_>) -> bool {
        self.questions.push((call.message.to_vec(), call.timeout));
        self.has_service
    }

    fn worker(&self) -> &Worker {
        &self.worker
    }

    fn has_provider_broken_off(&self) -> bool {
        self.has_provider_broken_off
    }

    fn verified(&self) -> &dyn Verified {
        &self.verified
    }

    fn tally(&mut self, selection: Selection<'_>, ended: Ended) {
        let asked = if ended.took.is_some() {
            "asked"
        } else {
            "not asked"
        };
        let (key, ending, cost) = (statistics_key(selection), ended.ending, ended.cost.0);
        self.tallies.push(format!("{key}: {ending:?}, {asked}, {cost}"));
    }

    fn record(&mut self, record: &Record<'_>) {
        self.records
            .push(serde_json::from_slice(&record.to_line()).unwrap());
    }
}

/// A host of attempts of which nothing but the effect on the call and on what is remembered is of interest.
#[derive(Debug, Default)]
struct Unseen {
    store: Rc<Memory>,
    metrics: Vec<String>,
    next: Vec<String>,
    forbids_retry: bool,
    /// What passed in place of chunks.
    chunks: Vec<String>,
}

impl Services for Unseen {
    fn alert(&mut self, _: &Alert) {}

    fn store(&self) -> &dyn Store {
        self.store.as_ref()
    }

    fn measure(&mut self, metric: Metric, labels: Labels<'_>, value: u64) {
        self.metrics
            .push(format!("{}={value}", stat_name(metric, labels)));
    }
}

impl egress::Output for Unseen {
    fn set_request_headers(&mut self, _: &[(&'static str, Cow<'_, [u8]>)]) {}
    fn set_next_upstream(&mut self, cluster: &ProviderName) {
        self.next.push(cluster.to_string());
    }
    fn set_request_body(&mut self, _: &[&[u8]]) {}
    fn set_response_headers(&mut self, _: &[(String, Vec<u8>)], _: &[(&str, &[u8])]) {}
    fn fail_response(&mut self) {}
    fn set_retry_after(&mut self, _: Millis) {}
    fn forbid_retry(&mut self) {
        self.forbids_retry = true;
    }
    fn set_response_chunk(&mut self, chunk: &[u8]) {
        self.chunks.push(String::from_utf8_lossy(chunk).into_owned());
    }
}

/// A call, its host and its clock.
#[derive(Debug)]
struct Driver {
    machine: Option<Broker>,
    host: Host,
    now: Timestamp,
}

impl Driver {
    fn new() -> Self {
        Self {
            machine: Some(Broker::new(snapshot(), START, 0)),
            host: Host::default(),
            now: START,
        }
    }

    /// A call whose headers are there.
    fn arrived(headers: Pairs) -> Self {
        let mut driver = Self::new();
        driver.handle(Event::RequestHeaders {
            headers: Headers::new(headers),
            is_end: false,
        });
        driver
    }

    /// A call that is on its way to a model's providers.
    fn forwarded(dialect: Dialect, body: &str) -> Self {
        let mut driver = Self::arrived(headers(dialect));
        driver.complete(body);
        assert_eq!(driver.host.forwards.len(), 1, "{:?}", driver.host);
        driver
    }

    fn machine(&self) -> &Broker {
        self.machine.as_ref().unwrap()
    }

    fn handle(&mut self, event: Event) {
        let machine = self.machine.take().unwrap();
        self.machine = Some(machine.handle(event, &mut self.host));
    }

    fn complete(&mut self, body: impl AsRef<[u8]>) {
        self.handle(Event::RequestBodyComplete {
            body: body.as_ref().to_vec(),
            now: self.now,
        });
    }

    fn wait(&mut self, millis: u64) {
        self.now.0 += millis * 1_000_000;
    }

    /// Makes the next attempt; its events come after so many milliseconds each.
    fn attempt<const N: usize>(&mut self, account: &str, events: [(u64, Told<'_>); N]) -> Unseen {
        let mut unseen = Unseen {
            store: self.host.store.clone(),
            ..Unseen::default()
        };
        let started = Egress::start(self.call(), &config(account), self.now, &mut unseen);
        let mut attempt = started.unwrap();
        for (millis, event) in events {
            self.wait(millis);
            attempt = attempt.handle(event.at(self.now), &mut unseen);
        }
        unseen
    }

    /// What the broker handed over to the attempts.
    fn call(&self) -> SharedCall {
        self.host.forwards[0].call.clone()
    }

    /// The answer that the last attempt left begins.
    fn answered(&mut self) {
        self.handle(Event::AnswerBegins);
    }

    fn finish(&mut self) {
        self.handle(Event::Finished { now: self.now });
    }

    /// The one reply of the broker and its body.
    fn reply(&self) -> (&Reply, Value) {
        let [reply] = self.host.replies.as_slice() else {
            panic!("{:?}", self.host)
        };
        (reply, serde_json::from_slice(&reply.body).unwrap())
    }

    /// The one record.
    fn record(&self) -> &Value {
        let [record] = self.host.records.as_slice() else {
            panic!("{:?}", self.host)
        };
        record
    }
}

/// What an account's cluster is told of it.
fn config(account: &str) -> egress::Config {
    let address = Address {
        scheme: Scheme::Https,
        authority: "example.com".to_owned(),
        base_path: String::new(),
        api_version: None,
    };
    egress::Config {
        provider: account.into(),
        address,
        has_hop: true,
    }
}
