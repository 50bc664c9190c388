//! A provider that costs next to nothing: fixed answers, made before the first call.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use anyhow::{Context as _, Result};
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::{Body, Frame, Incoming, SizeHint};
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use memchr::memmem;
use tokio::net::TcpListener;
use tokio::time::{Interval, MissedTickBehavior};

use crate::body::Dialect;

/// Chunks with content in each stream; the finish, the usage and `[DONE]` come after them.
pub(crate) const CHUNKS: usize = 200;

/// A word of every answer, in the first chunk of a stream that says anything.
pub(crate) const WORD: &[u8] = b"parcel";

/// About 1 kB, as a short answer of a chat model is.
const ANSWER: &str = r#"{"id":"chatcmpl-bench0000000000000000000000","object":"chat.completion","created":1760000000,"model":"bench-upstream-model","choices":[{"index":0,"message":{"role":"assistant","content":"Thank you for writing. I looked up your parcel: it left our warehouse on Monday, was sorted on Tuesday, and is on the van today. The carrier expects to hand it over between two and six in the afternoon. If nobody is at home, it will wait at the shop on the corner for seven days, and you will get a message with the code that opens the locker. Should it not turn up by tomorrow evening, answer this message and I will send a new one at once, without any cost to you.","refusal":null,"annotations":[]},"logprobs":null,"finish_reason":"stop"}],"usage":{"prompt_tokens":120,"completion_tokens":130,"total_tokens":250,"prompt_tokens_details":{"cached_tokens":0},"completion_tokens_details":{"reasoning_tokens":0}},"service_tier":"default","system_fingerprint":null}"#;

/// The same answer of a messages API.
const MESSAGE: &str = r#"{"id":"msg_bench0000000000000000000000","type":"message","role":"assistant","model":"bench-upstream-model","content":[{"type":"text","text":"Thank you for writing. I looked up your parcel: it left our warehouse on Monday, was sorted on Tuesday, and is on the van today. The carrier expects to hand it over between two and six in the afternoon. If nobody is at home, it will wait at the shop on the corner for seven days, and you will get a message with the code that opens the locker. Should it not turn up by tomorrow evening, answer this message and I will send a new one at once, without any cost to you."}],"stop_reason":"end_turn","stop_sequence":null,"usage":{"input_tokens":120,"cache_creation_input_tokens":0,"cache_read_input_tokens":0,"output_tokens":130,"service_tier":"standard"}}"#;

const CHUNK: &str = concat!(
    r#"data: {"id":"chatcmpl-bench0000000000000000000000","object":"chat.completion.chunk","created":1760000000,"model":"bench-upstream-model","choices":[{"index":0,"delta":{"content":" parcel"},"logprobs":null,"finish_reason":null}]}"#,
    "\n\n"
);
const FINISH: &str = concat!(
    r#"data: {"id":"chatcmpl-bench0000000000000000000000","object":"chat.completion.chunk","created":1760000000,"model":"bench-upstream-model","choices":[{"index":0,"delta":{},"logprobs":null,"finish_reason":"stop"}]}"#,
    "\n\n"
);
const USAGE: &str = concat!(
    r#"data: {"id":"chatcmpl-bench0000000000000000000000","object":"chat.completion.chunk","created":1760000000,"model":"bench-upstream-model","choices":[],"usage":{"prompt_tokens":120,"completion_tokens":200,"total_tokens":320}}"#,
    "\n\n"
);
const DONE: &str = "data: [DONE]\n\n";

const MESSAGE_START: &str = concat!(
    "event: message_start\ndata: ",
    r#"{"type":"message_start","message":{"id":"msg_bench0000000000000000000000","type":"message","role":"assistant","model":"bench-upstream-model","content":[],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":120,"output_tokens":1}}}"#,
    "\n\nevent: content_block_start\ndata: ",
    r#"{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}"#,
    "\n\n"
);
const TEXT_DELTA: &str = concat!(
    "event: content_block_delta\ndata: ",
    r#"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":" parcel"}}"#,
    "\n\n"
);
const MESSAGE_DELTA: &str = concat!(
    "event: content_block_stop\ndata: ",
    r#"{"type":"content_block_stop","index":0}"#,
    "\n\nevent: message_delta\ndata: ",
    r#"{"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null},"usage":{"output_tokens":200}}"#,
    "\n\n"
);
const MESSAGE_STOP: &str = "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n";

/// The events of a stream: before the chunks, each chunk, and after them.
struct Script {
    before: Option<&'static str>,
    chunk: &'static str,
    after: &'static [&'static str],
}

const CHAT: Script = Script {
    before: None,
    chunk: CHUNK,
    after: &[FINISH, USAGE, DONE],
};

const MESSAGES: Script = Script {
    before: Some(MESSAGE_START),
    chunk: TEXT_DELTA,
    after: &[MESSAGE_DELTA, MESSAGE_STOP],
};

/// Serve until the process is ended.
pub(crate) async fn serve(listen: SocketAddr) -> Result<()> {
    let listener = TcpListener::bind(listen)
        .await
        .with_context(|| format!("cannot listen at {listen}"))?;
    println!("upstream ready at {}", listener.local_addr()?);
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        tokio::spawn(async move {
            // A connection that breaks is the caller's to notice; the upstream goes on.
            http1::Builder::new()
                .serve_connection(TokioIo::new(stream), service_fn(answer))
                .await
                .ok();
        });
    }
}

async fn answer(request: Request<Incoming>) -> Result<Response<Answer>, hyper::Error> {
    let is_messages = request.uri().path().ends_with(Dialect::Anthropic.path());
    let (script, whole) = if is_messages {
        (&MESSAGES, MESSAGE)
    } else {
        (&CHAT, ANSWER)
    };
    let body = request.into_body().collect().await?.to_bytes();
    let (kind, answer) = if asks_for_stream(&body) {
        (
            "text/event-stream",
            Answer::Events(Events::paced(script, pace(&body))),
        )
    } else {
        let whole = Full::new(Bytes::from_static(whole.as_bytes()));
        ("application/json", Answer::Whole(whole))
    };
    let mut response = Response::new(answer);
    let kind = HeaderValue::from_static(kind);
    response.headers_mut().insert(CONTENT_TYPE, kind);
    Ok(response)
}

fn asks_for_stream(body: &[u8]) -> bool {
    let compact = memmem::find(body, br#""stream":true"#);
    compact
        .or_else(|| memmem::find(body, br#""stream": true"#))
        .is_some()
}

/// `pace=N` in the prompt: wait N milliseconds between two chunks.
fn pace(body: &[u8]) -> Duration {
    let digits = memmem::find(body, b"pace=").and_then(|at| body.get(at + 5..));
    let milliseconds = digits
        .unwrap_or_default()
        .iter()
        .take(5)
        .take_while(|byte| byte.is_ascii_digit())
        .fold(0, |number, byte| number * 10 + u64::from(byte - b'0'));
    Duration::from_millis(milliseconds)
}

enum Answer {
    Whole(Full<Bytes>),
    Events(Events),
}

impl Body for Answer {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        match self.get_mut() {
            Answer::Whole(whole) => Pin::new(whole).poll_frame(context),
            Answer::Events(events) => events
                .poll_next(context)
                .map(|event| event.map(|data| Ok(Frame::data(data)))),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Answer::Whole(whole) => whole.size_hint(),
            Answer::Events(_) => SizeHint::default(),
        }
    }
}

struct Events {
    script: &'static Script,
    sent: usize,
    clock: Option<Interval>,
}

impl Events {
    fn paced(script: &'static Script, pace: Duration) -> Self {
        let clock = (!pace.is_zero()).then(|| {
            let mut clock = tokio::time::interval(pace);
            clock.set_missed_tick_behavior(MissedTickBehavior::Delay);
            clock
        });
        Self {
            script,
            sent: 0,
            clock,
        }
    }

    fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Option<Bytes>> {
        let before = usize::from(self.script.before.is_some());
        let event = match (self.sent, self.script.before) {
            (0, Some(before)) => before,
            (sent, _) if sent < before + CHUNKS => self.script.chunk,
            (sent, _) => match self.script.after.get(sent - before - CHUNKS) {
                Some(event) => event,
                None => return Poll::Ready(None),
            },
        };
        if let Some(clock) = &mut self.clock {
            ready!(clock.poll_tick(context));
        }
        self.sent += 1;
        Poll::Ready(Some(Bytes::from_static(event.as_bytes())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_answers_are_json() {
        serde_json::from_str::<serde_json::Value>(ANSWER).unwrap();
        serde_json::from_str::<serde_json::Value>(MESSAGE).unwrap();
        for events in [CHUNK, FINISH, USAGE, MESSAGE_START, TEXT_DELTA, MESSAGE_DELTA] {
            for data in events.lines().filter_map(|line| line.strip_prefix("data: ")) {
                serde_json::from_str::<serde_json::Value>(data).unwrap();
            }
        }
    }

    #[test]
    fn the_request_says_whether_and_how_to_stream() {
        assert!(asks_for_stream(br#"{"stream": true}"#));
        assert!(!asks_for_stream(br#"{"stream":false}"#));
        assert_eq!(pace(b"pace=12 hello"), Duration::from_millis(12));
        assert_eq!(pace(b"hello"), Duration::ZERO);
    }

    #[tokio::test]
    async fn a_stream_ends_after_its_last_event() {
        for (script, others, last) in [(&CHAT, 3, DONE), (&MESSAGES, 5, MESSAGE_STOP)] {
            let stream = Answer::Events(Events::paced(script, Duration::ZERO));
            let whole = stream.collect().await.unwrap().to_bytes();
            assert_eq!(memmem::find_iter(&whole, b"\n\n").count(), CHUNKS + others);
            assert!(whole.ends_with(last.as_bytes()));
        }
    }
}
