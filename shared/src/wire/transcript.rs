//! What an answer says, collected while it passes: for whoever has to judge it as a whole.

use super::UpstreamFormat;
use super::codec::StreamReader;
use super::ir::{Answer, AnswerPart, Delta};
use crate::limits::MAX_JUDGED_ANSWER;
use crate::sse::{Event, Piece, Splitter};
use json::Text;

/// What an answer says. Of several choices only the first counts; thoughts are no part of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Transcript {
    /// Its text, whole.
    pub text: String,
    /// The refusal that the format itself knows as one, in words.
    pub refusal: String,
    /// Whether the model waits for tools.
    pub has_tool_calls: bool,
    /// Whether there is more of it than is collected, or something that cannot be read.
    pub is_partial: bool,
}

/// Collects the transcript of one answer of a provider, fed with chunks cut anywhere. It keeps at most
/// [`MAX_JUDGED_ANSWER`] and an event.
#[derive(Debug)]
pub struct Transcriber {
    format: UpstreamFormat,
    body: Body,
    transcript: Transcript,
}

#[derive(Debug)]
enum Body {
    Whole(Vec<u8>),
    Stream(Splitter, Box<dyn StreamReader>),
}

impl Transcriber {
    /// Collects an answer in one piece.
    #[must_use]
    pub fn of_answer(format: UpstreamFormat) -> Self {
        Self::new(format, Body::Whole(Vec::new()))
    }

    /// Collects a stream.
    #[must_use]
    pub fn of_stream(format: UpstreamFormat) -> Self {
        let reader = format.stream_reader();
        Self::new(format, Body::Stream(Splitter::default(), reader))
    }

    fn new(format: UpstreamFormat, body: Body) -> Self {
        Self {
            format,
            body,
            transcript: Transcript::default(),
        }
    }

    /// Takes the next chunk.
    pub fn push(&mut self, chunk: &[u8]) {
        let transcript = &mut self.transcript;
        match &mut self.body {
            Body::Whole(kept) => {
                if kept.len().saturating_add(chunk.len()) > MAX_JUDGED_ANSWER {
                    transcript.is_partial = true;
                } else {
                    kept.extend_from_slice(chunk);
                }
            }
            Body::Stream(splitter, reader) => {
                splitter.push(chunk, |piece| read(piece, reader.as_mut(), transcript));
            }
        }
    }

    /// The transcript of the answer, which is over.
    #[must_use]
    pub fn finish(self) -> Transcript {
        let mut transcript = self.transcript;
        match self.body {
            Body::Whole(kept) => match self.format.read_answer(&kept) {
                Some(answer) => transcript.note_answer(&answer),
                None => transcript.is_partial = true,
            },
            Body::Stream(splitter, mut reader) => {
                let rest = splitter.finish();
                read(
                    Piece::Event(Event { raw: &rest }),
                    reader.as_mut(),
                    &mut transcript,
                );
            }
        }
        transcript
    }
}

fn read(piece: Piece<'_>, reader: &mut dyn StreamReader, transcript: &mut Transcript) {
    match piece {
        Piece::Event(event) => {
            if let Some(data) = event.data().filter(|data| !data.trim_ascii().is_empty()) {
                reader.read(&data, &mut |delta| transcript.note_delta(&delta));
            }
        }
        Piece::Unread(_) => transcript.is_partial = true,
    }
}

impl Transcript {
    fn note_delta(&mut self, delta: &Delta<'_>) {
        match delta {
            Delta::Text(text) => self.is_partial |= !add(&mut self.text, text),
            Delta::Refusal(text) => self.is_partial |= !add(&mut self.refusal, text),
            Delta::ToolCall { .. } => self.has_tool_calls = true,
            Delta::Error(_) => self.is_partial = true,
            _ => {}
        }
    }

    fn note_answer(&mut self, answer: &Answer<'_>) {
        for part in &answer.parts {
            match part {
                AnswerPart::Text(text) => self.is_partial |= !add(&mut self.text, text),
                AnswerPart::Refusal(text) => self.is_partial |= !add(&mut self.refusal, text),
                AnswerPart::ToolCall { .. } => self.has_tool_calls = true,
                AnswerPart::Thinking { .. } | AnswerPart::SealedThinking(_) => {}
            }
        }
    }
}

/// Adds text, if there is room for it. Half of a character, which a stream may cut, becomes a mark of its place.
fn add(to: &mut String, text: &Text<'_>) -> bool {
    let plain = text.plain();
    let plain = plain.as_deref().unwrap_or("\u{fffd}");
    let fits = to.len().saturating_add(plain.len()) <= MAX_JUDGED_ANSWER;
    if fits {
        to.push_str(plain);
    }
    fits
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    const OPENAI: &str = r#"{"choices":[{"index":0,"message":{"reasoning":"hm","content":"{\"a\": 1}"},"finish_reason":"stop"}]}"#;
    const OPENAI_STREAM: &str = "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"{\\\"a\\\":\"}}]}\n\n\
: keep-alive\n\n\
data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\" 1}\"}}]}\n\n\
data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n";
    const ANTHROPIC: &str = r#"{"type":"message","content":[{"type":"thinking","thinking":"hm","signature":"s"},{"type":"text","text":"{\"a\""},{"type":"text","text":": 1}"}],"stop_reason":"end_turn"}"#;
    const ANTHROPIC_STREAM: &str = "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"m\",\"model\":\"c\",\"usage\":{\"input_tokens\":1,\"output_tokens\":1}}}\n\n\
event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\"}}\n\n\
event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"{\\\"a\\\": 1}\"}}\n\n\
event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":0}\n\n\
event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"},\"usage\":{\"output_tokens\":7}}\n\n\
event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n";

    fn of(mut transcriber: Transcriber, body: &str, size: usize) -> Transcript {
        for chunk in body.as_bytes().chunks(size) {
            transcriber.push(chunk);
        }
        transcriber.finish()
    }

    #[test]
    fn the_text_of_every_format_is_collected_however_it_is_cut() {
        let expected = Transcript {
            text: "{\"a\": 1}".to_owned(),
            ..Transcript::default()
        };
        for size in [1, 7, 10_000] {
            for (format, whole, stream) in [
                (UpstreamFormat::OpenAiChat, OPENAI, OPENAI_STREAM),
                (UpstreamFormat::AnthropicMessages, ANTHROPIC, ANTHROPIC_STREAM),
            ] {
                assert_eq!(of(Transcriber::of_answer(format), whole, size), expected);
                assert_eq!(of(Transcriber::of_stream(format), stream, size), expected);
            }
        }
    }

    #[test]
    fn tools_and_refusals_are_told_apart_from_text() {
        let body = r#"{"choices":[{"message":{"content":null,"refusal":"No.","tool_calls":[{"id":"1","function":{"name":"f","arguments":"{}"}}]}}]}"#;
        let transcript = of(Transcriber::of_answer(UpstreamFormat::OpenAiChat), body, 64);
        assert_eq!(
            transcript,
            Transcript {
                refusal: "No.".to_owned(),
                has_tool_calls: true,
                ..Transcript::default()
            }
        );
    }

    #[test]
    fn what_is_too_long_or_unreadable_is_partial() {
        let long = "x".repeat(MAX_JUDGED_ANSWER);
        let body = format!(r#"{{"choices":[{{"message":{{"content":"{long}"}}}}]}}"#);
        assert!(of(Transcriber::of_answer(UpstreamFormat::OpenAiChat), &body, 65_536).is_partial);
        assert!(of(Transcriber::of_answer(UpstreamFormat::OpenAiChat), "nothing", 9).is_partial);
    }
}
