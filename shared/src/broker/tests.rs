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

const START: Timestamp = Timestamp(1_795_254_245_678_000_000);
const JSON: &str = "application/json";
const STREAM: &str = "text/event-stream";

/// Both dialects, each with a model that a member of its format serves.
const DIALECTS: [(Dialect, &str); 2] = [(Dialect::OpenAi, "gpt"), (Dialect::Anthropic, "claude")];

fn snapshot() -> Arc<Snapshot> {
    load(&document(), Audience::Filter)
        .unwrap_or_else(|mistakes| panic!("{mistakes}"))
        .snapshot
}

fn document() -> Value {
    let token = |token: &str| TokenDigest::of(token.as_bytes()).to_string();
    json!({
        "providers": [
            {"name": "openai-a", "kind": "openai", "region": "us", "timeout": {"first_byte": "20s"}},
            {"name": "openai-b", "kind": "openai", "region": "eu", "timeout": {"first_byte": "45s"}},
            {"name": "anthropic-a", "kind": "anthropic", "timeout": {"first_byte": "30s"}},
            {
                "name": "metered", "kind": "openai", "timeout": {"first_byte": "20s"},
                "limits": {"requests_per_minute": 3, "tokens_per_minute": 1_600},
            },
        ],
        "pools": [
            {"name": "pair", "members": [
                {"provider": "openai-a", "model": "gpt-a"},
                {"provider": "openai-b", "model": "gpt-b", "priority": 1},
            ]},
            {"name": "mixed", "members": [
                {"provider": "anthropic-a", "model": "claude-a"}, {"provider": "openai-a", "model": "gpt-a"},
            ]},
            {"name": "limited", "members": [
                {"provider": "openai-a", "model": "tiny-a", "capabilities": [], "context_tokens": 50},
                {"provider": "anthropic-a", "model": "tiny-b", "capabilities": [], "context_tokens": 90},
            ]},
            {"name": "cheapest", "routing": "lowest-cost", "members": [
                {"provider": "openai-a", "model": "gpt-b"}, {"provider": "openai-b", "model": "gpt-mini"},
            ]},
            {"name": "quickest", "routing": "lowest-latency", "members": [
                {"provider": "openai-a", "model": "gpt-q"}, {"provider": "openai-b", "model": "gpt-q"},
            ]},
            {"name": "sticky", "affinity": "prompt-prefix", "members": [
                {"provider": "openai-a", "model": "gpt-s"}, {"provider": "openai-b", "model": "gpt-s"},
            ]},
            {"name": "thrifty", "retry_budget": {"ratio": "50%", "per_second": 0}, "members": [
                {"provider": "openai-a", "model": "gpt-t"}, {"provider": "openai-b", "model": "gpt-t", "priority": 1},
            ]},
            {
                "name": "rungs", "routing": "cascade", "accept": {"json": "always"},
                "retry_budget": {"ratio": "0%", "per_second": 0},
                "members": [
                    {"provider": "metered", "model": "gpt-mini"},
                    {"provider": "openai-a", "model": "gpt-b"},
                    {"provider": "metered", "model": "gpt-m"},
                ],
            },
        ],
        "models": [
            {"name": "gpt", "pool": "pair"},
            {"name": "openai-files-pair", "pool": "pair"},
            {"name": "openai-files-mixed", "pool": "mixed"},
            {"name": "openai-files-sticky", "pool": "sticky"},
            {"name": "claude", "targets": [{"provider": "anthropic-a", "model": "claude-a"}]},
            {"name": "either", "pool": "mixed"},
            {"name": "tiny", "pool": "limited"},
            {"name": "cheap", "pool": "cheapest"},
            {"name": "quick", "pool": "quickest"},
            {"name": "loyal", "pool": "sticky"},
            {"name": "careful", "pool": "thrifty"},
            {"name": "climbing", "pool": "rungs"},
            {"name": "few", "targets": [{"provider": "metered", "model": "gpt-m"}]},
        ],
        "rules": [{"name": "vip", "match": {"tier": "premium", "request.model": "deep"}, "pool": "mixed"}],
        "tenants": [{"name": "acme"}],
        "workspaces": [{"name": "lab", "tenant": "acme"}, {"name": "vault", "regions": ["eu"]}],
        "agents": [
            {
                "name": "bot", "workspace": "lab", "token_sha256": token("bot-token"),
                "attributes": {"tier": "standard", "classification": "internal", "purpose": "support"},
            },
            {"name": "boss", "token_sha256": token("boss-token"), "attributes": {"tier": "premium"}},
            {"name": "resident", "workspace": "vault", "token_sha256": token("resident-token")},
        ],
        "prices": {
            "gpt-b": {"input": 2, "output": 8, "cache_read": 0.2},
            "gpt-mini": {"input": 0.2, "output": 30},
            "claude-a": {"input": 3, "output": 15},
        },
    })
}

type Pairs = Vec<(String, Vec<u8>)>;

/// The headers of a call that is in order.
fn headers(dialect: Dialect) -> Pairs {
    let pair = |name: &str, value: &str| (name.to_owned(), value.as_bytes().to_vec());
    let mut headers = vec![pair(":method", "POST"), pair("x-request-id", "req-1")];
    headers.extend(match dialect {
        Dialect::OpenAi => {
            vec![
                pair(":path", "/v1/chat/completions"),
                pair("authorization", "Bearer bot-token"),
            ]
        }
        Dialect::Anthropic => vec![
            pair(":path", "/v1/messages"),
            pair("x-api-key", "bot-token"),
            pair("anthropic-version", "2023-06-01"),
        ],
    });
    headers
}

/// The same with some headers set anew; an empty value takes one away.
fn headers_with(dialect: Dialect, changes: &[(&str, &str)]) -> Pairs {
    let mut headers = headers(dialect);
    for (name, value) in changes {
        headers.retain(|(given, _)| given != name);
        if !value.is_empty() {
            headers.push(((*name).to_owned(), value.as_bytes().to_vec()));
        }
    }
    headers
}

fn body(model: &str) -> String {
    json!({"model": model, "max_tokens": 9, "messages": [{"role": "user", "content": "hi"}]}).to_string()
}

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

/// What the host tells of an attempt, without the time.
enum Told<'a> {
    Headers { headers: Pairs, is_end: bool },
    Body { text: &'a str, is_last: bool },
    Closed { is_connect_failure: bool },
}

impl<'a> Told<'a> {
    fn at(self, now: Timestamp) -> egress::Event<'a> {
        match self {
            Self::Headers { headers, is_end } => egress::Event::ResponseHeaders { headers, is_end, now },
            Self::Body { text, is_last } => egress::Event::ResponseBody {
                chunk: text.as_bytes(),
                is_last,
                now: Some(now),
            },
            Self::Closed { is_connect_failure } => egress::Event::Closed {
                is_connect_failure,
                now,
            },
        }
    }
}

/// An attempt's answer begins; its body follows.
fn status(status: u16, content_type: &str) -> Told<'static> {
    status_with(status, &[("content-type", content_type)])
}

/// An attempt's answer begins with these headers; its body follows.
fn status_with(status: u16, headers: &[(&str, &str)]) -> Told<'static> {
    let status = status.to_string();
    let pairs = [(":status", status.as_str())]
        .into_iter()
        .chain(headers.iter().copied());
    let headers = pairs
        .map(|(name, value)| (name.to_owned(), value.as_bytes().to_vec()))
        .collect();
    Told::Headers {
        headers,
        is_end: false,
    }
}

/// A part of an attempt's answer.
fn part(text: &str) -> Told<'_> {
    Told::Body { text, is_last: false }
}

/// The last part of an attempt's answer.
fn last(text: &str) -> Told<'_> {
    Told::Body { text, is_last: true }
}

/// An attempt ends.
fn closed(is_connect_failure: bool) -> Told<'static> {
    Told::Closed { is_connect_failure }
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
