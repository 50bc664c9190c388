use serde_json::{Value, json};

use super::*;
use crate::alert::Alert;
use crate::audit::Record;
use crate::broker::{self, Broker, Forward};
use crate::config::{Audience, load};
use crate::headers::Headers;
use crate::identity::{TokenDigest, Verified};
use crate::metrics::{Labels, Metric};
use crate::reply::Reply;
use crate::routing::Worker;
use crate::statistics::{Ended, Selection};
use crate::store::{Empty, Store};

mod answer;
mod cascade;
mod endpoints;
mod failover;
mod frames;
mod request;
mod stopping;
mod stored;

const START: Timestamp = Timestamp(1_795_254_245_678_000_000);
const JSON: &str = "application/json";
const STREAM: &str = "text/event-stream";

/// A pool of three accounts for `gpt` and one account for `claude`.
fn document() -> Value {
    json!({
           "providers": [
               {"name": "a", "kind": "openai", "timeout": {"first_byte": "20s"}},
               {"name": "b", "kind": "openai-compatible", "timeout": {"first_byte": "20s"}},
               {"name": "c", "kind": "openai"},
               {"name": "anthropic", "kind": "anthropic"},
               {"name": "aws", "kind": "bedrock"},
           ],
           "pools": [{"name": "three", "members": [
               {"provider": "a", "model": "gpt-a"},
               {"provider": "b", "model": "a-longer-name", "priority": 1},
               {"provider": "c", "model": "gpt-c", "priority": 2},
           ]}, {
               "name": "rungs", "routing": "cascade", "accept": {"json": "always", "finish_reason": "stop"},
               "members": [
                   {"provider": "a", "model": "small"},
                   {"provider": "anthropic", "model": "claude-a"},
                   {"provider": "b", "model": "large"},
               ],
           }, {
               "name": "framed", "routing": "cascade", "accept": {"json": "always", "finish_reason": "stop"},
               "members": [
                   {"provider": "aws", "model": "amazon.nova-pro-v1:0"},
                   {"provider": "b", "model": "large"},
               ],
           }],
    "models": [
               {"name": "rungs", "pool": "rungs"},
               {"name": "framed", "pool": "framed"},
               {"name": "nova", "targets": [{"provider": "aws", "model": "eu.amazon.nova-pro-v1:0"}]},
               {"name": "claude-aws", "targets": [{"provider": "aws", "model": "a/../anthropic.claude-x:0"}]},
               {"name": "gpt", "pool": "three", "defaults": {"max_tokens": 100}},
               {"name": "claude", "targets": [{"provider": "anthropic", "model": "claude-a"}]},
           ],
           "agents": [{"name": "bot", "token_sha256": TokenDigest::of(b"bot-token").to_string()}],
       })
}

/// Takes what the once-per-call machine hands over.
#[derive(Default)]
struct Handover(Vec<SharedCall>, Worker);

impl Services for Handover {
    fn alert(&mut self, _: &Alert) {}

    fn store(&self) -> &dyn Store {
        &Empty
    }

    fn measure(&mut self, _: Metric, _: Labels<'_>, _: u64) {}
}

/// A host that has verified nothing, which a call with a token does not need.
struct NothingVerified;

impl Verified for NothingVerified {
    fn metadata(&self, _: &str, _: &[String]) -> Option<Vec<u8>> {
        None
    }
    fn certificate_uri(&self) -> Option<Vec<u8>> {
        None
    }
}

impl broker::Output for Handover {
    fn remove_request_headers(&mut self, _: &[&str]) {}
    fn forward(&mut self, forward: Forward<'_>) {
        self.0.push(forward.call.clone());
    }
    fn reply(&mut self, reply: &Reply) {
        panic!("{reply:?}");
    }
    fn set_response_header(&mut self, _: &str, _: &str) {}
    fn remove_response_header(&mut self, _: &str) {}
    fn ask_service(&mut self, _: broker::ServiceCall<'_>) -> bool {
        false
    }
    fn worker(&self) -> &Worker {
        &self.1
    }
    fn has_provider_broken_off(&self) -> bool {
        false
    }
    fn verified(&self) -> &dyn Verified {
        &NothingVerified
    }
    fn tally(&mut self, _: Selection<'_>, _: Ended) {}
    fn record(&mut self, _: &Record<'_>) {}
}

/// A call as the once-per-call machine hands it over.
fn call_to(path: &str, body: &str) -> SharedCall {
    call_with(&[(":method", "POST"), (":path", path)], body)
}

/// The same with headers of its own.
fn call_with(own: &[(&str, &str)], body: &str) -> SharedCall {
    let all = [
        ("authorization", "Bearer bot-token"),
        ("x-request-id", "req-1"),
        ("cookie", "session"),
    ];
    let pairs = own.iter().chain(&all);
    let pairs: Vec<_> = pairs
        .map(|(name, value)| ((*name).to_owned(), value.as_bytes().to_vec()))
        .collect();
    let snapshot = load(&document(), Audience::Filter)
        .unwrap_or_else(|mistakes| panic!("{mistakes}"))
        .snapshot;
    let mut output = Handover::default();
    let headers = Headers::new(pairs);
    let machine = Broker::new(snapshot, START, 0)
        .handle(
            broker::Event::RequestHeaders {
                headers,
                is_end: false,
            },
            &mut output,
        )
        .handle(
            broker::Event::RequestBodyComplete {
                body: body.as_bytes().to_vec(),
                now: START,
            },
            &mut output,
        );
    assert!(!machine.has_replied());
    output.0.remove(0)
}

fn chat(body: &str) -> SharedCall {
    call_to("/v1/chat/completions", body)
}

fn messages(body: &str) -> SharedCall {
    call_to("/v1/messages", body)
}

fn account(name: &str) -> Config {
    let address = Address {
        scheme: Scheme::Https,
        authority: format!("{name}.example.com"),
        base_path: "/base".to_owned(),
        api_version: None,
    };
    Config {
        provider: name.into(),
        address,
        has_hop: true,
    }
}

/// What the machine wanted done.
#[derive(Debug, Default)]
struct Host {
    request_headers: Vec<String>,
    next: Vec<String>,
    request_bodies: Vec<String>,
    response_headers: Vec<String>,
    failed: bool,
    chunks: Vec<String>,
}

fn line(name: &str, value: &[u8]) -> String {
    format!("{name}: {}", String::from_utf8_lossy(value))
}

impl Services for Host {
    fn alert(&mut self, _: &Alert) {}

    fn store(&self) -> &dyn Store {
        &Empty
    }

    fn measure(&mut self, _: Metric, _: Labels<'_>, _: u64) {}
}

impl Output for Host {
    fn set_request_headers(&mut self, headers: &[(&'static str, Cow<'_, [u8]>)]) {
        self.request_headers = headers.iter().map(|(name, value)| line(name, value)).collect();
    }

    fn set_next_upstream(&mut self, cluster: &ProviderName) {
        self.next.push(cluster.to_string());
    }

    fn set_request_body(&mut self, pieces: &[&[u8]]) {
        self.request_bodies
            .push(String::from_utf8(pieces.concat()).unwrap());
    }

    fn set_response_headers(&mut self, _given: &[(String, Vec<u8>)], headers: &[(&str, &[u8])]) {
        self.response_headers = headers.iter().map(|(name, value)| line(name, value)).collect();
    }

    fn fail_response(&mut self) {
        self.failed = true;
    }

    fn set_retry_after(&mut self, wait: Millis) {
        self.response_headers
            .push(format!("retry-after in {} ms", wait.0));
    }

    fn forbid_retry(&mut self) {
        self.request_headers.push("no retry".to_owned());
    }

    fn set_response_chunk(&mut self, chunk: &[u8]) {
        self.chunks.push(String::from_utf8(chunk.to_vec()).unwrap());
    }
}

/// One attempt, its host and its clock.
struct Driver {
    machine: Option<Egress>,
    host: Host,
    now: Timestamp,
}

impl Driver {
    fn start(call: &SharedCall, name: &str) -> Self {
        Self::start_at(call, name, START)
    }

    fn start_at(call: &SharedCall, name: &str, now: Timestamp) -> Self {
        Self::start_with(call, &account(name), now)
    }

    fn start_with(call: &SharedCall, account: &Config, now: Timestamp) -> Self {
        let mut host = Host::default();
        let machine = Egress::start(call.clone(), account, now, &mut host).unwrap();
        Self {
            machine: Some(machine),
            host,
            now,
        }
    }

    fn handle(&mut self, event: Event<'_>) {
        let machine = self.machine.take().unwrap();
        self.machine = Some(machine.handle(event, &mut self.host));
    }

    fn machine(&self) -> &Egress {
        self.machine.as_ref().unwrap()
    }

    fn wait(&mut self, millis: u64) {
        self.now = later(self.now, millis);
    }

    /// The body of the agent comes by in one part; gives what is sent instead.
    fn send(&mut self) -> String {
        self.handle(Event::RequestBody);
        self.host.request_bodies.concat()
    }

    /// The answer begins.
    fn answer(&mut self, status: u16, content_type: &str, headers: &[(&str, &str)]) {
        let status = status.to_string();
        let own = [(":status", status.as_str()), ("content-type", content_type)];
        let pairs = own.iter().chain(headers);
        let pairs = pairs.map(|(name, value)| ((*name).to_owned(), value.as_bytes().to_vec()));
        self.answer_with(pairs.collect());
    }

    /// The answer begins with just these headers.
    fn answer_with(&mut self, headers: Vec<(String, Vec<u8>)>) {
        self.handle(Event::ResponseHeaders {
            headers,
            is_end: false,
            now: self.now,
        });
    }

    /// A chunk comes by, as the filter tells of it.
    fn chunk(&mut self, chunk: &str, is_last: bool) {
        self.bytes(chunk.as_bytes(), is_last);
    }

    /// The same of a chunk that need not be text.
    fn bytes(&mut self, chunk: &[u8], is_last: bool) {
        let now = self.machine().wants_time().then_some(self.now);
        self.handle(Event::ResponseBody { chunk, is_last, now });
    }

    /// The attempt ends.
    fn close(&mut self, is_connect_failure: bool) {
        self.handle(Event::Closed {
            is_connect_failure,
            now: self.now,
        });
    }

    /// Passes the answer's chunks, the last one as such; gives what the agent gets.
    fn pass(&mut self, chunks: &[&str]) -> String {
        let mut passed = String::new();
        for (index, chunk) in chunks.iter().enumerate() {
            let replaced = self.host.chunks.len();
            let is_last = index + 1 == chunks.len();
            self.chunk(chunk, is_last);
            passed.push_str(self.host.chunks.get(replaced).map_or(*chunk, String::as_str));
        }
        passed
    }
}

fn later(time: Timestamp, millis: u64) -> Timestamp {
    Timestamp(time.0 + millis * 1_000_000)
}

fn attempt(call: &SharedCall, index: usize) -> Attempt {
    call.borrow().attempts[index].clone()
}
