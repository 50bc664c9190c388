//! What a call asks: its dialect and the few fields an answer depends on.

use hyper::HeaderMap;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::behaviour::StatusError;
use crate::conversation::Conversation;
use crate::vendor::Vendor;
use crate::{google, strict};

/// The wire format of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Dialect {
    /// Chat completions.
    OpenAi,
    /// Messages.
    Anthropic,
    /// Cohere's chat.
    Cohere,
    /// Responses.
    Responses,
    /// Google's `generateContent`.
    Gemini,
}

impl Dialect {
    /// The dialect of a path, if it is one an account serves. The query does not count.
    #[must_use]
    pub fn of_path(path: &str) -> Option<Self> {
        let path = path.split_once('?').map_or(path, |(path, _)| path);
        if path.ends_with("/chat/completions") {
            Some(Self::OpenAi)
        } else if path.ends_with("/messages") {
            Some(Self::Anthropic)
        } else if path.ends_with("/v2/chat") {
            Some(Self::Cohere)
        } else if path.ends_with("/responses") {
            Some(Self::Responses)
        } else {
            Some(match google::Path::of(path)?.verb {
                google::Verb::Generate { .. } => Self::Gemini,
                google::Verb::RawPredict { .. } => Self::Anthropic,
            })
        }
    }
}

/// What a call asks.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Asked {
    pub(crate) dialect: Dialect,
    pub(crate) vendor: Vendor,
    /// The conversation, if the account looks at it.
    pub(crate) conversation: Option<Conversation>,
    pub(crate) model: String,
    pub(crate) stream: bool,
    /// `stream_options.include_usage`
    pub(crate) include_usage: bool,
    /// The name of the tool the answer must call.
    pub(crate) tool: Option<String>,
    pub(crate) body_bytes: usize,
    /// The response that it goes on with.
    pub(crate) previous: Option<String>,
    /// Whether its response is to be kept.
    pub(crate) is_stored: bool,
}

impl Asked {
    /// Reads a call.
    ///
    /// # Errors
    /// Says what the vendor would say about a call that it does not take.
    pub(crate) fn of(
        vendor: Vendor,
        dialect: Dialect,
        path: &str,
        headers: &HeaderMap,
        body: &[u8],
    ) -> Result<Self, Box<StatusError>> {
        let unreadable = |message: String| {
            Box::new(StatusError {
                status: 400,
                message: Some(message),
                ..StatusError::default()
            })
        };
        let at_google = google::Path::of(path);
        if vendor == Vendor::Any && at_google.is_none() {
            return Self::read(dialect, body).map_err(unreadable);
        }
        let document: Value = serde_json::from_slice(body).map_err(|error| {
            unreadable(format!(
                "We could not parse the JSON body of your request: {error}"
            ))
        })?;
        if let Some(path) = at_google {
            return Self::at_google(vendor, dialect, &path, headers, &document, body.len())
                .map_err(|fault| Box::new(fault.error()));
        }
        strict::check(vendor, dialect, headers, &document).map_err(|fault| Box::new(fault.error()))?;
        let asked = Self::read(dialect, body).map_err(unreadable)?;
        Ok(Self {
            vendor,
            include_usage: asked.include_usage || vendor.always_tells_usage(),
            conversation: Some(Conversation::read(dialect, &document)),
            ..asked
        })
    }

    /// Reads a call of Google's, whose model stands in the path.
    fn at_google(
        vendor: Vendor,
        dialect: Dialect,
        path: &google::Path,
        headers: &HeaderMap,
        document: &Value,
        body_bytes: usize,
    ) -> Result<Self, strict::Fault> {
        if dialect == Dialect::Anthropic {
            let (headers, document) = google::unwrapped(path, headers, document)?;
            strict::check(Vendor::Anthropic, dialect, &headers, &document)?;
        } else {
            google::check(vendor, path, headers, document)?;
        }
        Ok(Self {
            dialect,
            vendor,
            conversation: Some(Conversation::read(dialect, document)),
            model: path.model.clone(),
            stream: path.is_stream(),
            include_usage: true,
            tool: None,
            body_bytes,
            previous: None,
            is_stored: false,
        })
    }

    /// Reads a body, of which only the outer shape counts.
    fn read(dialect: Dialect, body: &[u8]) -> Result<Self, String> {
        let call: Call<'_> = serde_json::from_slice(body)
            .map_err(|error| format!("We could not parse the JSON body of your request: {error}"))?;
        let model = call
            .model
            .ok_or_else(|| "you must provide a model parameter".to_owned())?;
        Ok(Self {
            dialect,
            vendor: Vendor::Any,
            conversation: None,
            model,
            stream: call.stream.unwrap_or(false),
            include_usage: call
                .stream_options
                .and_then(|options| options.include_usage)
                .unwrap_or(false),
            tool: wanted_tool(call.tools, call.messages),
            body_bytes: body.len(),
            previous: call.previous_response_id,
            is_stored: dialect == Dialect::Responses && call.store.unwrap_or(true),
        })
    }
}

#[derive(Deserialize)]
struct Call<'a> {
    model: Option<String>,
    stream: Option<bool>,
    stream_options: Option<StreamOptions>,
    previous_response_id: Option<String>,
    store: Option<bool>,
    #[serde(borrow)]
    tools: Option<&'a RawValue>,
    #[serde(borrow)]
    messages: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct StreamOptions {
    include_usage: Option<bool>,
}

#[derive(Deserialize)]
struct Tool {
    name: Option<String>,
    function: Option<Function>,
}

#[derive(Deserialize)]
struct Function {
    name: String,
}

#[derive(Deserialize)]
struct Message {
    role: String,
    content: Option<Content>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Content {
    Text(String),
    Parts(Vec<Part>),
}

#[derive(Deserialize)]
struct Part {
    text: Option<String>,
}

/// The first tool's name, if the last user message speaks of a tool.
fn wanted_tool(tools: Option<&RawValue>, messages: Option<&RawValue>) -> Option<String> {
    let tools: Vec<Tool> = serde_json::from_str(tools?.get()).ok()?;
    let messages: Vec<Message> = serde_json::from_str(messages?.get()).ok()?;
    let last = messages.last().filter(|message| message.role == "user")?;
    let speaks = match last.content.as_ref()? {
        Content::Text(text) => text.contains("tool"),
        Content::Parts(parts) => parts
            .iter()
            .filter_map(|part| part.text.as_deref())
            .any(|text| text.contains("tool")),
    };
    let first = tools.into_iter().next().filter(|_| speaks)?;
    first.function.map(|function| function.name).or(first.name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_choose_the_dialect() {
        assert_eq!(Dialect::of_path("/v1/chat/completions"), Some(Dialect::OpenAi));
        assert_eq!(
            Dialect::of_path("/openai/v1/chat/completions?api-version=1"),
            Some(Dialect::OpenAi)
        );
        assert_eq!(
            Dialect::of_path("/v1/messages?beta=true"),
            Some(Dialect::Anthropic)
        );
        assert_eq!(Dialect::of_path("/v1/models"), None);
    }

    #[test]
    fn a_tool_is_called_only_when_the_last_message_is_a_user_who_asks() {
        let read = |messages: &str| {
            let body = format!(
                r#"{{"model":"m","tools":[{{"type":"function","function":{{"name":"weather"}}}}],"messages":{messages}}}"#
            );
            Asked::read(Dialect::OpenAi, body.as_bytes()).unwrap().tool
        };
        assert_eq!(
            read(r#"[{"role":"user","content":"use the tool"}]"#).as_deref(),
            Some("weather")
        );
        assert_eq!(
            read(r#"[{"role":"user","content":[{"type":"text","text":"a tool"}]}]"#).as_deref(),
            Some("weather")
        );
        assert_eq!(
            read(r#"[{"role":"user","content":"tool"},{"role":"tool","content":"sunny"}]"#),
            None
        );
        assert_eq!(
            read(r#"[{"role":"user","content":[{"type":"tool_result","tool_use_id":"x"}]}]"#),
            None
        );
    }
}
