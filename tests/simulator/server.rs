//! HTTP/1.1: takes calls in and sends what was planned, or breaks off.

use std::convert::Infallible;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::{StreamExt as _, future, stream};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt as _, Full, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::http::request::Parts;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use crate::account::Account;
use crate::behaviour::Cut;
use crate::control;
use crate::plan::{End, Outcome, Pause, Plan};
use crate::wire::{ResetOnClose, Wire};

/// Serves the account until the task is dropped; then the port and every connection close.
pub(crate) async fn accept(listener: TcpListener, account: Arc<Account>) {
    let mut connections = JoinSet::new();
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                connections.spawn(serve(stream, Arc::clone(&account)));
            }
            // Out of file descriptors, most likely: some will be free again soon.
            Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
        }
        while connections.try_join_next().is_some() {}
    }
}

async fn serve(stream: TcpStream, account: Arc<Account>) {
    if stream.set_nodelay(true).is_err() {
        return;
    }
    let reset = ResetOnClose::default();
    let wire = TokioIo::new(Wire::new(stream, reset.clone()));
    let service = service_fn(|request| answer(request, &account, reset.clone()));
    let connection = http1::Builder::new()
        .max_headers(1000)
        .serve_connection(wire, service)
        .await;
    if connection.is_err() {
        // Broken off, by the peer or by plan. Either way nobody is left to tell.
    }
}

type Body = UnsyncBoxBody<Bytes, BrokenOff>;

async fn answer(
    request: Request<Incoming>,
    account: &Account,
    reset: ResetOnClose,
) -> Result<Response<Body>, BrokenOff> {
    let (parts, body) = request.into_parts();
    let body = body.collect().await.map_err(|_| BrokenOff)?.to_bytes();
    if parts.uri.path().starts_with(control::PREFIX) {
        return controlled(account, &parts, &body);
    }
    if let Some(status) = account.check(&parts) {
        let response = Response::builder().status(status).body(full(Bytes::new()));
        return response.map_err(|_| BrokenOff);
    }
    match account.take(&parts, &body) {
        Outcome::Respond(plan) => respond(plan, reset).await,
        Outcome::Hang => future::pending().await,
        Outcome::Cut(how) => {
            if how == Cut::Reset {
                reset.arm();
            }
            Err(BrokenOff)
        }
    }
}

fn controlled(account: &Account, parts: &Parts, body: &Bytes) -> Result<Response<Body>, BrokenOff> {
    let (status, json) = control::handle(account, &parts.method, parts.uri.path(), body);
    let response = Response::builder()
        .status(status)
        .header("content-type", "application/json");
    response
        .body(full(Bytes::from(json.to_string())))
        .map_err(|_| BrokenOff)
}

async fn respond(plan: Plan, reset: ResetOnClose) -> Result<Response<Body>, BrokenOff> {
    if !plan.wait.is_zero() {
        tokio::time::sleep(plan.wait).await;
    }
    let mut response = Response::builder().status(plan.status);
    for (name, value) in &plan.headers {
        response = response.header(name, value);
    }
    if let Some(length) = plan.length {
        response = response.header("content-length", length);
    }
    response.body(body_of(plan, reset)).map_err(|_| BrokenOff)
}

fn body_of(mut plan: Plan, reset: ResetOnClose) -> Body {
    if plan.length.is_some() && plan.end == End::Done && plan.pieces.len() <= 1 {
        return full(plan.pieces.pop().map(|piece| piece.bytes).unwrap_or_default());
    }
    let pieces = stream::iter(plan.pieces).then(|piece| async move {
        piece.pause.pass().await;
        Ok(Frame::data(piece.bytes))
    });
    let end = stream::once(finish(plan.end, reset)).filter_map(|end| future::ready(end.err().map(Err)));
    StreamBody::new(pieces.chain(end)).boxed_unsync()
}

fn full(bytes: Bytes) -> Body {
    Full::new(bytes)
        .map_err(|never: Infallible| match never {})
        .boxed_unsync()
}

async fn finish(end: End, reset: ResetOnClose) -> Result<(), BrokenOff> {
    match end {
        End::Done => Ok(()),
        End::Silent => future::pending().await,
        End::Cut(how) => {
            // What was written must reach the peer, and a reset throws away what the peer has not read.
            tokio::time::sleep(BEFORE_CUT).await;
            if how == Cut::Reset {
                reset.arm();
            }
            Err(BrokenOff)
        }
    }
}

impl Pause {
    async fn pass(self) {
        match self {
            Self::None => {}
            Self::Flush => tokio::task::yield_now().await,
            Self::For(duration) => tokio::time::sleep(duration).await,
        }
    }
}

/// The answer ends here, without its end.
#[derive(Debug)]
pub(crate) struct BrokenOff;

impl fmt::Display for BrokenOff {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("broken off")
    }
}

impl std::error::Error for BrokenOff {}

const BEFORE_CUT: Duration = Duration::from_millis(20);
