//! The calling side: a fixed number of calls over kept connections, one call at a time on each.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail};
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{self, SendRequest};
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HOST};
use hyper::{Request, StatusCode, Uri};
use hyper_util::rt::TokioIo;
use memchr::memmem;
use serde_json::json;
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};

use crate::body::{Dialect, Prompt};
use crate::process::Process;
use crate::upstream::WORD;

/// No call of a benchmark takes longer; one that does is an error.
const CALL_LIMIT: Duration = Duration::from_secs(30);

/// Envoy ends a call's bookkeeping just after the caller has its answer; it belongs to the call.
const SETTLE: Duration = Duration::from_millis(20);

/// Enough of a refusal's body to see why.
const OPENING_BYTES: usize = 300;

/// Where to call, and as whom.
#[derive(Clone)]
pub(crate) struct Target {
    pub(crate) address: SocketAddr,
    path: String,
    token: String,
}

impl Target {
    /// From `http://IP:PORT/path`. No names and no TLS: what is measured is on this machine.
    pub(crate) fn parse(url: &str, token: &str) -> Result<Self> {
        let uri: Uri = url.parse().with_context(|| format!("`{url}` is no URL"))?;
        let address = uri
            .authority()
            .and_then(|authority| authority.as_str().parse().ok())
            .with_context(|| format!("`{url}` must be http://IP:PORT/path"))?;
        Ok(Self {
            address,
            path: uri.path().to_owned(),
            token: token.to_owned(),
        })
    }

    /// The same address and caller, in another format.
    pub(crate) fn speaking(&self, dialect: Dialect) -> Self {
        Self {
            path: dialect.path().to_owned(),
            ..self.clone()
        }
    }

    fn request(&self, body: Bytes) -> Result<Request<Full<Bytes>>> {
        Ok(Request::post(self.path.as_str())
            .header(HOST, self.address.to_string())
            .header(CONTENT_TYPE, "application/json")
            .header(AUTHORIZATION, format!("Bearer {}", self.token))
            .body(Full::new(body))?)
    }
}

/// What to send, and how often.
#[derive(Clone)]
pub(crate) struct Case {
    pub(crate) body: Bytes,
    pub(crate) calls: u32,
    pub(crate) connections: u32,
    pub(crate) limit: Duration,
}

/// What one round showed.
#[derive(Debug, Default)]
pub(crate) struct Sample {
    pub(crate) calls: u32,
    pub(crate) errors: u32,
    pub(crate) first_error: Option<String>,
    events: u32,
    elapsed: Duration,
    cpu: Option<Duration>,
    latencies: Vec<Duration>,
    first_words: Vec<Duration>,
}

impl Sample {
    pub(crate) fn calls_per_second(&self) -> f64 {
        f64::from(self.calls) / self.elapsed.as_secs_f64().max(f64::MIN_POSITIVE)
    }

    /// Microseconds of the proxy's CPU for one call.
    pub(crate) fn cpu_per_call(&self) -> Option<f64> {
        Some(self.cpu?.as_secs_f64() * 1e6 / f64::from(self.calls.max(1)))
    }

    /// Microseconds of the proxy's CPU for one event of a stream, the rest of the call included.
    pub(crate) fn cpu_per_event(&self) -> Option<f64> {
        let events = Some(self.events).filter(|events| *events > 0)?;
        Some(self.cpu?.as_secs_f64() * 1e6 / f64::from(events))
    }

    pub(crate) fn first_word_median(&self) -> Duration {
        percentile(&self.first_words, 50)
    }

    pub(crate) fn to_json(&self) -> serde_json::Value {
        let nanoseconds = |time: Duration| u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        json!({
            "calls": self.calls,
            "errors": self.errors,
            "first_error": self.first_error,
            "events": self.events,
            "seconds": self.elapsed.as_secs_f64(),
            "calls_per_second": self.calls_per_second(),
            "p50_ns": nanoseconds(percentile(&self.latencies, 50)),
            "p99_ns": nanoseconds(percentile(&self.latencies, 99)),
            "first_word_p50_ns": nanoseconds(self.first_word_median()),
            "first_word_p99_ns": nanoseconds(percentile(&self.first_words, 99)),
            "cpu_ns": self.cpu.map(nanoseconds),
            "cpu_us_per_call": self.cpu_per_call(),
            "cpu_us_per_event": self.cpu_per_event(),
        })
    }

    #[cfg(test)]
    pub(crate) fn of_one_call(cpu: Duration) -> Self {
        Self {
            calls: 1,
            cpu: Some(cpu),
            ..Self::default()
        }
    }

    fn add(&mut self, outcome: Result<Answered>) {
        match outcome {
            Ok(answered) => {
                self.calls += 1;
                self.events += answered.events;
                self.latencies.push(answered.whole);
                self.first_words.push(answered.first_word);
            }
            Err(error) => {
                self.errors += 1;
                self.first_error.get_or_insert_with(|| format!("{error:#}"));
            }
        }
    }

    fn join(&mut self, other: Sample) {
        self.calls += other.calls;
        self.errors += other.errors;
        self.events += other.events;
        self.first_error = self.first_error.take().or(other.first_error);
        self.latencies.extend(other.latencies);
        self.first_words.extend(other.first_words);
    }
}

/// Make the calls; with `process`, read its CPU clock just before and just after them.
pub(crate) async fn measure(target: &Target, case: &Case, process: Option<&Process>) -> Result<Sample> {
    let mut connections = Vec::new();
    for _ in 0..case.connections.max(1) {
        let mut connection = Connection::open(target).await?;
        // Used once before the clock runs: a round measures calls, not new connections.
        connection.call(target, case.body.clone()).await?;
        connections.push(connection);
    }
    sleep(SETTLE).await;

    let cpu_before = process.map(Process::cpu_time).transpose()?;
    let started = Instant::now();
    let mut sample = all_calls(target, case, connections).await?;
    sample.elapsed = started.elapsed();
    sleep(SETTLE).await;
    let cpu_after = process.map(Process::cpu_time).transpose()?;
    sample.cpu = cpu_after
        .zip(cpu_before)
        .map(|(after, before)| after.saturating_sub(before));
    Ok(sample)
}

/// How long until the target answers its first call with 200.
pub(crate) async fn first_answer(target: &Target, model: &str, limit: Duration) -> Result<Duration> {
    let body = Prompt {
        dialect: Dialect::OpenAi,
        model,
        bytes: 200,
        stream: false,
        pace_ms: 0,
    }
    .body();
    let started = Instant::now();
    loop {
        let attempt = async { Connection::open(target).await?.call(target, body.clone()).await };
        match attempt.await {
            Ok(_) => return Ok(started.elapsed()),
            Err(error) if started.elapsed() > limit => {
                return Err(error.context("no answer in time"));
            }
            Err(_) => sleep(Duration::from_millis(2)).await,
        }
    }
}

async fn all_calls(target: &Target, case: &Case, connections: Vec<Connection>) -> Result<Sample> {
    let ends = Instant::now() + case.limit;
    let width = case.connections.max(1);
    let mut workers = JoinSet::new();
    for (mut connection, number) in connections.into_iter().zip(0..) {
        let calls = case.calls / width + u32::from(number < case.calls % width);
        let (target, body) = (target.clone(), case.body.clone());
        workers.spawn(async move {
            let mut sample = Sample::default();
            for _ in 0..calls {
                if Instant::now() >= ends {
                    sample.add(Err(anyhow!("the time for this round is over")));
                    break;
                }
                let outcome = connection.call(&target, body.clone()).await;
                let broken = outcome.is_err();
                sample.add(outcome);
                if broken {
                    connection = Connection::open(&target).await?;
                }
            }
            Ok::<_, anyhow::Error>(sample)
        });
    }
    let mut whole = Sample::default();
    while let Some(part) = workers.join_next().await {
        whole.join(part??);
    }
    Ok(whole)
}

struct Answered {
    first_word: Duration,
    whole: Duration,
    events: u32,
}

struct Connection {
    sender: SendRequest<Full<Bytes>>,
}

impl Connection {
    async fn open(target: &Target) -> Result<Self> {
        let stream = TcpStream::connect(target.address)
            .await
            .with_context(|| format!("cannot connect to {}", target.address))?;
        stream.set_nodelay(true)?;
        let (sender, driver) = http1::handshake(TokioIo::new(stream)).await?;
        tokio::spawn(async move {
            // Its errors reach the caller through `sender`.
            driver.await.ok();
        });
        Ok(Self { sender })
    }

    async fn call(&mut self, target: &Target, body: Bytes) -> Result<Answered> {
        timeout(CALL_LIMIT, self.call_unbounded(target, body))
            .await
            .context("no answer within the limit of a call")?
    }

    async fn call_unbounded(&mut self, target: &Target, body: Bytes) -> Result<Answered> {
        let request = target.request(body)?;
        self.sender.ready().await?;
        let started = Instant::now();
        let response = self.sender.send_request(request).await?;
        let status = response.status();
        let mut body = response.into_body();
        let mut first_word = None;
        let mut events = EventCount::default();
        let mut opening = Vec::new();
        while let Some(frame) = body.frame().await {
            let Ok(data) = frame?.into_data() else {
                continue;
            };
            // What comes before the first word is of no use to anybody, and the broker holds it back until then.
            if first_word.is_none() && memmem::find(&data, WORD).is_some() {
                first_word = Some(started.elapsed());
            }
            events.read(&data);
            let room = OPENING_BYTES.saturating_sub(opening.len());
            opening.extend(data.iter().take(room));
        }
        let whole = started.elapsed();
        if status != StatusCode::OK {
            bail!("{status}: {}", String::from_utf8_lossy(&opening));
        }
        let first_word = first_word.unwrap_or(whole);
        Ok(Answered {
            first_word,
            whole,
            events: events.seen,
        })
    }
}

/// Counts the ends of server-sent events in chunks cut anywhere.
#[derive(Default)]
struct EventCount {
    seen: u32,
    after_line_end: bool,
}

impl EventCount {
    fn read(&mut self, data: &[u8]) {
        for byte in data {
            let line_end = *byte == b'\n';
            let event_end = line_end && self.after_line_end;
            self.seen += u32::from(event_end);
            // A third line end in a row would not end another event.
            self.after_line_end = line_end && !event_end;
        }
    }
}

/// The value below which this part of the measured ones lies.
fn percentile(values: &[Duration], percent: usize) -> Duration {
    let mut sorted = values.to_vec();
    sorted.sort_unstable();
    let last = sorted.len().saturating_sub(1);
    sorted.get(last * percent / 100).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_counted_across_cuts() {
        let mut count = EventCount::default();
        for part in ["data: a\n", "\ndata: b\n\nda", "ta: c\n\n"] {
            count.read(part.as_bytes());
        }
        assert_eq!(count.seen, 3);
    }

    #[test]
    fn percentiles_of_few_values() {
        let values: Vec<_> = (1..=100).rev().map(Duration::from_millis).collect();
        assert_eq!(percentile(&values, 50), Duration::from_millis(50));
        assert_eq!(percentile(&values, 99), Duration::from_millis(99));
        assert_eq!(percentile(&[], 50), Duration::ZERO);
    }

    #[test]
    fn a_target_is_an_address_and_a_path() {
        let target = Target::parse("http://127.0.0.1:10000/v1/chat/completions", "t").unwrap();
        assert_eq!(target.address, "127.0.0.1:10000".parse().unwrap());
        assert_eq!(target.path, "/v1/chat/completions");
        assert!(Target::parse("http://localhost/v1", "t").is_err());
    }
}
