//! What a conversation asks for, in words of no dialect: as much of it as a simulated model looks at.

use serde_json::Value;

use crate::request::Dialect;
use crate::strict::base64_bytes;

mod responses;

/// What the model has before it.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Conversation {
    /// The texts of the user's last turn.
    pub(crate) text: String,
    /// What tools gave back in that turn.
    pub(crate) results: Vec<String>,
    /// The pictures and documents of that turn, described.
    pub(crate) media: Vec<String>,
    /// The beginning of the answer, if the caller wrote one.
    pub(crate) prefill: Option<String>,
    /// The names of the tools.
    pub(crate) tools: Vec<String>,
    pub(crate) choice: Choice,
    /// Whether several tools may be called at once.
    pub(crate) parallel: bool,
    pub(crate) output: Output,
    /// Whether the model is to think.
    pub(crate) thinks: bool,
    pub(crate) max_tokens: Option<u64>,
    pub(crate) stop: Vec<String>,
}

/// Which tools may be called.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Choice {
    #[default]
    Auto,
    None,
    Any,
    Named(String),
}

/// What the answer must look like.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) enum Output {
    #[default]
    Text,
    Json,
    Schema(Value),
}

/// What the broker puts there.
const BRIDGE: &str = "OK.";

impl Conversation {
    pub(crate) fn read(dialect: Dialect, body: &Value) -> Self {
        if dialect == Dialect::Responses {
            return Self::read(Dialect::OpenAi, &responses::as_chat(body));
        }
        let mut read = match dialect {
            Dialect::OpenAi | Dialect::Responses => openai(body),
            Dialect::Anthropic => anthropic(body),
            Dialect::Cohere => cohere(body),
            Dialect::Gemini => return crate::google::conversation::read(body),
        };
        let messages = list(body, "messages");
        // What only stands between the results of tools and the user's words, where these may not meet, is no turn.
        let is_bridge = |message: &Value| string(message, "content") == Some(BRIDGE);
        let is_assistant =
            |message: &Value| string(message, "role") == Some("assistant") && !is_bridge(message);
        let (before, last) = match messages.split_last() {
            Some((last, before)) if is_assistant(last) => (before, Some(last)),
            _ => (messages, None),
        };
        read.prefill = last.map(|last| texts(last).join(""));
        let from = before
            .iter()
            .rposition(is_assistant)
            .map_or(0, |position| position + 1);
        for message in before.iter().skip(from) {
            match string(message, "role") {
                Some("tool") => read.results.push(texts(message).join("\n")),
                Some("user") => read.hear(message),
                _ => {}
            }
        }
        read
    }

    /// Takes a message of the user in.
    fn hear(&mut self, message: &Value) {
        if let Some(text) = string(message, "content") {
            self.say(text);
        }
        for part in list(message, "content") {
            match string(part, "type") {
                Some("text") => self.say(string(part, "text").unwrap_or_default()),
                Some("tool_result") => {
                    let mark = if part.get("is_error") == Some(&Value::Bool(true)) {
                        "(error) "
                    } else {
                        ""
                    };
                    self.results.push(format!("{mark}{}", texts(part).join("\n")));
                    self.media
                        .extend(list(part, "content").iter().filter_map(described));
                }
                _ => self.media.extend(described(part)),
            }
        }
    }

    fn say(&mut self, text: &str) {
        if !self.text.is_empty() {
            self.text.push('\n');
        }
        self.text.push_str(text);
    }
}

fn openai(body: &Value) -> Conversation {
    let choice = match body.get("tool_choice") {
        Some(Value::String(word)) => word_of(word),
        Some(choice) => choice
            .pointer("/function/name")
            .and_then(Value::as_str)
            .map_or(Choice::Auto, |name| Choice::Named(name.to_owned())),
        None => Choice::Auto,
    };
    let format = body.pointer("/response_format/type").and_then(Value::as_str);
    let effort = string(body, "reasoning_effort");
    Conversation {
        tools: names(body, "/function/name"),
        choice,
        parallel: body.get("parallel_tool_calls") != Some(&Value::Bool(false)),
        output: match (format, body.pointer("/response_format/json_schema/schema")) {
            (Some("json_schema"), Some(schema)) => Output::Schema(schema.clone()),
            // Text-generation-inference has a schema there.
            (Some("json_object"), _) => match body.pointer("/response_format/value") {
                Some(schema) => Output::Schema(schema.clone()),
                None => Output::Json,
            },
            _ => Output::Text,
        },
        thinks: effort.is_some_and(|effort| effort != "none"),
        max_tokens: number(body, "max_completion_tokens").or_else(|| number(body, "max_tokens")),
        stop: strings(body.get("stop")),
        ..Conversation::default()
    }
}

fn cohere(body: &Value) -> Conversation {
    let format = body.get("response_format").unwrap_or(&Value::Null);
    Conversation {
        tools: names(body, "/function/name"),
        choice: match string(body, "tool_choice") {
            Some("REQUIRED") => Choice::Any,
            Some("NONE") => Choice::None,
            _ => Choice::Auto,
        },
        parallel: true,
        output: match (string(format, "type"), format.get("json_schema")) {
            (Some("json_object"), Some(schema)) => Output::Schema(schema.clone()),
            (Some("json_object"), None) => Output::Json,
            _ => Output::Text,
        },
        thinks: body.pointer("/thinking/type").and_then(Value::as_str) == Some("enabled"),
        max_tokens: number(body, "max_tokens"),
        stop: strings(body.get("stop_sequences")),
        ..Conversation::default()
    }
}

fn anthropic(body: &Value) -> Conversation {
    let choice = body.get("tool_choice").unwrap_or(&Value::Null);
    let thinking = body.pointer("/thinking/type").and_then(Value::as_str);
    Conversation {
        tools: names(body, "/name"),
        choice: match string(choice, "type") {
            Some("tool") => Choice::Named(string(choice, "name").unwrap_or_default().to_owned()),
            Some(word) => word_of(word),
            None => Choice::Auto,
        },
        parallel: choice.get("disable_parallel_tool_use") != Some(&Value::Bool(true)),
        output: match body.pointer("/output_config/format/schema") {
            Some(schema) => Output::Schema(schema.clone()),
            None => asked_in_words(&instructions(body)),
        },
        thinks: thinking.is_some_and(|kind| kind != "disabled"),
        max_tokens: number(body, "max_tokens"),
        stop: strings(body.get("stop_sequences")),
        ..Conversation::default()
    }
}

/// The system prompt.
fn instructions(body: &Value) -> String {
    let blocks = list(body, "system")
        .iter()
        .filter_map(|block| string(block, "text"));
    string(body, "system")
        .into_iter()
        .chain(blocks)
        .collect::<Vec<_>>()
        .join("\n")
}

/// What instructions ask for: a JSON schema is followed by the schema.
fn asked_in_words(instructions: &str) -> Output {
    let schema = instructions.split_once("JSON schema").and_then(|(_, after)| {
        let schema = after.get(after.find('{')?..)?;
        let mut values = serde_json::Deserializer::from_str(schema).into_iter();
        values.next()?.ok()
    });
    match schema {
        Some(schema) => Output::Schema(schema),
        None if instructions.contains("JSON object") => Output::Json,
        None => Output::Text,
    }
}

fn word_of(word: &str) -> Choice {
    match word {
        "none" => Choice::None,
        "any" | "required" => Choice::Any,
        _ => Choice::Auto,
    }
}

fn names(body: &Value, place: &str) -> Vec<String> {
    list(body, "tools")
        .iter()
        .filter_map(|tool| tool.pointer(place)?.as_str())
        .map(str::to_owned)
        .collect()
}

/// The texts of a message or of a tool's result.
fn texts(message: &Value) -> Vec<&str> {
    let parts = list(message, "content").iter();
    string(message, "content")
        .into_iter()
        .chain(parts.filter_map(|part| string(part, "text")))
        .collect()
}

/// What kind of thing a picture or document is, and how large or where.
fn described(part: &Value) -> Option<String> {
    let kind = string(part, "type")?;
    let (what, place) = match kind {
        "image_url" => {
            let url = part.pointer("/image_url/url").or_else(|| part.get("image_url"))?;
            ("image", url.as_str()?.to_owned())
        }
        "document_url" => ("document", string(part, kind)?.to_owned()),
        "file" => (
            "document",
            part.pointer("/file/file_data")
                .or_else(|| part.pointer("/file/file_id"))?
                .as_str()?
                .to_owned(),
        ),
        "image" | "document" => (kind, source(part.get("source")?)?),
        _ => return None,
    };
    let where_it_is = match place
        .strip_prefix("data:")
        .and_then(|data| data.split_once(";base64,"))
    {
        Some((media_type, data)) => format!("{media_type} of {} bytes", base64_bytes(data)?),
        None => place,
    };
    let name = string(part, "title").or_else(|| part.pointer("/file/filename")?.as_str());
    let name = name.map(|name| format!(" named {name}")).unwrap_or_default();
    Some(format!("{what} {where_it_is}{name}"))
}

/// A source in the form of a URL.
fn source(source: &Value) -> Option<String> {
    match string(source, "type")? {
        "base64" => Some(format!(
            "data:{};base64,{}",
            string(source, "media_type")?,
            string(source, "data")?
        )),
        "text" => Some(format!("text/plain of {} bytes", string(source, "data")?.len())),
        "url" => string(source, "url").map(str::to_owned),
        _ => string(source, "file_id").map(str::to_owned),
    }
}

fn strings(value: Option<&Value>) -> Vec<String> {
    match value {
        Some(Value::String(one)) => vec![one.clone()],
        Some(Value::Array(many)) => many.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        _ => Vec::new(),
    }
}

fn string<'a>(value: &'a Value, name: &str) -> Option<&'a str> {
    value.get(name)?.as_str()
}

fn number(value: &Value, name: &str) -> Option<u64> {
    value.get(name)?.as_u64()
}

fn list<'a>(value: &'a Value, name: &str) -> &'a [Value] {
    value
        .get(name)
        .and_then(Value::as_array)
        .map_or(&[], Vec::as_slice)
}
