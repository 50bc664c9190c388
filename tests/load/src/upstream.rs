//! Providers that cost next to nothing: fixed answers, made before the first call.

mod script;

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

use crate::peer::Peer;

use script::Script;

/// Chunks with content in each stream.
pub(crate) const CHUNKS: usize = 200;

/// A word of every answer, in the first chunk of a stream that says anything.
pub(crate) const WORD: &[u8] = b"parcel";

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
    let path = request.uri().path().to_owned();
    let peer = Peer::asked_at(&path);
    let body = request.into_body().collect().await?.to_bytes();
    let (kind, answer) = if is_path_of_stream(&path) || asks_for_stream(&body) {
        let events = Events::paced(Script::of(peer), pace(&body));
        (peer.stream_type(), Answer::Events(events))
    } else {
        let whole = Full::new(Bytes::from_static(peer.whole().as_bytes()));
        ("application/json", Answer::Whole(whole))
    };
    let mut response = Response::new(answer);
    let kind = HeaderValue::from_static(kind);
    response.headers_mut().insert(CONTENT_TYPE, kind);
    Ok(response)
}

/// Some are told by the path whether to stream.
fn is_path_of_stream(path: &str) -> bool {
    path.ends_with(":streamGenerateContent") || path.ends_with("/converse-stream")
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
    script: Script,
    /// How many pieces are sent, the one before the first chunk included even if it is empty.
    sent: usize,
    clock: Option<Interval>,
}

impl Events {
    fn paced(script: Script, pace: Duration) -> Self {
        let clock = (!pace.is_zero()).then(|| {
            let mut clock = tokio::time::interval(pace);
            clock.set_missed_tick_behavior(MissedTickBehavior::Delay);
            clock
        });
        Self {
            sent: usize::from(script.before.is_empty()),
            script,
            clock,
        }
    }

    fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Option<Bytes>> {
        let piece = match self.sent {
            0 => &self.script.before,
            sent if sent <= CHUNKS => &self.script.chunk,
            sent if sent == CHUNKS + 1 => &self.script.after,
            _ => return Poll::Ready(None),
        };
        if let Some(clock) = &mut self.clock {
            ready!(clock.poll_tick(context));
        }
        self.sent += 1;
        Poll::Ready(Some(piece.clone()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_request_says_whether_and_how_to_stream() {
        assert!(asks_for_stream(br#"{"stream": true}"#));
        assert!(!asks_for_stream(br#"{"stream":false}"#));
        assert!(is_path_of_stream("/model/m/converse-stream") && !is_path_of_stream("/model/m/converse"));
        assert_eq!(pace(b"pace=12 hello"), Duration::from_millis(12));
        assert_eq!(pace(b"hello"), Duration::ZERO);
    }

    #[tokio::test]
    async fn a_stream_has_all_its_chunks() {
        for peer in Peer::ALL {
            let script = Script::of(peer);
            let stream = Answer::Events(Events::paced(Script::of(peer), Duration::ZERO));
            let whole = stream.collect().await.unwrap().to_bytes();
            let expected = script.before.len() + CHUNKS * script.chunk.len() + script.after.len();
            assert_eq!(whole.len(), expected);
            assert!(whole.starts_with(&script.before) && whole.ends_with(&script.after));
        }
    }
}
