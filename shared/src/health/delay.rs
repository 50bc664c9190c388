//! How long a provider asks to wait, in all the ways in which providers say so.
//!
//! In this order, the first that says something: `retry-after-ms`, `retry-after`, the reset of the rate limits that
//! are used up, the retry delay in the body. What counts from the provider's clock is taken against its `date`.

mod text;

use std::str;

use serde_json::Value;

pub use text::{date, duration, moment};

use crate::limits::{MAX_COOLDOWN, MAX_ERROR_BODY, MIN_COOLDOWN};
use crate::units::{Millis, Timestamp};

/// The rate limits whose resets providers tell, as `x-ratelimit-reset-NAME` or `anthropic-ratelimit-NAME-reset`.
const DIMENSIONS: [&str; 4] = ["requests", "tokens", "input-tokens", "output-tokens"];

/// What Mistral calls them, with `x-ratelimit-` before it.
const PER_MINUTE: [&str; 2] = ["req-minute", "tokens-minute"];

/// Plain numbers from here on are points in time in seconds since the epoch, not durations.
const FIRST_MOMENT: u64 = 1_000_000_000;

/// How long an answer asks to wait, within bounds; `None` if it does not say.
#[must_use]
pub fn asked(headers: &[(String, Vec<u8>)], body: &[u8], now: Timestamp) -> Option<Millis> {
    let headers = Answered::new(headers, now);
    let asked = headers
        .retry_after_ms()
        .or_else(|| headers.retry_after())
        .or_else(|| headers.resets())
        .or_else(|| body_delay(body))?;
    Some(asked.clamp(MIN_COOLDOWN, MAX_COOLDOWN))
}

/// The headers of an answer.
struct Answered<'a> {
    headers: &'a [(String, Vec<u8>)],
    /// When the provider sent it, by its own clock.
    sent: Timestamp,
}

impl<'a> Answered<'a> {
    fn new(headers: &'a [(String, Vec<u8>)], now: Timestamp) -> Self {
        let mut answered = Self { headers, sent: now };
        answered.sent = answered.text("date").and_then(date).unwrap_or(now);
        answered
    }

    fn text(&self, name: &str) -> Option<&'a str> {
        let (_, value) = self
            .headers
            .iter()
            .find(|(given, _)| given.eq_ignore_ascii_case(name))?;
        str::from_utf8(value).ok().map(str::trim)
    }

    /// Milliseconds; zero says nothing.
    fn retry_after_ms(&self) -> Option<Millis> {
        said(text::decimal(self.text("retry-after-ms")?, 1_000_000)?)
    }

    /// Seconds or a date; zero and a date that has passed say nothing.
    fn retry_after(&self) -> Option<Millis> {
        let text = self.text("retry-after")?;
        match text::decimal(text, 1_000_000_000) {
            Some(nanos) => said(nanos),
            None => date(text)?.wait_from(self.sent),
        }
    }

    /// The latest reset of those limits that are used up.
    fn resets(&self) -> Option<Millis> {
        let openai = DIMENSIONS.into_iter().chain(PER_MINUTE).map(|dimension| {
            let remaining = format!("x-ratelimit-remaining-{dimension}");
            (remaining, format!("x-ratelimit-reset-{dimension}"))
        });
        let anthropic = DIMENSIONS.into_iter().flat_map(|dimension| {
            ["ratelimit", "priority"].map(|tier| {
                let name = format!("anthropic-{tier}-{dimension}");
                (format!("{name}-remaining"), format!("{name}-reset"))
            })
        });
        let single = ("x-ratelimit-remaining".to_owned(), "x-ratelimit-reset".to_owned());
        openai
            .chain(anthropic)
            .chain([single])
            .filter(|(remaining, _)| self.is_used_up(remaining))
            .filter_map(|(_, reset)| self.reset(self.text(&reset)?))
            .max()
    }

    /// Whether nothing remains; where that is not told, as on some Azure deployments, it may be this limit.
    fn is_used_up(&self, remaining: &str) -> bool {
        self.text(remaining)
            .and_then(|text| text::decimal(text, 1))
            .is_none_or(|remaining| remaining == 0)
    }

    fn reset(&self, text: &str) -> Option<Millis> {
        if let Some(moment) = moment(text) {
            return moment.wait_from(self.sent);
        }
        match text::decimal(text, 1) {
            Some(seconds) if seconds >= FIRST_MOMENT => {
                Timestamp(seconds.saturating_mul(1_000_000_000)).wait_from(self.sent)
            }
            _ => said(duration(text)?),
        }
    }
}

/// The retry delay in an error's body, as Google's APIs tell it, in an array of one or not.
fn body_delay(body: &[u8]) -> Option<Millis> {
    if body.len() > MAX_ERROR_BODY || memchr::memmem::find(body, b"\"retryDelay\"").is_none() {
        return None;
    }
    let body: Value = serde_json::from_slice(body).ok()?;
    let error = body.get(0).unwrap_or(&body).get("error")?;
    let details = error.get("details")?.as_array()?;
    let delays = details.iter().filter_map(|detail| {
        let text = detail.get("retryDelay")?.as_str()?;
        said(duration(text)?)
    });
    delays.max()
}

/// A time of which zero says nothing, rounded up.
fn said(nanos: u64) -> Option<Millis> {
    Timestamp(nanos).wait_from(Timestamp(0))
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod properties;
#[cfg(test)]
mod tests;
