use super::*;
use crate::units::Tokens;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

const OPENAI_STREAM: &str = "data: {\"id\":\"1\",\"model\":\"gpt-5\",\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\"},\"finish_reason\":null}],\"usage\":null}\n\n\
: keep-alive\n\n\
data: {\"id\":\"1\",\"model\":\"gpt-5\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"héllo 日🎉\"},\"finish_reason\":null}],\"usage\":null}\n\n\
data: {\"id\":\"1\",\"model\":\"gpt-5\",\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}],\"usage\":null}\n\n";
const OPENAI_USAGE: &str = "data: {\"id\":\"1\",\"model\":\"gpt-5\",\"choices\":[],\"usage\":{\"prompt_tokens\":12,\"completion_tokens\":3,\"total_tokens\":15}}\n\n";
const OPENAI_DONE: &str = "data: [DONE]\n\n";

const ANTHROPIC_STREAM: &str = "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"m\",\"model\":\"claude\",\"stop_reason\":null,\"usage\":{\"input_tokens\":10,\"cache_read_input_tokens\":90,\"output_tokens\":1}}}\n\n\
event: ping\ndata: {\"type\":\"ping\"}\n\n\
event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"日\"}}\n\n\
event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"},\"usage\":{\"output_tokens\":7}}\n\n\
event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n";

/// Feeds the chunks and returns what the agent gets and what was noted.
fn watch(mut observer: Observer, chunks: &[&[u8]]) -> (String, Observation) {
    let mut delivered = Vec::new();
    let mut noted = Observation::default();
    for (index, chunk) in chunks.iter().enumerate() {
        match observer.push(chunk, index + 1 == chunks.len(), &mut noted) {
            Relay::Unchanged => delivered.extend_from_slice(chunk),
            Relay::Replaced(bytes) => delivered.extend_from_slice(&bytes),
        }
    }
    (String::from_utf8(delivered).unwrap(), noted)
}

#[test]
fn any_cut_of_a_stream_is_delivered_and_noted_the_same() {
    let openai = [OPENAI_STREAM, OPENAI_USAGE, OPENAI_DONE].concat();
    let without_usage = [OPENAI_STREAM, OPENAI_DONE].concat();
    for (format, leave_out, stream, delivered) in [
        (Format::OpenAiChat, false, openai.as_str(), openai.as_str()),
        (Format::OpenAiChat, true, &openai, &without_usage),
        (
            Format::AnthropicMessages,
            false,
            ANTHROPIC_STREAM,
            ANTHROPIC_STREAM,
        ),
    ] {
        for separator in ["\n", "\r\n"] {
            let stream = stream.replace('\n', separator);
            let delivered = delivered.replace('\n', separator);
            let bytes = stream.as_bytes();
            let observer = || Observer::of_stream(format, leave_out);
            let (text, whole) = watch(observer(), &[bytes]);
            assert_eq!(text, delivered);
            assert!(whole.has_ended() && whole.usage().is_some() && whole.finish_reason().is_some());
            for cut in 0..bytes.len() {
                let (head, tail) = bytes.split_at(cut);
                assert_eq!(
                    watch(observer(), &[head, tail]),
                    (delivered.clone(), whole.clone()),
                    "cut at {cut}"
                );
                assert_eq!(
                    watch(observer(), &[head, tail, b""]),
                    (delivered.clone(), whole.clone())
                );
            }
            let single: Vec<&[u8]> = bytes.chunks(1).collect();
            assert_eq!(watch(observer(), &single), (delivered, whole));
        }
    }
}

#[test]
fn usage_of_streams_is_read_in_each_convention() {
    let openai = [OPENAI_STREAM, OPENAI_USAGE, OPENAI_DONE].concat();
    let (_, noted) = watch(
        Observer::of_stream(Format::OpenAiChat, true),
        &[openai.as_bytes()],
    );
    let usage = noted.usage().unwrap();
    assert_eq!((usage.input, usage.output), (Tokens(12), Tokens(3)));
    assert_eq!(
        (noted.model(), noted.finish_reason()),
        (Some("gpt-5"), Some("stop"))
    );

    let (_, noted) = watch(
        Observer::of_stream(Format::AnthropicMessages, false),
        &[ANTHROPIC_STREAM.as_bytes()],
    );
    let usage = noted.usage().unwrap();
    assert_eq!(
        (usage.input, usage.cache_read, usage.output),
        (Tokens(100), Tokens(90), Tokens(7))
    );
    assert_eq!(
        (noted.model(), noted.finish_reason()),
        (Some("claude"), Some("stop"))
    );
}

#[test]
fn usage_in_a_chunk_with_content_is_never_left_out() {
    let stream = "data: {\"choices\":[{\"delta\":{\"content\":\"x\"},\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":1,\"completion_tokens\":2}}\n\ndata: [DONE]\n\n";
    let (text, noted) = watch(
        Observer::of_stream(Format::OpenAiChat, true),
        &[stream.as_bytes()],
    );
    assert_eq!(text, stream);
    assert!(noted.usage().is_some());
}

#[test]
fn a_whole_answer_is_read_however_it_arrives() {
    let openai = r#"{"id":"1","model":"gpt-5","choices":[{"index":0,"message":{"content":"a \"usage\": {}"},"finish_reason":"length"}],"usage":{"prompt_tokens":5,"completion_tokens":6,"prompt_tokens_details":{"cached_tokens":4}}}"#;
    let anthropic = r#"{"type":"message","model":"claude","content":[],"stop_reason":"max_tokens","usage":{"input_tokens":1,"cache_read_input_tokens":4,"output_tokens":6}}"#;
    for (format, body, reason) in [
        (Format::OpenAiChat, openai, "length"),
        (Format::AnthropicMessages, anthropic, "length"),
    ] {
        for cut in 0..body.len() {
            let (head, tail) = body.as_bytes().split_at(cut);
            let (text, noted) = watch(Observer::of_answer(format), &[head, tail, b""]);
            let usage = noted.usage().unwrap();
            assert_eq!(text, body);
            assert_eq!(
                (usage.input, usage.cache_read, usage.output),
                (Tokens(5), Tokens(4), Tokens(6))
            );
            assert_eq!(noted.finish_reason(), Some(reason));
        }
    }
}

#[test]
fn garbage_is_no_answer_and_says_nothing() {
    for format in [Format::OpenAiChat, Format::AnthropicMessages] {
        for garbage in [
            &b"<html>"[..],
            b"\xff\xfe",
            b"data: {",
            b"data: [1,2]\n\n",
            b"data: \n\n",
            b"{\"usage\":7}",
            b"",
        ] {
            for mut observer in [
                Observer::of_answer(format),
                Observer::of_stream(format, false),
                Observer::of_stream(format, true),
            ] {
                let mut noted = Observation::default();
                let relay = observer.push(garbage, true, &mut noted);
                assert!(relay == Relay::Unchanged || relay == Relay::Replaced(garbage.to_vec()));
                assert!(matches!(noted.progress(), Progress::Failed(_)), "{garbage:?}");
                assert!(
                    noted.usage().is_none() && noted.model().is_none() && noted.finish_reason().is_none()
                );
            }
        }
    }
}

#[test]
fn an_answer_beyond_the_bound_passes_unread() {
    let mut observer = Observer::of_answer(Format::OpenAiChat);
    let chunk = vec![b' '; MAX_OBSERVED_ANSWER / 2 + 1];
    let mut noted = Observation::default();
    for is_last in [false, false, true] {
        assert_eq!(observer.push(&chunk, is_last, &mut noted), Relay::Unchanged);
    }
    assert_eq!(noted.usage(), None);
}
