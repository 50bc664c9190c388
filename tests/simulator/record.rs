//! What an account received.

use std::time::Duration;

use bytes::Bytes;
use serde_json::{Value, json};

use crate::usage::Usage;

/// A call, as it arrived.
#[derive(Clone, Debug)]
pub struct ReceivedRequest {
    /// The HTTP method.
    pub method: String,
    /// Path and query.
    pub path: String,
    /// All headers in the order of their arrival, names in lower case. The values are bytes: nothing was decoded.
    pub headers: Vec<(String, Vec<u8>)>,
    /// The whole body.
    pub body: Bytes,
    /// When it was read, counted from the start of the account.
    pub at: Duration,
    /// The usage its answer reports, if it reports one.
    pub usage: Option<Usage>,
}

impl ReceivedRequest {
    /// The first value of a header, if it has the header and the value is text. The name counts in any case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let value = self
            .headers
            .iter()
            .find(|(own, _)| own.eq_ignore_ascii_case(name))?;
        std::str::from_utf8(&value.1).ok()
    }

    /// The names of all headers, in the order of their arrival.
    #[must_use]
    pub fn header_names(&self) -> Vec<&str> {
        self.headers.iter().map(|(name, _)| name.as_str()).collect()
    }

    /// Whether these bytes stand anywhere in the path, a header or the body.
    #[must_use]
    pub fn contains(&self, needle: &str) -> bool {
        let found = |haystack: &[u8]| {
            haystack
                .windows(needle.len().max(1))
                .any(|window| window == needle.as_bytes())
        };
        found(self.path.as_bytes())
            || found(&self.body)
            || self
                .headers
                .iter()
                .any(|(name, value)| found(name.as_bytes()) || found(value))
    }

    /// The body as text; bytes that are no text become `U+FFFD`.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON, or null if it is none.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }

    /// The form the control port gives.
    pub(crate) fn to_json(&self) -> Value {
        let headers: Vec<Value> = self
            .headers
            .iter()
            .map(|(name, value)| json!([name, String::from_utf8_lossy(value)]))
            .collect();
        json!({
            "method": self.method,
            "path": self.path,
            "headers": headers,
            "body": self.text(),
            "body_bytes": self.body.len(),
            "at_ms": u64::try_from(self.at.as_millis()).unwrap_or(u64::MAX),
            "usage": self.usage,
        })
    }
}
