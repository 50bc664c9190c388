//! Whatever an agent sends, what is written is a Converse request, and whatever Bedrock sends, nothing breaks.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::caller;
use crate::config::{NO_DEFAULTS, ProviderKind};
use crate::eventstream::write::event;
use crate::wire::codec::{Dropped, Target};
use crate::wire::{AnswerTranslator, Format, Observation, Unframer, UpstreamFormat};

const BODIES: [(Format, &str); 3] = [
    (
        Format::OpenAiChat,
        include_str!("../../../../testdata/requests/agent.openai.json"),
    ),
    (
        Format::OpenAiChat,
        include_str!("../../../../testdata/requests/thinking.openai.json"),
    ),
    (
        Format::AnthropicMessages,
        include_str!("../../../../testdata/requests/agent.anthropic.json"),
    ),
];

const MODELS: [&str; 4] = [
    "amazon.nova-pro-v1:0",
    "amazon.nova-2-lite-v1:0",
    "openai.gpt-oss-20b-1:0",
    "meta.llama3-3-70b-instruct-v1:0",
];

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        "[a-z .|\u{e9}\"\\\\\n]{0,70}".prop_map(Into::into),
        Just(json!({"type": "text", "text": " "})),
        Just(json!({"role": "assistant", "content": "x "})),
        Just(json!({"role": "user", "content": [{"type": "text", "text": ""}]})),
    ];
    leaf.prop_recursive(2, 8, 3, |inner| {
        prop::collection::vec(inner, 0..3).prop_map(Into::into)
    })
}

/// Replaces or takes out one of the values of a tree, counted from its top.
fn change(tree: &mut Value, left: &mut usize, new: &Value) -> bool {
    if *left == 0 {
        *tree = new.clone();
        return true;
    }
    *left -= 1;
    match tree {
        Value::Array(items) => items.iter_mut().any(|item| change(item, left, new)),
        Value::Object(members) => members.values_mut().any(|member| change(member, left, new)),
        _ => false,
    }
}

fn only_key(block: &Value) -> &str {
    let members = block.as_object().unwrap();
    assert_eq!(members.len(), 1, "{block}");
    members.keys().next().unwrap()
}

fn assert_sound(body: &Value) {
    let messages = body["messages"].as_array().unwrap();
    assert!(!messages.is_empty());
    let mut names = std::collections::HashSet::new();
    let mut ids = std::collections::HashSet::new();
    let mut has_calls = false;
    for (index, message) in messages.iter().enumerate() {
        assert_eq!(message["role"], ["user", "assistant"][index % 2]);
        let content = message["content"].as_array().unwrap();
        assert!(!content.is_empty());
        for block in content {
            let own = &block[only_key(block)];
            match only_key(block) {
                "text" => assert!(!own.as_str().unwrap().trim().is_empty()),
                "document" => assert!(names.insert(own["name"].as_str().unwrap().to_owned())),
                "toolUse" => {
                    has_calls = true;
                    assert!(own["input"].is_object());
                    let id = own["toolUseId"].as_str().unwrap();
                    assert!((1..=64).contains(&id.len()) && ids.insert(id.to_owned()), "{id}");
                }
                "toolResult" => {
                    let content = own["content"].as_array().unwrap();
                    assert!(!content.is_empty());
                    for block in content {
                        only_key(block);
                    }
                }
                "image" | "cachePoint" => {}
                other => panic!("{other}"),
            }
        }
    }
    if has_calls {
        assert!(!body["toolConfig"]["tools"].as_array().unwrap().is_empty());
    }
    for tool in body["toolConfig"]["tools"].as_array().into_iter().flatten() {
        // What an agent says of the type stays as it is: whether it will do, Bedrock says.
        assert!(tool["toolSpec"]["inputSchema"]["json"].get("type").is_some());
    }
}

proptest! {
    #[test]
    fn what_is_written_keeps_the_rules(
        which in 0..BODIES.len(), model in prop::sample::select(&MODELS[..]),
        changes in prop::collection::vec((0..300_usize, value()), 0..4),
    ) {
        let (from, body) = BODIES[which];
        let body = body
            .replace("https://example.com/a.png", "data:image/png;base64,iVBORw0KGgoAAAANSUhEUg==")
            .replace(r#"{"type": "url", "url": "https://example.com/x.png"}"#,
                r#"{"type": "base64", "media_type": "image/png", "data": "iVBORw0KGgoAAAANSUhEUg=="}"#);
        let mut body: Value = serde_json::from_str(&body).unwrap();
        for (mut at, new) in changes {
            change(&mut body, &mut at, &new);
        }
        let body = body.to_string();
        let target = Target { kind: ProviderKind::Bedrock, model, defaults: &NO_DEFAULTS };
        let format = UpstreamFormat::BedrockConverse;
        if let Ok(request) = from.read_chat(body.as_bytes())
            && format.check_chat(&request, &target).is_ok()
        {
            let written = format.write_chat(&request, &target, &mut Dropped::default());
            assert_sound(&serde_json::from_slice(&written).unwrap());
        }
    }

    #[test]
    fn any_events_in_sound_frames_are_survived(
        events in prop::collection::vec(("[a-zA-Z]{1,20}", value()), 0..6),
        known in prop::collection::vec((prop::sample::select(&["messageStart", "contentBlockStart", "contentBlockDelta",
            "contentBlockStop", "messageStop", "metadata", "chunk"][..]), value()), 0..6),
        to_openai: bool, is_claude: bool,
    ) {
        let from = if is_claude { UpstreamFormat::AnthropicMessages } else { UpstreamFormat::BedrockConverse };
        let to = if to_openai || is_claude { Format::OpenAiChat } else { Format::AnthropicMessages };
        let mut unframer = Unframer::new(from);
        let mut translator = AnswerTranslator::of_stream(from, to, caller());
        let mut noted = Observation::default();
        let events = events.iter().map(|(name, value)| (name.as_str(), value));
        let known = known.iter().map(|(name, value)| (*name, value));
        let mut out = Vec::new();
        for (name, value) in events.chain(known) {
            let mut text = Vec::new();
            unframer.push(&event(name, &value.to_string()), &mut text).unwrap();
            out.extend(translator.push(&text, false, &mut noted));
        }
        out.extend(translator.push(b"", true, &mut noted));
        prop_assert!(String::from_utf8(out).is_ok());
    }
}
