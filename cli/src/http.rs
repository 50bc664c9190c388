//! As much of HTTP as the pages of an Envoy nearby need.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};

/// How long a page may take.
const PATIENCE: Duration = Duration::from_secs(2);

/// The body of a page that is there.
pub fn get(address: &str, path: &str) -> Result<String> {
    let mut stream = TcpStream::connect(address).with_context(|| format!("cannot reach {address}"))?;
    stream.set_read_timeout(Some(PATIENCE))?;
    write!(
        stream,
        "GET {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n"
    )?;
    let mut answer = String::new();
    stream
        .read_to_string(&mut answer)
        .with_context(|| format!("no whole answer from {address}"))?;
    let Some((head, body)) = answer.split_once("\r\n\r\n") else {
        bail!("no HTTP from {address}")
    };
    let first = head.lines().next().unwrap_or_default();
    if !first.contains(" 200 ") {
        bail!("{address} answers {path} with `{first}`");
    }
    Ok(body.to_owned())
}
