//! A client that sends any bytes: for calls that a proper HTTP client would not make.

use std::net::SocketAddr;
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// A connection to the broker.
pub struct RawClient {
    stream: Box<dyn Stream>,
}

/// A connection that bytes go through both ways.
pub trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

/// An answer, as far as it came.
#[derive(Clone, Debug)]
pub struct RawAnswer {
    /// The HTTP status.
    pub status: u16,
    /// The status line and the headers.
    pub head: String,
    /// The body, without its chunk framing.
    pub body: Vec<u8>,
}

impl RawClient {
    /// Connects.
    pub async fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address)
            .await
            .unwrap_or_else(|error| panic!("cannot connect to {address}: {error}"));
        Self::over(stream)
    }

    /// Takes a connection that stands.
    pub fn over(stream: impl Stream + 'static) -> Self {
        Self {
            stream: Box::new(stream),
        }
    }

    /// Sends these bytes and reads one answer; none if the connection ends without one.
    ///
    /// Reading starts at once, so that a refusal of something large is seen while it is still being sent.
    pub async fn send(self, request: &[u8]) -> Option<RawAnswer> {
        let (mut read, mut write) = tokio::io::split(self.stream);
        let request = request.to_vec();
        let writing = tokio::spawn(async move {
            // Who refuses a call may close before all of it was sent: the answer tells.
            let sent = write.write_all(&request).await;
            (write, sent.is_ok())
        });
        let mut bytes = Vec::new();
        let reading = async {
            let mut buffer = vec![0; 64 * 1024];
            while !complete(&bytes) {
                match read.read(&mut buffer).await {
                    Ok(0) | Err(_) => break,
                    Ok(count) => bytes.extend_from_slice(&buffer[..count]),
                }
            }
        };
        timeout(PATIENCE, reading)
            .await
            .expect("an answer or an end within the patience of the raw client");
        writing.abort();
        parse(&bytes)
    }
}

impl RawAnswer {
    /// The body as JSON.
    pub fn json(&self) -> Value {
        let text = String::from_utf8_lossy(&self.body);
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("no JSON ({error}): {text}"))
    }
}

/// A well-formed call as bytes, to be made wrong. Headers are given as bytes too.
pub fn request(method: &str, path: &str, headers: &[(&[u8], &[u8])], body: &[u8]) -> Vec<u8> {
    let mut bytes = format!(
        "{method} {path} HTTP/1.1\r\nhost: broker\r\ncontent-length: {}\r\n",
        body.len()
    )
    .into_bytes();
    for (name, value) in headers {
        bytes.extend_from_slice(name);
        bytes.extend_from_slice(b": ");
        bytes.extend_from_slice(value);
        bytes.extend_from_slice(b"\r\n");
    }
    bytes.extend_from_slice(b"\r\n");
    bytes.extend_from_slice(body);
    bytes
}

fn split_head(bytes: &[u8]) -> Option<(String, &[u8])> {
    let end = bytes.windows(4).position(|window| window == b"\r\n\r\n")?;
    Some((
        String::from_utf8_lossy(&bytes[..end]).into_owned(),
        &bytes[end + 4..],
    ))
}

fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    head.lines().find_map(|line| {
        let (own, value) = line.split_once(':')?;
        own.eq_ignore_ascii_case(name).then(|| value.trim())
    })
}

fn is_chunked(head: &str) -> bool {
    header(head, "transfer-encoding").is_some_and(|value| value.eq_ignore_ascii_case("chunked"))
}

fn complete(bytes: &[u8]) -> bool {
    let Some((head, body)) = split_head(bytes) else {
        return false;
    };
    if is_chunked(&head) {
        return body.ends_with(b"0\r\n\r\n");
    }
    header(&head, "content-length")
        .and_then(|length| length.parse::<usize>().ok())
        .is_some_and(|length| body.len() >= length)
}

fn parse(bytes: &[u8]) -> Option<RawAnswer> {
    let (head, body) = split_head(bytes)?;
    let status = head.split(' ').nth(1)?.parse().ok()?;
    let body = if is_chunked(&head) {
        unchunked(body)
    } else {
        body.to_vec()
    };
    Some(RawAnswer { status, head, body })
}

fn unchunked(mut body: &[u8]) -> Vec<u8> {
    let mut whole = Vec::new();
    while let Some(end) = body.windows(2).position(|window| window == b"\r\n") {
        let size = usize::from_str_radix(String::from_utf8_lossy(&body[..end]).trim(), 16).unwrap_or(0);
        let chunk = &body[end + 2..];
        if size == 0 || chunk.len() < size {
            break;
        }
        whole.extend_from_slice(&chunk[..size]);
        body = chunk.get(size + 2..).unwrap_or_default();
    }
    whole
}

const PATIENCE: Duration = Duration::from_secs(20);

#[test]
fn chunks_are_joined() {
    let answer =
        parse(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n")
            .unwrap();
    assert_eq!((answer.status, answer.body.as_slice()), (200, b"abcde".as_ref()));
}
