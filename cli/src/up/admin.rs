//! Envoy's admin interface, as far as `broker up` needs it.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

pub struct Admin {
    address: String,
}

impl Admin {
    pub fn new(address: &str) -> Self {
        Self {
            address: address.to_owned(),
        }
    }

    /// Whether Envoy serves and has the broker's listener.
    pub fn is_ready(&self) -> bool {
        self.get("/ready").is_some_and(|body| body.contains("LIVE"))
            && self
                .get("/listeners")
                .is_some_and(|body| body.contains("model-broker::"))
    }

    /// How many updates of its configuration Envoy has refused.
    pub fn rejected_updates(&self) -> u64 {
        let stats = self
            .get("/stats?filter=(update_rejected|config_fail)$")
            .unwrap_or_default();
        stats
            .lines()
            .filter_map(|line| line.rsplit_once(": ")?.1.trim().parse::<u64>().ok())
            .sum()
    }

    fn get(&self, path: &str) -> Option<String> {
        let mut stream = TcpStream::connect(&self.address).ok()?;
        stream.set_read_timeout(Some(Duration::from_secs(2))).ok()?;
        write!(
            stream,
            "GET {path} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\n\r\n",
            self.address
        )
        .ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).ok()?;
        let (head, body) = answer.split_once("\r\n\r\n")?;
        head.contains(" 200 ").then(|| body.to_owned())
    }
}
