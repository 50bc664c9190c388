//! Every provider's streams, spoilt in every way, for agents of every format: whatever comes, what the agent gets obeys its
//! format's grammar, and it ends or fails.

use super::super::responses::grammar::Seen;
use super::*;
use crate::wire::UpstreamFormat;

/// A sound stream of each format, as the data of its events.
const SOUND: [(UpstreamFormat, &str); 8] = [
    (
        UpstreamFormat::OpenAiChat,
        include_str!("../../../../../testdata/streams/openai-tools-interleaved.in.sse"),
    ),
    (
        UpstreamFormat::AnthropicMessages,
        include_str!("../../../../../testdata/streams/anthropic-thinking.in.sse"),
    ),
    (
        UpstreamFormat::AnthropicMessages,
        include_str!("../../../../../testdata/streams/anthropic-tools.in.sse"),
    ),
    (
        UpstreamFormat::MistralChat,
        include_str!("../../../../../testdata/streams/mistral-thinking.in.sse"),
    ),
    (
        UpstreamFormat::CohereChat,
        include_str!("../../../../../testdata/streams/cohere-tools.in.sse"),
    ),
    (
        UpstreamFormat::Gemini,
        include_str!("../../../../../testdata/gemini/tools.in.sse"),
    ),
    (UpstreamFormat::BedrockConverse, BEDROCK),
    (UpstreamFormat::OpenAiResponses, RESPONSES),
];

const BEDROCK: &str = r#"data: {"messageStart":{"role":"assistant"}}
data: {"contentBlockDelta":{"contentBlockIndex":0,"delta":{"reasoningContent":{"text":"hm"}}}}
data: {"contentBlockDelta":{"contentBlockIndex":0,"delta":{"reasoningContent":{"signature":"s"}}}}
data: {"contentBlockStop":{"contentBlockIndex":0}}
data: {"contentBlockDelta":{"contentBlockIndex":1,"delta":{"text":"Hello"}}}
data: {"contentBlockStop":{"contentBlockIndex":1}}
data: {"contentBlockStart":{"contentBlockIndex":2,"start":{"toolUse":{"toolUseId":"t1","name":"f"}}}}
data: {"contentBlockDelta":{"contentBlockIndex":2,"delta":{"toolUse":{"input":"{\"a\":"}}}}
data: {"contentBlockDelta":{"contentBlockIndex":2,"delta":{"toolUse":{"input":"1}"}}}}
data: {"contentBlockStop":{"contentBlockIndex":2}}
data: {"messageStop":{"stopReason":"tool_use"}}
data: {"metadata":{"usage":{"inputTokens":5,"outputTokens":7,"totalTokens":12}}}
"#;

const RESPONSES: &str = r#"data: {"type":"response.created","response":{"id":"resp_1","model":"m","status":"in_progress","output":[]}}
data: {"type":"response.output_item.added","output_index":0,"item":{"type":"reasoning","id":"rs_1","summary":[]}}
data: {"type":"response.reasoning_summary_text.delta","output_index":0,"delta":"hm"}
data: {"type":"response.output_item.done","output_index":0,"item":{"type":"reasoning","id":"rs_1","summary":[]}}
data: {"type":"response.output_item.added","output_index":1,"item":{"type":"message","id":"msg_1","content":[]}}
data: {"type":"response.output_text.delta","output_index":1,"delta":"Hello"}
data: {"type":"response.output_item.added","output_index":2,"item":{"type":"function_call","id":"fc_1","call_id":"c1","name":"f"}}
data: {"type":"response.function_call_arguments.delta","output_index":2,"delta":"{\"a\":1}"}
data: {"type":"response.function_call_arguments.done","output_index":2,"arguments":"{\"a\":1}"}
data: {"type":"response.completed","response":{"id":"resp_1","model":"m","status":"completed","output":[],"usage":{"input_tokens":5,"output_tokens":7}}}
"#;

/// What becomes of a stream before it is read.
#[derive(Clone, Debug)]
enum Change {
    Drop(prop::sample::Index),
    Repeat(prop::sample::Index, prop::sample::Index),
    Swap(prop::sample::Index, prop::sample::Index),
    /// A value somewhere in an event is another one.
    Put(prop::sample::Index, prop::sample::Index, Value),
}

fn change() -> impl Strategy<Value = Change> {
    let at = any::<prop::sample::Index>;
    let value = prop_oneof![
        Just(Value::Null),
        Just(json!("")),
        Just(json!(u64::MAX)),
        Just(json!(-1)),
        Just(json!(1e300)),
        Just(json!([])),
        Just(json!({})),
        Just(json!([[], {}])),
        (0..4u32).prop_map(Into::into),
        "[a\\\\\"{}\u{e9}\u{2028}]{1,4}".prop_map(Into::into),
        tree(),
    ];
    prop_oneof![
        1 => at().prop_map(Change::Drop),
        2 => (at(), at()).prop_map(|(from, to)| Change::Repeat(from, to)),
        1 => (at(), at()).prop_map(|(one, other)| Change::Swap(one, other)),
        3 => (at(), at(), value).prop_map(|(event, place, value)| Change::Put(event, place, value)),
    ]
}

/// The places of all values in a tree.
fn places(value: &Value, at: &str, found: &mut Vec<String>) {
    found.push(at.to_owned());
    match value {
        Value::Object(members) => {
            for (key, value) in members {
                places(
                    value,
                    &format!("{at}/{}", key.replace('~', "~0").replace('/', "~1")),
                    found,
                );
            }
        }
        Value::Array(elements) => {
            for (index, value) in elements.iter().enumerate() {
                places(value, &format!("{at}/{index}"), found);
            }
        }
        _ => {}
    }
}

fn spoilt(sound: &str, changes: &[Change]) -> String {
    let mut events: Vec<String> = sound
        .lines()
        .filter_map(|line| line.strip_prefix("data: "))
        .map(str::to_owned)
        .collect();
    for change in changes.iter().filter(|_| sound.len() > 1) {
        let length = events.len();
        if length == 0 {
            break;
        }
        match change {
            Change::Drop(at) => drop(events.remove(at.index(length))),
            Change::Repeat(from, to) => {
                let event = events[from.index(length)].clone();
                events.insert(to.index(length + 1), event);
            }
            Change::Swap(one, other) => events.swap(one.index(length), other.index(length)),
            Change::Put(at, place, new) => {
                let event = &mut events[at.index(length)];
                if let Ok(mut tree) = serde_json::from_str::<Value>(event) {
                    let mut found = Vec::new();
                    places(&tree, "", &mut found);
                    let place = place.get(&found);
                    *tree.pointer_mut(place).unwrap() = new.clone();
                    *event = tree.to_string();
                }
            }
        }
    }
    events
        .iter()
        .flat_map(|event| ["data: ", event, "\n\n"])
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]
    #[test]
    fn whatever_becomes_of_a_stream_the_agent_gets_one_of_its_format(
        which in 0..SOUND.len(), changes in prop::collection::vec(change(), 0..6),
        cut in prop::option::of(any::<prop::sample::Index>()),
    ) {
        let (from, sound) = SOUND[which];
        let text = spoilt(sound, &changes);
        let bytes = text.as_bytes();
        let bytes = cut.map_or(bytes, |cut| &bytes[..cut.index(bytes.len() + 1)]);
        for to in [OpenAiChat, AnthropicMessages, OpenAiResponses].into_iter().filter(|to| !from.is(*to)) {
            let (out, noted, _) = feed(AnswerTranslator::of_stream(from, to, caller(true)), &[bytes]);
            match to {
                OpenAiChat => is_a_stream_of_openai(&out)?,
                AnthropicMessages => obeys_the_grammar(&out)?,
                OpenAiResponses => {
                    Seen::of(&out).map_err(|problem| TestCaseError::fail(format!("{problem}\n{out}")))?;
                }
            }
            prop_assert!(noted.has_ended() || has_failed(&noted), "{out}");
        }
    }

    #[test]
    fn whatever_an_answer_is_the_agent_gets_one_of_its_format_or_an_error(
        which in 0..SOUND.len(), body in tree(), status in prop::sample::select(&[0u16, 200, 400, 429, 500][..]),
    ) {
        let (from, _) = SOUND[which];
        let body = match from {
            UpstreamFormat::CohereChat => json!({"message": body, "finish_reason": "COMPLETE", "usage": body}),
            UpstreamFormat::Gemini => json!({"candidates": [{"content": {"parts": [body]}, "finishReason": "STOP"}], "usageMetadata": body}),
            UpstreamFormat::BedrockConverse => json!({"output": {"message": {"content": [body]}}, "stopReason": "end_turn", "usage": body}),
            UpstreamFormat::OpenAiResponses => json!({"status": "completed", "output": [body], "usage": body}),
            _ => body,
        }.to_string();
        for to in [OpenAiChat, AnthropicMessages, OpenAiResponses].into_iter().filter(|to| !from.is(*to)) {
            for translator in [
                AnswerTranslator::of_answer(from, to, caller(true)),
                AnswerTranslator::of_error(from, to, caller(true), status),
            ] {
                let (out, ..) = feed(translator, &[body.as_bytes()]);
                let out: Value = serde_json::from_str(&out).unwrap();
                prop_assert!(out.is_object());
            }
        }
    }
}
