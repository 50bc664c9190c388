//! What the host tells of an attempt.

use super::Pairs;
use crate::egress;
use crate::units::Timestamp;

/// What the host tells of an attempt, without the time.
pub enum Told<'a> {
    Headers { headers: Pairs, is_end: bool },
    Body { text: &'a str, is_last: bool },
    Closed { is_connect_failure: bool },
}

impl<'a> Told<'a> {
    pub fn at(self, now: Timestamp) -> egress::Event<'a> {
        match self {
            Self::Headers { headers, is_end } => egress::Event::ResponseHeaders { headers, is_end, now },
            Self::Body { text, is_last } => egress::Event::ResponseBody {
                chunk: text.as_bytes(),
                is_last,
                now: Some(now),
            },
            Self::Closed { is_connect_failure } => egress::Event::Closed {
                is_connect_failure,
                now,
            },
        }
    }
}

/// An attempt's answer begins; its body follows.
pub fn status(status: u16, content_type: &str) -> Told<'static> {
    status_with(status, &[("content-type", content_type)])
}

/// An attempt's answer begins with these headers; its body follows.
pub fn status_with(status: u16, headers: &[(&str, &str)]) -> Told<'static> {
    let status = status.to_string();
    let pairs = [(":status", status.as_str())]
        .into_iter()
        .chain(headers.iter().copied());
    let headers = pairs
        .map(|(name, value)| (name.to_owned(), value.as_bytes().to_vec()))
        .collect();
    Told::Headers {
        headers,
        is_end: false,
    }
}

/// A part of an attempt's answer.
pub fn part(text: &str) -> Told<'_> {
    Told::Body { text, is_last: false }
}

/// The last part of an attempt's answer.
pub fn last(text: &str) -> Told<'_> {
    Told::Body { text, is_last: true }
}

/// An attempt ends.
pub fn closed(is_connect_failure: bool) -> Told<'static> {
    Told::Closed { is_connect_failure }
}
