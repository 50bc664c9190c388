//! Streams that go wrong after something was said: nothing can take over, and the agent must not take a part for the whole.

use provider_simulator::{Answer as Told, Behaviour, Cut, Ending, Simulator, Vendor};
use serde_json::{Value, json};

use super::{Vendors, call, foreign};
use crate::harness::{Broker, CHAT, Config, MESSAGES, TOKEN, timed_reads};

/// Enough for the beginning and some words, in both formats.
const SOME: usize = 6;

fn broken(ending: Ending) -> Behaviour {
    Told {
        text: Some("word ".repeat(30)),
        ending,
        ..Told::default()
    }
    .into()
}

#[tokio::test]
async fn a_stream_that_breaks_off_ends_with_an_error_in_the_callers_words() {
    let vendors = Vendors::start().await;
    let mut names = Vec::new();
    for ending in [
        Ending::Error {
            after_events: SOME,
            status: 529,
        },
        Ending::Truncated { after_events: SOME },
        Ending::HalfEvent { after_events: SOME },
        Ending::Broken {
            after_events: SOME,
            how: Cut::Close,
        },
    ] {
        for (path, model) in [
            (CHAT, "claude"),
            (CHAT, "gpt-first"),
            (CHAT, "claude-first"),
            (MESSAGES, "gpt"),
            (MESSAGES, "gpt-first"),
            (MESSAGES, "claude-first"),
        ] {
            let name = format!("{ending:?}, {path}, {model}");
            for vendor in [&vendors.openai, &vendors.anthropic] {
                vendor.behave(broken(ending));
                vendor.clear();
            }
            let body = call(model, "hi", true).to_string();
            let sent = vendors.broker.call(path, TOKEN, body).send().await;
            let (reads, cut) = timed_reads(sent.unwrap()).await;
            let seen = String::from_utf8(reads.into_iter().flat_map(|read| read.bytes).collect()).unwrap();
            assert!(seen.contains("word "), "{name}: {seen}");
            assert_eq!(vendors.openai.count() + vendors.anthropic.count(), 1, "{name}");
            assert!(
                !seen.contains("[DONE]") && !seen.contains("message_stop"),
                "{name}: {seen}"
            );
            // A connection that breaks leaves nobody to say so: the agent's breaks too, and that is how it knows.
            assert_eq!(
                cut.is_some(),
                matches!(ending, Ending::Broken { .. }),
                "{name}: {cut:?}"
            );
            if cut.is_none() {
                assert_ends_in_error(path, &seen, &name);
            }
            names.push(name);
        }
    }
    let records = vendors.broker.wait_for_records(names.len()).await;
    for (name, record) in names.iter().zip(records) {
        assert_ne!(record.text("llm.outcome"), "ok", "{name}");
        assert!(record.has("llm.error"), "{name}");
    }
}

/// The last event is an error, in the words of the API that was called.
fn assert_ends_in_error(path: &str, seen: &str, name: &str) {
    let last = seen.trim_end().rsplit("\n\n").next().unwrap();
    let data = last.split_once("data: ").map_or("", |(_, data)| data);
    let error: Value = serde_json::from_str(data).unwrap_or_default();
    assert!(error["error"]["message"].is_string(), "{name}: {last}");
    let is_named = last.starts_with("event: error\n") && error["type"] == "error";
    assert_eq!(is_named, path == MESSAGES, "{name}: {last}");
}

#[tokio::test]
async fn events_reach_the_agent_as_they_come() {
    let vendors = Vendors::start().await;
    for path in [CHAT, MESSAGES] {
        vendors.other(path).behave(Told {
            text: Some("one two three four five six".into()),
            between_chunks_ms: 60,
            ..Told::default()
        });
        let body = call(foreign(path), "hi", true).to_string();
        let sent = vendors.broker.call(path, TOKEN, body).send().await;
        let (reads, cut) = timed_reads(sent.unwrap()).await;
        assert!(cut.is_none(), "{cut:?}");
        assert!(
            reads.len() >= 5,
            "{path}: {} reads: the stream was held back",
            reads.len()
        );
    }
}

#[tokio::test]
async fn a_provider_that_is_silent_does_not_keep_the_agent_for_ever() {
    let anthropic = Simulator::start_as(Vendor::Anthropic, "anthropic").await;
    let openai = Simulator::start_as(Vendor::OpenAi, "openai").await;
    let patience = json!({"timeout": {"first_byte": "500ms", "idle": "500ms"}});
    let config = Config::new()
        .provider_with("anthropic", &anthropic, patience.clone())
        .provider_with("openai", &openai, patience)
        .single("claude", &anthropic, "claude-sonnet-4-5")
        .single("gpt", &openai, "gpt-4o");
    let broker = Broker::start(&config).await;
    let seen = async |path: &str, provider: &Simulator| {
        provider.behave(Behaviour::silent_after(4));
        let body = call(foreign(path), "hi", true).to_string();
        let sent = broker.call(path, TOKEN, body).send().await;
        let (reads, cut) = timed_reads(sent.unwrap()).await;
        assert!(cut.is_some(), "{path}: the connection ended in good order");
        String::from_utf8(reads.into_iter().flat_map(|read| read.bytes).collect()).unwrap()
    };
    // Envoy gives up some seconds after the account's own time: both wait together.
    let (chat, messages) = tokio::join!(seen(CHAT, &anthropic), seen(MESSAGES, &openai));
    assert!(!chat.contains("[DONE]"), "{chat}");
    assert!(!messages.contains("message_stop"), "{messages}");
    for record in broker.wait_for_records(2).await {
        assert_ne!(record.text("llm.outcome"), "ok");
    }
}
