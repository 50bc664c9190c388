use serde_json::{Value, json};

use super::*;
use crate::config::{Audience, Scheme, load};
use crate::egress::{self, Egress};
use crate::identity::TokenDigest;
use crate::metrics::stat_name;
use crate::provider::Address;

mod forward;
mod outcome;
mod record;
mod refuse;

const START: Timestamp = Timestamp(1_795_254_245_678_000_000);
const JSON: &str = "application/json";
const STREAM: &str = "text/event-stream";

/// Both dialects, each with a model that a member of its format serves.
const DIALECTS: [(Dialect, &str); 2] = [(Dialect::OpenAi, "gpt"), (Dialect::Anthropic, "claude")];

fn snapshot() -> Arc<Snapshot> {
    let token = |token: &str| TokenDigest::of(token.as_bytes()).to_string();
    let document = json!({
        "providers": [
            {"name": "openai-a", "kind": "openai", "region": "us", "timeout": {"first_byte": "20s"}},
            {"name": "openai-b", "kind": "openai", "region": "eu", "timeout": {"first_byte": "45s"}},
            {"name": "anthropic-a", "kind": "anthropic", "timeout": {"first_byte": "30s"}},
        ],
        "pools": [
            {"name": "pair", "members": [
                {"provider": "openai-a", "model": "gpt-a"},
                {"provider": "openai-b", "model": "gpt-b", "priority": 1},
            ]},
            {"name": "mixed", "members": [
                {"provider": "anthropic-a", "model": "claude-a"}, {"provider": "openai-a", "model": "gpt-a"},
            ]},
        ],
        "models": [
            {"name": "gpt", "pool": "pair"},
            {"name": "claude", "targets": [{"provider": "anthropic-a", "model": "claude-a"}]},
            {"name": "either", "pool": "mixed"},
        ],
        "rules": [{"name": "vip", "match": {"tier": "premium", "request.model": "deep"}, "pool": "mixed"}],
        "tenants": [{"name": "acme"}],
        "workspaces": [{"name": "lab", "tenant": "acme"}],
        "agents": [
            {
                "name": "bot", "workspace": "lab", "token_sha256": token("bot-token"),
                "attributes": {"tier": "standard", "classification": "internal", "purpose": "support"},
            },
            {"name": "boss", "token_sha256": token("boss-token"), "attributes": {"tier": "premium"}},
        ],
        "prices": {
            "gpt-b": {"input": 2, "output": 8, "cache_read": 0.2},
            "claude-a": {"input": 3, "output": 15},
        },
    });
    load(&document, Audience::Filter)
        .unwrap_or_else(|mistakes| panic!("{mistakes}"))
        .snapshot
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

/// What the machine wanted done.
#[derive(Debug, Default)]
struct Host {
    removed: Vec<String>,
    forwards: Vec<Forward>,
    replies: Vec<Reply>,
    metrics: Vec<String>,
    records: Vec<Value>,
}

impl Output for Host {
    fn remove_request_headers(&mut self, names: &[&str]) {
        self.removed.extend(names.iter().map(|name| (*name).to_owned()));
    }

    fn forward(&mut self, forward: Forward) {
        self.forwards.push(forward);
    }

    fn reply(&mut self, reply: &Reply) {
        self.replies.push(reply.clone());
    }

    fn measure(&mut self, metric: Metric, labels: Labels<'_>, value: u64) {
        self.metrics
            .push(format!("{}={value}", stat_name(metric, labels)));
    }

    fn record(&mut self, record: &Record) {
        self.records
            .push(serde_json::from_slice(&record.to_line()).unwrap());
    }
}

/// A host of attempts of which nothing but the effect on the call is of interest.
struct Unseen;

impl egress::Output for Unseen {
    fn set_request_headers(&mut self, _: Vec<(&'static str, Vec<u8>)>) {}
    fn set_next_upstream(&mut self, _: &ProviderName) {}
    fn set_request_body(&mut self, _: &[u8]) {}
    fn set_response_headers(&mut self, _: Vec<(String, Vec<u8>)>) {}
    fn set_response_chunk(&mut self, _: &[u8]) {}
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
        self.machine = Some(machine.handle(event, self.now, &mut self.host));
    }

    fn complete(&mut self, body: impl AsRef<[u8]>) {
        self.handle(Event::RequestBodyComplete(body.as_ref().to_vec()));
    }

    fn wait(&mut self, millis: u64) {
        self.now.0 += millis * 1_000_000;
    }

    /// Makes the next attempt; its events come after so many milliseconds each.
    fn attempt<const N: usize>(&mut self, account: &str, events: [(u64, egress::Event<'_>); N]) {
        let call = self.host.forwards[0].call.clone();
        let address = Address {
            scheme: Scheme::Https,
            authority: "example.com".into(),
            base_path: String::new(),
        };
        let config = egress::Config {
            provider: account.into(),
            address,
        };
        let mut attempt = Egress::start(call, &config, self.now, &mut Unseen).unwrap();
        for (millis, event) in events {
            self.wait(millis);
            attempt = attempt.handle(event, self.now, &mut Unseen);
        }
    }

    /// The answer that the last attempt left begins.
    fn answered(&mut self, status: u16) {
        self.handle(Event::ResponseHeaders { status });
    }

    fn finish(&mut self, status: Option<u16>) {
        self.handle(Event::Finished { status });
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

/// An attempt's answer begins.
fn status(status: u16, content_type: &str) -> egress::Event<'static> {
    let pairs = [
        (":status", status.to_string()),
        ("content-type", content_type.to_owned()),
    ];
    egress::Event::ResponseHeaders(
        pairs
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value.into_bytes()))
            .collect(),
    )
}

/// A part of an attempt's answer.
fn part(text: &str) -> egress::Event<'_> {
    egress::Event::ResponseBody {
        chunk: text.as_bytes(),
        is_last: false,
    }
}

/// The last part of an attempt's answer.
fn last(text: &str) -> egress::Event<'_> {
    egress::Event::ResponseBody {
        chunk: text.as_bytes(),
        is_last: true,
    }
}

/// An attempt ends.
fn closed(is_connect_failure: bool) -> egress::Event<'static> {
    egress::Event::Closed { is_connect_failure }
}
