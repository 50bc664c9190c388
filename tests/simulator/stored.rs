//! Responses that an account keeps, as `OpenAI` does: those that were made there, until they are deleted.

use std::collections::BTreeMap;

use hyper::http::request::Parts;
use serde_json::{Value, json};

use crate::behaviour::StatusError;
use crate::vendor::Vendor;

/// What an account keeps, by the ids of the responses.
#[derive(Debug, Default)]
pub(crate) struct Kept(BTreeMap<String, Entry>);

#[derive(Debug)]
struct Entry {
    response: Value,
    input: Value,
}

/// A call about a response.
#[derive(Clone, Debug)]
pub(crate) struct About {
    method: String,
    id: String,
    action: String,
    is_stream: bool,
}

/// What a call about a response is told.
#[derive(Debug)]
pub(crate) enum Found {
    Whole(Value),
    /// The data of the one event.
    Stream(Value),
}

impl About {
    /// What a call is about, if it is about a response at all.
    pub(crate) fn of(vendor: Vendor, parts: &Parts) -> Option<Self> {
        let path = parts.uri.path();
        let is_there = match vendor {
            Vendor::Any | Vendor::OpenAi => path.starts_with("/v1/"),
            Vendor::Azure => path.starts_with("/openai/"),
            _ => false,
        };
        let (_, rest) = path.split_once("/responses/").filter(|_| is_there)?;
        let (id, action) = rest.split_once('/').unwrap_or((rest, ""));
        // There the tokens of a call are counted.
        if id == "input_tokens" {
            return None;
        }
        let query = parts.uri.query().unwrap_or_default();
        Some(Self {
            method: parts.method.to_string(),
            id: id.to_owned(),
            action: action.to_owned(),
            is_stream: query.split('&').any(|member| member == "stream=true"),
        })
    }
}

impl Kept {
    /// What is said to a call that goes on with a response which is not kept here.
    pub(crate) fn refusal(&self, previous: Option<&str>) -> Option<StatusError> {
        let previous = previous.filter(|previous| !self.0.contains_key(*previous))?;
        Some(StatusError {
            status: 400,
            message: Some(format!("Previous response with id '{previous}' not found.")),
            param: Some("previous_response_id".to_owned()),
            code: Some("previous_response_not_found".to_owned()),
            ..StatusError::default()
        })
    }

    /// Keeps a response with what it answers.
    pub(crate) fn keep(&mut self, response: Value, call: &[u8]) {
        let call: Value = serde_json::from_slice(call).unwrap_or_default();
        let input = call.get("input").cloned().unwrap_or_default();
        if let Some(id) = response.get("id").and_then(Value::as_str) {
            self.0.insert(id.to_owned(), Entry { response, input });
        }
    }

    /// Serves a call about a response.
    pub(crate) fn serve(&mut self, about: &About) -> Result<Found, Box<StatusError>> {
        let About {
            method,
            id,
            action,
            is_stream,
        } = about;
        let refused = |status: u16, message: String| {
            Box::new(StatusError {
                status,
                message: Some(message),
                error_type: Some("invalid_request_error".to_owned()),
                ..StatusError::default()
            })
        };
        let Some(entry) = self.0.get(id) else {
            return Err(refused(404, format!("Response with id '{id}' not found.")));
        };
        match (method.as_str(), action.as_str()) {
            ("GET", "") if *is_stream => {
                let event =
                    json!({"type": "response.completed", "sequence_number": 0, "response": entry.response});
                Ok(Found::Stream(event))
            }
            ("GET", "") => Ok(Found::Whole(entry.response.clone())),
            ("GET", "input_items") => Ok(Found::Whole(listed(&entry.input))),
            ("DELETE", "") => {
                self.0.remove(id);
                Ok(Found::Whole(
                    json!({"id": id, "object": "response", "deleted": true}),
                ))
            }
            ("POST", "cancel") => Err(refused(400, "Cannot cancel a synchronous response.".to_owned())),
            _ => Err(refused(405, format!("Not allowed: {method}"))),
        }
    }
}

fn listed(input: &Value) -> Value {
    let said = json!([{"role": "user", "content": [{"type": "input_text", "text": input}]}]);
    let items = if input.is_array() { input } else { &said };
    let items = items.as_array().into_iter().flatten().enumerate();
    let data: Vec<Value> = items
        .map(|(place, item)| {
            let mut listed = json!({"id": format!("msg_{place}"), "type": "message", "status": "completed"});
            if let (Some(listed), Some(item)) = (listed.as_object_mut(), item.as_object()) {
                listed.extend(item.clone());
            }
            listed
        })
        .collect();
    let id = |item: Option<&Value>| item.and_then(|item| item.get("id")).cloned();
    json!({
        "object": "list", "first_id": id(data.first()), "last_id": id(data.last()), "has_more": false, "data": data,
    })
}
