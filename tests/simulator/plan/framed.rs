//! Streams in AWS's binary frames.

use std::time::Duration;

use serde_json::json;

use super::{Call, Plan, Told, bytes_of};
use crate::bedrock::{self, Operation, frames};
use crate::behaviour::{Answer, Ending};

impl Call<'_> {
    /// The plan of a stream in frames.
    pub(super) fn framed(&self, answer: &Answer, operation: &Operation, told: &Told<'_>) -> Plan {
        let mut events = bedrock::events(operation.words, told);
        match answer.ending {
            Ending::Complete => {}
            Ending::HalfEvent { after_events } => {
                events.truncate(after_events.saturating_add(1));
                if let Some(last) = events.last_mut() {
                    last.truncate(last.len() / 2);
                }
            }
            Ending::Broken { after_events, .. }
            | Ending::Truncated { after_events }
            | Ending::Silent { after_events } => events.truncate(after_events),
            Ending::Error { after_events, status } => {
                events.truncate(after_events);
                let mut name = bedrock::error_name(status).to_owned();
                name.get_mut(..1).into_iter().for_each(str::make_ascii_lowercase);
                let said = json!({"message": "The service broke off."});
                events.push(frames::exception(&name, &said.to_string()));
            }
        }
        Plan {
            status: 200,
            headers: self.headers("application/vnd.amazon.eventstream"),
            wait: Duration::ZERO,
            pieces: bytes_of::pieces(
                events,
                Duration::from_millis(answer.between_chunks_ms),
                answer.split,
            ),
            length: None,
            end: super::make::end_of(answer.ending),
        }
    }
}
