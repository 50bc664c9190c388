//! What an agent gets: a whole answer, and the events of a streamed one.

use reqwest::RequestBuilder;
use reqwest::header::HeaderMap;
use serde_json::Value;

/// An answer, read to its end.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// All headers.
    pub headers: HeaderMap,
    /// The whole body.
    pub body: Vec<u8>,
}

/// A server-sent event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// `event:`, if it has one.
    pub name: Option<String>,
    /// `data:`
    pub data: String,
}

impl Answer {
    /// Sends a call and reads its whole answer.
    pub async fn of(request: RequestBuilder) -> Self {
        let response = request
            .send()
            .await
            .unwrap_or_else(|error| panic!("no answer: {error:?}"));
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let body = response
            .bytes()
            .await
            .unwrap_or_else(|error| panic!("the answer broke off: {error:?}"));
        Self {
            status,
            headers,
            body: body.to_vec(),
        }
    }

    /// A header's value, if there is one and it is text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("no JSON ({error}): {}", self.text()))
    }

    /// The body as server-sent events.
    pub fn events(&self) -> Vec<Event> {
        events(&self.text())
    }

    /// The text of a model's answer, whole or streamed, in any format.
    pub fn said(&self) -> String {
        if self
            .header("content-type")
            .is_some_and(|value| value.starts_with("text/event-stream"))
        {
            return self.events().iter().filter_map(Event::piece).collect();
        }
        let json = self.json();
        let said = json
            .pointer("/choices/0/message/content")
            .or_else(|| json.pointer("/content/0/text"))
            .or_else(|| json.pointer("/output/0/content/0/text"));
        said.and_then(Value::as_str)
            .unwrap_or_else(|| panic!("no text: {json}"))
            .to_owned()
    }

    /// Asserts the status, with the body in the message.
    #[track_caller]
    pub fn expect_status(&self, status: u16) -> &Self {
        assert_eq!(self.status, status, "{}", self.text());
        self
    }
}

impl Event {
    /// The data as JSON, or null for what is none, as `[DONE]`.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.data).unwrap_or(Value::Null)
    }

    fn piece(&self) -> Option<String> {
        let json = self.json();
        let piece = json
            .pointer("/choices/0/delta/content")
            .or_else(|| json.pointer("/delta/text"))
            .or_else(|| {
                json.pointer("/delta")
                    .filter(|_| json["type"] == "response.output_text.delta")
            })?;
        piece.as_str().map(str::to_owned)
    }
}

fn events(body: &str) -> Vec<Event> {
    let body = body.replace("\r\n", "\n");
    let blocks = body.split("\n\n").filter(|block| !block.trim().is_empty());
    let field = |block: &str, name: &str| {
        block
            .lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))
            .map(|value| value.trim_start().to_owned())
    };
    blocks
        .filter_map(|block| {
            Some(Event {
                name: field(block, "event"),
                data: field(block, "data")?,
            })
        })
        .collect()
}

#[test]
fn events_are_read_with_and_without_names() {
    let read = events("data: {\"a\":1}\n\n: ping\n\nevent: x\r\ndata: y\r\n\r\ndata: [DONE]\n\n");
    let data: Vec<_> = read
        .iter()
        .map(|event| (event.name.as_deref(), event.data.as_str()))
        .collect();
    assert_eq!(data, [(None, "{\"a\":1}"), (Some("x"), "y"), (None, "[DONE]")]);
}
