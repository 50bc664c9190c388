//! Both ends of HTTP/2 with all that it can carry, trailers too: an agent, and a provider behind TLS.

use std::convert::Infallible;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http_body_util::{BodyExt as _, Collected, Full};
use hyper::body::{Body, Incoming};
use hyper::http::request::Parts;
use hyper::service::service_fn;
use hyper::{HeaderMap, Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use super::{Identity, Issuer};

/// Makes one call by HTTP/2, and reads the whole answer.
pub async fn http2_call<B>(address: SocketAddr, request: Request<B>) -> Response<Collected<Bytes>>
where
    B: Body<Data = Bytes, Error = Infallible> + Send + Unpin + 'static,
{
    let stream = TcpStream::connect(address).await.expect("a connection");
    let (mut sender, connection) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream))
            .await
            .expect("HTTP/2");
    let connection = tokio::spawn(connection);
    let (head, body) = sender
        .send_request(request)
        .await
        .expect("an answer")
        .into_parts();
    let body = body.collect().await.expect("a whole answer");
    connection.abort();
    Response::from_parts(head, body)
}

/// A body with trailers after it.
pub fn with_trailers(
    body: &[u8],
    trailers: HeaderMap,
) -> impl Body<Data = Bytes, Error = Infallible> + Unpin + use<> {
    Full::new(Bytes::copy_from_slice(body)).with_trailers(std::future::ready(Some(Ok(trailers))))
}

/// A provider on `localhost` that speaks nothing but HTTP/2 by TLS, and answers every call alike.
#[derive(Debug)]
pub struct Http2Provider {
    port: u16,
    received: Arc<Received>,
}

/// The calls that came, oldest first.
type Received = Mutex<Vec<(Parts, Collected<Bytes>)>>;

impl Http2Provider {
    /// Starts it with a certificate of this CA. It answers with this status, this body of this type, and these trailers.
    pub async fn start(
        issuer: &Issuer,
        status: u16,
        content_type: &'static str,
        body: &'static [u8],
        trailers: HeaderMap,
    ) -> Self {
        let mut config = Identity::server(issuer, "localhost").serving();
        config.alpn_protocols = vec![b"h2".to_vec()];
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port");
        let port = listener.local_addr().expect("the address").port();
        let received = Arc::new(Received::default());
        let calls = received.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (acceptor, calls, trailers) = (acceptor.clone(), calls.clone(), trailers.clone());
                tokio::spawn(async move {
                    let service = service_fn(move |request: Request<Incoming>| {
                        let (calls, trailers) = (calls.clone(), trailers.clone());
                        async move {
                            let (head, whole) = request.into_parts();
                            let whole = whole.collect().await?;
                            calls.lock().expect("the calls").push((head, whole));
                            let answer = Response::builder()
                                .status(status)
                                .header("content-type", content_type);
                            Ok::<_, hyper::Error>(
                                answer.body(with_trailers(body, trailers)).expect("an answer"),
                            )
                        }
                    });
                    let stream = acceptor.accept(stream).await.expect("TLS");
                    // The broker may leave at any time.
                    hyper::server::conn::http2::Builder::new(TokioExecutor::new())
                        .serve_connection(TokioIo::new(stream), service)
                        .await
                        .ok();
                });
            }
        });
        Self { port, received }
    }

    /// Where it is: `https://localhost:port`.
    pub fn url(&self) -> String {
        format!("https://localhost:{}", self.port)
    }

    /// The calls that came since the last time this was asked, oldest first.
    pub fn take(&self) -> Vec<(Parts, Collected<Bytes>)> {
        std::mem::take(&mut *self.received.lock().expect("the calls"))
    }
}
