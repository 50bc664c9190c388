//! What the decisions of a call cost: a chat completion with an answer of 1 kB through both machines, in a pool of two accounts.
//!
//! `cargo run --release -p model-broker-shared --example call_costs [BYTES OF THE PROMPT]`. Where the time goes is the same
//! every time under `valgrind --tool=callgrind`, with `CARGO_PROFILE_RELEASE_DEBUG=1 CARGO_PROFILE_RELEASE_STRIP=none`.

#![expect(
    clippy::panic,
    clippy::expect_used,
    reason = "a measurement of a configuration of its own"
)]

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Instant;

use serde_json::json;
use shared::alert::Alert;
use shared::audit::Record;
use shared::broker::{self, Broker, Forward, ServiceCall};
use shared::call::{Services, SharedCall};
use shared::config::{Audience, Snapshot, load};
use shared::egress::{self, Config, Egress};
use shared::headers::Headers;
use shared::identity::{TokenDigest, Verified};
use shared::ids::ProviderName;
use shared::metrics::{Labels, Metric};
use shared::reply::Reply;
use shared::routing::Worker;
use shared::statistics::{Ended, Selection};
use shared::store::Store;
use shared::units::{Millis, Timestamp};

const CALLS: u32 = 20_000;

fn snapshot() -> Arc<Snapshot> {
    let document = json!({
        "providers": [{"name": "a", "kind": "openai"}, {"name": "b", "kind": "openai"}],
        "pools": [{"name": "pair", "failover": 1, "members": [
            {"provider": "a", "model": "gpt-a"}, {"provider": "b", "model": "gpt-b"},
        ]}],
        "prices": {"gpt-a": {"input": 1, "output": 2}, "gpt-b": {"input": 1, "output": 2}},
        "models": [{"name": "primary", "pool": "pair"}],
        "workspaces": [{"name": "lab"}],
        "agents": [{"name": "bot", "workspace": "lab", "token_sha256": TokenDigest::of(b"token").to_string()}],
    });
    load(&document, Audience::Filter)
        .unwrap_or_else(|mistakes| panic!("{mistakes}"))
        .snapshot
}

/// A store as quick as memory is.
#[derive(Default)]
struct Memory(RefCell<HashMap<String, Vec<u8>>>);

impl Store for Memory {
    fn get(&self, key: &str) -> Option<(Vec<u8>, u32)> {
        self.0.borrow().get(key).map(|value| (value.clone(), 1))
    }

    fn swap(&self, key: &str, value: &[u8], _: Option<u32>) -> bool {
        self.0.borrow_mut().insert(key.to_owned(), value.to_vec());
        true
    }
}

/// A host that does next to nothing.
struct Host {
    store: Rc<Memory>,
    worker: Rc<Worker>,
    call: Option<SharedCall>,
    recorded: usize,
}

impl Services for Host {
    fn store(&self) -> &dyn Store {
        &*self.store
    }

    fn measure(&mut self, metric: Metric, labels: Labels<'_>, value: u64) {
        std::hint::black_box((metric, labels.values(), value));
    }

    fn alert(&mut self, _: &Alert) {}
}

impl Verified for Host {
    fn metadata(&self, _: &str, _: &[String]) -> Option<Vec<u8>> {
        None
    }

    fn certificate_uri(&self) -> Option<Vec<u8>> {
        None
    }
}

impl broker::Output for Host {
    fn remove_request_headers(&mut self, _: &[&str]) {}

    fn forward(&mut self, forward: Forward<'_>) {
        self.call = Some(forward.call.clone());
    }

    fn reply(&mut self, reply: &Reply) {
        panic!("refused: {reply:?}");
    }

    fn set_response_header(&mut self, _: &str, _: &str) {}

    fn remove_response_header(&mut self, _: &str) {}

    fn has_provider_broken_off(&self) -> bool {
        false
    }

    fn verified(&self) -> &dyn Verified {
        self
    }

    fn tally(&mut self, selection: Selection<'_>, ended: Ended) {
        std::hint::black_box((selection, ended));
    }

    fn ask_service(&mut self, _: ServiceCall<'_>) -> bool {
        false
    }

    fn worker(&self) -> &Worker {
        &self.worker
    }

    fn record(&mut self, record: &Record<'_>) {
        self.recorded = record.to_line().len();
    }
}

impl egress::Output for Host {
    fn set_request_headers(&mut self, headers: &[(&'static str, Cow<'_, [u8]>)]) {
        std::hint::black_box(headers);
    }

    fn set_next_upstream(&mut self, _: &ProviderName) {}

    fn set_request_body(&mut self, pieces: &[&[u8]]) {
        std::hint::black_box(pieces.concat());
    }

    fn set_response_headers(&mut self, given: &[(String, Vec<u8>)], headers: &[(&str, &[u8])]) {
        std::hint::black_box((given, headers));
    }

    fn fail_response(&mut self) {}

    fn set_retry_after(&mut self, _: Millis) {}

    fn forbid_retry(&mut self) {}

    fn set_response_chunk(&mut self, chunk: &[u8]) {
        std::hint::black_box(chunk);
    }
}

fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, Vec<u8>)> {
    let owned = pairs
        .iter()
        .map(|(name, value)| ((*name).to_owned(), value.as_bytes().to_vec()));
    owned.collect()
}

fn main() {
    let bytes = std::env::args()
        .nth(1)
        .map_or(100, |bytes| bytes.parse().expect("a number"));
    let snapshot = snapshot();
    let request = pairs(&[
        (":authority", "127.0.0.1"),
        (":path", "/v1/chat/completions"),
        (":method", "POST"),
        (":scheme", "http"),
        ("authorization", "Bearer token"),
        ("content-type", "application/json"),
        ("user-agent", "measurement"),
        ("x-forwarded-proto", "http"),
        ("x-request-id", "0b3f3f2e-0000-0000-0000-000000000000"),
    ]);
    let answer = pairs(&[
        (":status", "200"),
        ("content-type", "application/json"),
        ("date", "Sun, 22 Nov 2026 00:00:00 GMT"),
        ("x-request-id", "req-1"),
    ]);
    let content = "lorem ipsum ".repeat(bytes / 12);
    let prompt = json!({"model": "primary", "messages": [{"role": "user", "content": content}]}).to_string();
    let said = json!({
        "id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": "gpt-a",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": "word ".repeat(140)}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 10, "completion_tokens": 140, "total_tokens": 150},
    })
    .to_string();
    let configs = ["a", "b"].map(|name| {
        let config =
            json!({"provider": name, "scheme": "http", "authority": "127.0.0.1", "base_path": "/v1"});
        Config::read(&config).expect("an egress")
    });
    let mut host = Host {
        store: Rc::default(),
        worker: Rc::default(),
        call: None,
        recorded: 0,
    };
    let began = Instant::now();
    for round in 0..u64::from(CALLS) {
        let start = 1_795_000_000_000_000_000 + round * 1_000_000;
        let at = |micros: u64| Timestamp(start + micros * 1_000);
        let headers = broker::Event::RequestHeaders {
            headers: Headers::new(request.clone()),
            is_end: false,
        };
        let random = round.wrapping_mul(0x9E37_79B9_7F4A_7C15);
        let machine = Broker::new(snapshot.clone(), at(0), random).handle(headers, &mut host);
        let body = broker::Event::RequestBodyComplete {
            body: prompt.clone().into_bytes(),
            now: at(10),
        };
        let mut machine = machine.handle(body, &mut host);
        let call = host.call.take().expect("a call that goes out");
        let next = call
            .borrow()
            .plan
            .attempts
            .first()
            .map(|next| next.provider.name.clone());
        let config = configs
            .iter()
            .find(|config| Some(&config.provider) == next.as_ref());
        let config = config.expect("an account");
        let mut attempt = Egress::start(call, config, at(20), &mut host).expect("an attempt");
        for event in [
            egress::Event::RequestBody,
            egress::Event::ResponseHeaders {
                headers: answer.clone(),
                is_end: false,
                now: at(900),
            },
            egress::Event::ResponseBody {
                chunk: said.as_bytes(),
                is_last: true,
                now: Some(at(950)),
            },
        ] {
            attempt = attempt.handle(event, &mut host);
        }
        for event in [
            broker::Event::AnswerBegins,
            broker::Event::Finished { now: at(999) },
        ] {
            machine = machine.handle(event, &mut host);
        }
    }
    println!(
        "{:?} each call with a prompt of {} bytes and a record of {}",
        began.elapsed() / CALLS,
        prompt.len(),
        host.recorded
    );
}
