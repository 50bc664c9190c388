//! What a simulated model says to a conversation. It takes the user at the word:
//!
//! * `call NAME with {…}`, once or several times: calls these tools, as far as `tool_choice` lets it;
//! * results of tools: says them; with `describe`: says which pictures and documents it got;
//! * a schema: an object that fits it; `say: …`: that text; `refuse`: a refusal; otherwise a greeting.

use serde_json::value::RawValue;
use serde_json::{Map, Value};

use crate::conversation::{Choice, Conversation, Output};

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reply {
    pub(crate) parts: Vec<Said>,
    pub(crate) end: End,
}

/// A part of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Said {
    Thought(String),
    /// A thought that nobody may read.
    Sealed(String),
    Text(String),
    Refusal(String),
    Tool {
        name: String,
        arguments: String,
    },
}

/// Why an answer ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum End {
    Stop,
    Sequence(String),
    Length,
    Filtered,
    Tools,
}

/// What the model thinks when it is to think.
pub(crate) const THOUGHT: &str = "Let me think about it.";
/// How a model refuses.
pub(crate) const REFUSAL: &str = "I cannot help with that.";

/// What the model says. `text` takes the place of all that it would say itself but for calls of tools, whole.
pub(crate) fn to(asked: &Conversation, text: Option<&str>, greeting: &str) -> Reply {
    let calls = calls(asked);
    let mut parts = thoughts(asked);
    if !calls.is_empty() {
        if asked.text.contains("aloud") {
            parts.push(Said::Text("I will look it up.".to_owned()));
        }
        parts.extend(calls);
        return Reply {
            parts,
            end: End::Tools,
        };
    }
    if text.is_none() && asked.text.contains("refuse") {
        parts.push(Said::Refusal(REFUSAL.to_owned()));
        return Reply {
            parts,
            end: End::Filtered,
        };
    }
    let (text, end) = match text {
        Some(text) => (text.to_owned(), End::Stop),
        None => cut(own_words(asked, greeting), asked),
    };
    parts.push(Said::Text(text));
    Reply { parts, end }
}

fn thoughts(asked: &Conversation) -> Vec<Said> {
    match asked.thinks {
        false => Vec::new(),
        true if asked.text.contains("in secret") => vec![Said::Sealed(THOUGHT.to_owned())],
        true => vec![Said::Thought(THOUGHT.to_owned())],
    }
}

fn own_words(asked: &Conversation, greeting: &str) -> String {
    let mut words = Vec::new();
    if !asked.results.is_empty() {
        words.push(format!("Results: {}", asked.results.join(" | ")));
    }
    if !asked.media.is_empty() && (asked.text.contains("describe") || !asked.results.is_empty()) {
        words.push(format!("I see {}", asked.media.join(", ")));
    }
    if !words.is_empty() {
        return words.join("; ");
    }
    if let Some(prefill) = &asked.prefill {
        return format!(" and so on after {prefill}");
    }
    match &asked.output {
        Output::Schema(schema) => fitting(schema, schema, 0).to_string(),
        Output::Json => Value::Object(Map::from_iter([("answer".to_owned(), greeting.into())])).to_string(),
        Output::Text => asked
            .text
            .split_once("say: ")
            .map_or(greeting, |(_, text)| text)
            .to_owned(),
    }
}

/// The text up to the first stop sequence or to the bound on output: a token is a word.
fn cut(mut text: String, asked: &Conversation) -> (String, End) {
    let first = asked
        .stop
        .iter()
        .filter_map(|sequence| text.find(sequence.as_str()).map(|at| (at, sequence)))
        .min_by_key(|(at, _)| *at);
    if let Some((at, sequence)) = first {
        text.truncate(at);
        return (text, End::Sequence(sequence.clone()));
    }
    let most = usize::try_from(asked.max_tokens.unwrap_or(u64::MAX)).unwrap_or(usize::MAX);
    if text.split_whitespace().count() > most {
        let words: Vec<&str> = text.split_inclusive(char::is_whitespace).take(most).collect();
        return (words.concat().trim_end().to_owned(), End::Length);
    }
    (text, End::Stop)
}

/// The calls that the user asks for and `tool_choice` lets through, or demands.
fn calls(asked: &Conversation) -> Vec<Said> {
    let allowed = |name: &str| match &asked.choice {
        Choice::None => false,
        Choice::Auto | Choice::Any => asked.tools.iter().any(|own| own == name),
        Choice::Named(only) => only == name,
    };
    let demanded = match &asked.choice {
        Choice::Any => asked.tools.first(),
        Choice::Named(name) => Some(name),
        Choice::Auto if asked.text.contains("tool") && asked.results.is_empty() => asked.tools.first(),
        Choice::Auto | Choice::None => None,
    };
    let mut calls: Vec<Said> = wanted(&asked.text)
        .into_iter()
        .filter(|(name, _)| allowed(name))
        .map(|(name, arguments)| Said::Tool { name, arguments })
        .collect();
    if calls.is_empty() {
        calls.extend(demanded.map(|name| Said::Tool {
            name: name.clone(),
            arguments: ARGUMENTS.to_owned(),
        }));
    }
    if !asked.parallel {
        calls.truncate(1);
    }
    calls
}

/// What is given to a tool when the user does not say.
pub(crate) const ARGUMENTS: &str = r#"{"city":"Paris"}"#;

/// `call NAME with {…}` and `call NAME`, in order.
fn wanted(text: &str) -> Vec<(String, String)> {
    let mut wanted = Vec::new();
    let mut rest = text;
    while let Some((_, after)) = rest.split_once("call ") {
        let is_name = |letter: char| letter.is_ascii_alphanumeric() || "_-".contains(letter);
        let end = after.find(|letter| !is_name(letter)).unwrap_or(after.len());
        let (name, after) = after.split_at_checked(end).unwrap_or((after, ""));
        let arguments = after.trim_start().strip_prefix("with ").and_then(first_json);
        wanted.push((name.to_owned(), arguments.unwrap_or_else(|| "{}".to_owned())));
        rest = after;
    }
    wanted
}

/// The JSON value at the beginning of a text, as it is written there.
fn first_json(text: &str) -> Option<String> {
    let mut values = serde_json::Deserializer::from_str(text).into_iter::<&RawValue>();
    values.next()?.ok().map(|raw| raw.get().to_owned())
}

/// A value that fits a schema.
fn fitting(schema: &Value, root: &Value, depth: usize) -> Value {
    if depth > 16 {
        return Value::Null;
    }
    let inner = |schema: &Value| fitting(schema, root, depth + 1);
    if let Some(place) = schema.get("$ref").and_then(Value::as_str) {
        let target = root.pointer(place.trim_start_matches('#'));
        return target.map_or(Value::Null, inner);
    }
    if let Some(constant) = schema.get("const") {
        return constant.clone();
    }
    for list in ["enum", "anyOf", "oneOf", "allOf"] {
        let first = schema.get(list).and_then(|list| list.get(0));
        match first {
            Some(first) if list == "enum" => return first.clone(),
            Some(first) => return inner(first),
            None => {}
        }
    }
    let kind = schema.get("type");
    let kind = kind.and_then(|kind| kind.as_str().or_else(|| kind.get(0)?.as_str()));
    match kind {
        Some("string") => "text".into(),
        Some("integer") => 7.into(),
        Some("number") => 1.5.into(),
        Some("boolean") => true.into(),
        Some("array") => Value::Array(schema.get("items").map(inner).into_iter().collect()),
        Some("null") => Value::Null,
        _ => {
            let properties = schema.get("properties").and_then(Value::as_object);
            let fields = properties.into_iter().flatten();
            Value::Object(
                fields
                    .map(|(name, schema)| (name.clone(), inner(schema)))
                    .collect(),
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn asked(text: &str) -> Conversation {
        Conversation {
            text: text.to_owned(),
            tools: vec!["weather".into(), "time-of_day".into()],
            parallel: true,
            ..Conversation::default()
        }
    }

    fn tool(name: &str, arguments: &str) -> Said {
        Said::Tool {
            name: name.into(),
            arguments: arguments.into(),
        }
    }

    #[test]
    fn tools_are_called_as_the_user_says() {
        let reply = to(
            &asked(r#"call weather with {"a":[1, 2.0]} and call time-of_day, call nothing"#),
            None,
            "",
        );
        assert_eq!(
            reply.parts,
            [tool("weather", r#"{"a":[1, 2.0]}"#), tool("time-of_day", "{}")]
        );
        assert_eq!(reply.end, End::Tools);
    }

    #[test]
    fn the_choice_of_tools_is_honoured() {
        let text = "call weather, call time-of_day";
        let with = |choice, parallel| {
            let conversation = Conversation {
                choice,
                parallel,
                ..asked(text)
            };
            to(&conversation, None, "Hello").parts
        };
        assert_eq!(with(Choice::Auto, false), [tool("weather", "{}")]);
        assert_eq!(
            with(Choice::Named("time-of_day".into()), true),
            [tool("time-of_day", "{}")]
        );
        assert_eq!(with(Choice::None, true), [Said::Text("Hello".into())]);
    }

    #[test]
    fn stop_sequences_and_the_bound_end_the_text() {
        let mut conversation = asked("say: one two three");
        conversation.stop = vec!["three".into(), "two".into()];
        let reply = to(&conversation, None, "");
        assert_eq!(reply.parts, [Said::Text("one ".into())]);
        assert_eq!(reply.end, End::Sequence("two".into()));
        conversation.stop.clear();
        conversation.max_tokens = Some(2);
        let reply = to(&conversation, None, "");
        assert_eq!(reply.parts, [Said::Text("one two".into())]);
        assert_eq!(reply.end, End::Length);
    }

    #[test]
    fn an_object_fits_its_schema() {
        let schema = json!({
            "type": "object",
            "properties": {
                "kind": {"enum": ["a", "b"]}, "n": {"type": "integer"}, "list": {"type": "array", "items": {"$ref": "#/$defs/leaf"}},
                "maybe": {"anyOf": [{"type": "string"}, {"type": "null"}]},
            },
            "$defs": {"leaf": {"type": "object", "properties": {"ok": {"type": "boolean"}}}},
        });
        assert_eq!(
            fitting(&schema, &schema, 0),
            json!({"kind": "a", "n": 7, "list": [{"ok": true}], "maybe": "text"})
        );
    }
}
