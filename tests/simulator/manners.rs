//! What servers with `OpenAI`'s API make of its answers, each in its own way.

use serde_json::{Value, json};

use crate::vendor::Vendor;

mod azure;
mod mistral;
mod self_hosted;

/// An answer in one piece.
pub(crate) fn whole(vendor: Vendor, mut answer: Value) -> Value {
    match vendor {
        Vendor::Azure => azure::filtered(&mut answer),
        Vendor::Mistral => mistral::whole(&mut answer),
        _ => self_hosted::whole(vendor, &mut answer),
    }
    answer
}

/// The data of the events of a stream.
pub(crate) fn events(vendor: Vendor, events: Vec<String>) -> Vec<String> {
    match vendor {
        Vendor::Azure => azure::events(events),
        Vendor::Mistral => mistral::events(&events),
        _ => self_hosted::events(vendor, events),
    }
}

/// The body of an error.
pub(crate) fn error(vendor: Vendor, status: u16, body: Value) -> Value {
    match vendor {
        Vendor::Azure if status == 404 => {
            json!({"error": {"code": "404", "message": "Resource not found"}})
        }
        Vendor::Mistral => mistral::error(status, &body),
        _ => self_hosted::error(vendor, status, body),
    }
}

/// Each event that is JSON, changed.
fn each(events: Vec<String>, mut change: impl FnMut(&mut Value)) -> Vec<String> {
    let changed = events.into_iter().map(|data| match serde_json::from_str(&data) {
        Ok(mut event) => {
            change(&mut event);
            event.to_string()
        }
        Err(_) => data,
    });
    changed.collect()
}

/// The first choice, or nothing.
fn choice(event: &mut Value) -> Option<&mut serde_json::Map<String, Value>> {
    event.pointer_mut("/choices/0")?.as_object_mut()
}
