//! Which account a call goes to, by what it needs, what it says of itself and where it may go.

use provider_simulator::{Behaviour, Simulator};
use serde_json::{Value, json};

use crate::harness::{Answer, Broker, CHAT, Config, MESSAGES, Record, TOKEN};

mod residency;

const HI: &str = r#"{"role":"user","content":"hi"}"#;
const IMAGE: &str = r#"{"role":"user","content":[{"type":"text","text":"what is it?"},
    {"type":"image_url","image_url":{"url":"https://example.com/a.png"}}]}"#;

async fn last_record(broker: &Broker, n: usize) -> Record {
    broker.wait_for_records(n).await.pop().expect("a record")
}

fn member(account: &Simulator, model: &str, mut further: Value) -> Value {
    further["provider"] = json!(account.name());
    further["model"] = json!(model);
    further
}

#[tokio::test]
async fn a_rule_sees_tools_images_streams_and_what_a_call_says_of_itself() {
    let account = Simulator::start("account").await;
    let rule = |name: &str, condition: Value| json!({"name": name, "match": condition, "pool": name});
    let names = ["sees", "acts", "live", "extracts", "gold"];
    let mut config = Config::new()
        .provider("openai", &account)
        .single("fast", &account, "plain")
        .set(
            "rules",
            json!([
                rule("sees", json!({"images": true})),
                rule("acts", json!({"tools": true})),
                rule("live", json!({"stream": true})),
                rule("extracts", json!({"step": "extraction", "purpose": "triage"})),
                rule("gold", json!({"tier": "gold"})),
            ]),
        );
    for name in names {
        config = config.pool(name, json!({"members": [member(&account, name, json!({}))]}));
    }
    let broker = Broker::start(&config).await;
    let tools = r#""tools":[{"type":"function","function":{"name":"f","parameters":{"type":"object"}}}]"#;
    let bodies = [
        (format!(r#""messages":[{HI}]"#), "plain"),
        (format!(r#""messages":[{HI}],"tools":[]"#), "plain"),
        (
            r#""messages":[{"role":"user","content":"{\"type\":\"image_url\"}"}]"#.to_owned(),
            "plain",
        ),
        (format!(r#""messages":[{IMAGE}],{tools}"#), "sees"),
        (format!(r#""messages":[{HI}],"stream":true,{tools}"#), "acts"),
        (format!(r#""messages":[{HI}],"stream":true"#), "live"),
        (
            format!(r#""messages":[{HI}],"metadata":{{"step":"extraction","purpose":"triage"}}"#),
            "extracts",
        ),
        (
            format!(r#""messages":[{HI}],"metadata":{{"tier":"gold"}}"#),
            "gold",
        ),
    ];
    let mut made = 0;
    for (members, model) in bodies {
        let answer = broker
            .post(CHAT, TOKEN, format!("{{\"model\":\"fast\",{members}}}"))
            .await;
        made += 1;
        assert_eq!(
            answer.expect_status(200).said(),
            format!("Hello from account: {model}.")
        );
        let record = last_record(&broker, made).await;
        assert_eq!(record.has("llm.rule"), model != "plain", "{members}");
    }
    // The header counts before the body.
    let body = format!(
        r#"{{"model":"fast","messages":[{HI}],"metadata":{{"step":"extraction","purpose":"triage"}}}}"#
    );
    let call = broker
        .call(CHAT, TOKEN, body)
        .header("x-broker-step", "inference");
    assert_eq!(Answer::of(call).await.said(), "Hello from account: plain.");
    let record = last_record(&broker, made + 1).await;
    assert_eq!(
        (record.text("llm.step"), record.text("llm.purpose")),
        ("inference", "triage")
    );
}

#[tokio::test]
async fn a_call_cannot_raise_the_tier_of_its_agent() {
    let account = Simulator::start("account").await;
    let config = Config::new()
        .provider("openai", &account)
        .single("fast", &account, "plain")
        .pool("gold", json!({"members": [member(&account, "gold", json!({}))]}))
        .set("rules", json!([{"match": {"tier": "gold"}, "pool": "gold"}]));
    let mut config = serde_json::from_str::<Value>(&config.yaml()).expect("JSON");
    config["agents"][0]["attributes"] = json!({"tier": "standard"});
    let broker = Broker::builder(config.to_string())
        .env("KEY_OF_ACCOUNT", "key")
        .start()
        .await;
    let body = format!(r#"{{"model":"fast","messages":[{HI}],"metadata":{{"tier":"gold"}}}}"#);
    let call = broker.call(CHAT, TOKEN, body).header("x-broker-tier", "gold");
    assert_eq!(Answer::of(call).await.said(), "Hello from account: plain.");
    assert_eq!(last_record(&broker, 1).await.text("llm.tier"), "standard");
    assert!(!account.received()[0].contains("x-broker-tier"));
}

/// `able` can do everything; the others, asked first, lack something. `weak` has none that can.
async fn capabilities(kind: &str) -> ([Simulator; 3], Broker) {
    let accounts = [
        Simulator::start("blind").await,
        Simulator::start("short").await,
        Simulator::start("able").await,
    ];
    let [blind, short, able] = &accounts;
    let blind_member = member(blind, "gpt-oss-20b", json!({"priority": 0}));
    let short_member = member(
        short,
        "house-model",
        json!({"priority": 1, "context_tokens": "1k", "capabilities": ["streaming", "json"]}),
    );
    let able_member = member(able, "unheard-of", json!({"priority": 2}));
    let config = accounts
        .iter()
        .fold(Config::new(), |config, account| config.provider(kind, account))
        .pool(
            "all",
            json!({"members": [blind_member, short_member, able_member]}),
        )
        .pool("weak", json!({"members": [short_member]}))
        .model("fast", "all")
        .model("weak", "weak");
    let broker = Broker::start(&config).await;
    (accounts, broker)
}

fn image(path: &str) -> &'static str {
    if path == CHAT {
        r#""messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"https://example.com/a"}}]}]"#
    } else {
        r#""messages":[{"role":"user","content":[{"type":"image","source":{"type":"url","url":"https://example.com/a"}}]}]"#
    }
}

fn tools(path: &str) -> &'static str {
    if path == CHAT {
        r#""messages":[{"role":"user","content":"hi"}],"tools":[{"type":"function","function":{"name":"f"}}]"#
    } else {
        r#""messages":[{"role":"user","content":"hi"}],"tools":[{"name":"f","input_schema":{"type":"object"}}]"#
    }
}

fn long() -> String {
    let text = "some words ".repeat(1_000);
    format!(r#""messages":[{{"role":"user","content":"{text}"}}]"#)
}

#[tokio::test]
async fn members_that_cannot_serve_a_call_are_left_out_and_recorded() {
    for (kind, path) in [("openai", CHAT), ("anthropic", MESSAGES)] {
        let (accounts, broker) = capabilities(kind).await;
        let excluded = |account: &str, model: &str, reason: &str| json!({"provider": account, "model": model, "reason": reason});
        let calls = [
            (
                image(path).to_owned(),
                "able",
                json!([
                    excluded("blind", "gpt-oss-20b", "lacks_vision"),
                    excluded("short", "house-model", "lacks_vision"),
                ]),
            ),
            (
                tools(path).to_owned(),
                "blind",
                json!([excluded("short", "house-model", "lacks_tools")]),
            ),
        ];
        for (index, (members, account, excluded)) in calls.into_iter().enumerate() {
            let body = format!("{{\"model\":\"fast\",\"max_tokens\":9,{members}}}");
            let answer = broker.post(path, TOKEN, body).await;
            assert!(
                answer.expect_status(200).said().contains(account),
                "{}",
                answer.said()
            );
            let record = last_record(&broker, index + 1).await;
            assert_eq!(*record.value("llm.excluded"), excluded);
        }
        let body = format!("{{\"model\":\"fast\",\"max_tokens\":9,{}}}", long());
        accounts[0].behave(Behaviour::status(503));
        let answer = broker.post(path, TOKEN, body).await;
        assert!(
            answer.expect_status(200).said().contains("able"),
            "{}",
            answer.said()
        );
        let record = last_record(&broker, 3).await;
        assert_eq!(record.value("llm.excluded")[0]["reason"], "context_too_long");
        assert_eq!(record.value("llm.excluded")[0]["context_tokens"], 1_000);
        assert_eq!(accounts[1].count(), 0, "what was left out is no failover either");
    }
}

#[tokio::test]
async fn what_no_member_can_do_is_named_in_the_callers_dialect() {
    let (accounts, broker) = capabilities("openai").await;
    let cases = |path| {
        [
            (image(path).to_owned(), "lacks_vision", "messages"),
            (tools(path).to_owned(), "lacks_tools", "tools"),
            (long(), "context_length_exceeded", "messages"),
        ]
    };
    let mut made = 0;
    for path in [CHAT, MESSAGES] {
        for (members, code, param) in cases(path) {
            let body = format!("{{\"model\":\"weak\",\"max_tokens\":9,{members}}}");
            let answer = broker.post(path, TOKEN, body).await;
            made += 1;
            let body = answer.expect_status(400).json();
            let error = &body["error"];
            assert_eq!(error["type"], "invalid_request_error");
            let message = error["message"].as_str().expect("a message");
            if path == CHAT {
                assert_eq!((&error["code"], &error["param"]), (&json!(code), &json!(param)));
            } else {
                assert_eq!(error["details"]["error_code"], code);
            }
            if code == "context_length_exceeded" {
                let words = if path == CHAT {
                    "maximum context length is 1000"
                } else {
                    "prompt is too long"
                };
                assert!(message.contains(words), "{message}");
            }
            let record = last_record(&broker, made).await;
            assert_eq!(
                [
                    record.text("llm.decision"),
                    record.text("llm.reason"),
                    record.text("llm.error")
                ],
                ["deny", code, code]
            );
        }
    }
    assert!(accounts.iter().all(|account| account.count() == 0));
}
