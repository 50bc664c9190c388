//! Request bodies of a given size, shaped as an agent's conversation is: turns of prose with line breaks and quotes, and
//! the fields in the order the official Python SDK writes them (messages first), so that a reader must pass them all.

use bytes::Bytes;
use serde_json::{Value, json};

use crate::peer::Peer;

/// Prose with the escapes real prompts have.
const SENTENCE: &str =
    "The customer writes: \"my order has not arrived\".\nLook up the parcel, then answer kindly.\n";

/// A turn of a conversation is rarely longer; a large prompt has many.
const TURN_BYTES: usize = 4000;

/// Which wire format a call is in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// `OpenAI`'s chat completions.
    #[default]
    OpenAi,
    /// `OpenAI`'s responses.
    Responses,
    /// Anthropic's messages.
    Anthropic,
}

impl Dialect {
    pub(crate) fn path(self) -> &'static str {
        match self {
            Self::OpenAi => "/v1/chat/completions",
            Self::Responses => "/v1/responses",
            Self::Anthropic => "/v1/messages",
        }
    }

    /// How the table calls it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::OpenAi => "chat",
            Self::Responses => "responses",
            Self::Anthropic => "messages",
        }
    }

    /// The provider whose own format this is.
    pub(crate) fn own(self) -> Peer {
        match self {
            Self::OpenAi => Peer::OpenAi,
            Self::Responses => Peer::Responses,
            Self::Anthropic => Peer::Anthropic,
        }
    }
}

/// What a request body should look like.
pub(crate) struct Prompt<'a> {
    pub(crate) dialect: Dialect,
    pub(crate) model: &'a str,
    pub(crate) bytes: usize,
    pub(crate) stream: bool,
    /// Told to our own upstream in the prompt's text, which passes through any proxy.
    pub(crate) pace_ms: u32,
}

impl Prompt<'_> {
    /// The body, of exactly the wished size unless that is smaller than what an empty prompt needs.
    pub(crate) fn body(&self) -> Bytes {
        let mut turns = vec![self.opening()];
        let mut missing = self.missing(&turns);
        // Two at a time: the last turn is the user's.
        while missing > 3 * TURN_BYTES {
            let turn = || SENTENCE.repeat(TURN_BYTES / SENTENCE.len());
            turns.extend([turn(), turn()]);
            missing = self.missing(&turns);
        }
        if let Some(last) = turns.last_mut() {
            // Escapes make prose longer on the wire; plain letters fill what whole sentences leave.
            let on_wire = json!(SENTENCE).to_string().len() - 2;
            last.push_str(&SENTENCE.repeat(missing / on_wire));
            last.push_str(&"x".repeat(missing % on_wire));
        }
        Bytes::from(self.with_turns(&turns))
    }

    fn opening(&self) -> String {
        if self.pace_ms == 0 {
            String::new()
        } else {
            format!("pace={} ", self.pace_ms)
        }
    }

    fn missing(&self, turns: &[String]) -> usize {
        self.bytes.saturating_sub(self.with_turns(turns).len())
    }

    fn with_turns(&self, turns: &[String]) -> String {
        let messages: Vec<String> = turns
            .iter()
            .zip(["user", "assistant"].iter().cycle())
            .map(|(text, role)| format!(r#"{{"role":"{role}","content":{}}}"#, json!(text)))
            .collect();
        let stream = match (self.dialect, self.stream) {
            (Dialect::OpenAi | Dialect::Responses, false) => "",
            (Dialect::OpenAi, true) => r#","stream":true,"stream_options":{"include_usage":true}"#,
            (Dialect::Responses, true) => r#","stream":true"#,
            (Dialect::Anthropic, false) => r#","max_tokens":1024"#,
            (Dialect::Anthropic, true) => r#","max_tokens":1024,"stream":true"#,
        };
        // Joined as text because serde's map does not keep the order of its fields.
        let (messages, model) = (messages.join(","), Value::from(self.model));
        let key = match self.dialect {
            Dialect::Responses => "input",
            Dialect::OpenAi | Dialect::Anthropic => "messages",
        };
        format!(r#"{{"{key}":[{messages}],"model":{model}{stream}}}"#)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(bytes: usize, stream: bool) -> Bytes {
        Prompt {
            dialect: Dialect::OpenAi,
            model: "m",
            bytes,
            stream,
            pace_ms: 0,
        }
        .body()
    }

    #[test]
    fn a_body_has_exactly_the_wished_size() {
        for bytes in [200, 1000, 20_000, 400_000] {
            assert_eq!(body(bytes, false).len(), bytes);
            assert_eq!(body(bytes, true).len(), bytes);
        }
    }

    #[test]
    fn a_body_is_a_chat_request() {
        let parsed: Value = serde_json::from_slice(&body(20_000, true)).unwrap();
        assert_eq!(parsed["model"], "m");
        assert_eq!(parsed["stream"], true);
        let turns = parsed["messages"].as_array().unwrap();
        assert!(turns.len() > 2 && turns.last().unwrap()["role"] == "user");
    }

    #[test]
    fn a_size_too_small_gives_an_empty_prompt() {
        assert!(body(1, false).len() < 80);
    }
}
