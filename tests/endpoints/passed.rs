//! What passes through to a provider of the same API.

use provider_simulator::{Behaviour, Simulator};
use reqwest::Method;
use serde_json::json;

use super::{accounts, both, code, only, record};
use crate::harness::{Answer, Broker, Config, TOKEN};

#[tokio::test]
async fn completions_are_answered_whole_and_as_streams_and_fail_over() {
    let (first, second) = (Simulator::start("first").await, Simulator::start("second").await);
    let broker = Broker::start(&Config::failover("openai", &first, &second)).await;
    let path = "/v1/completions";
    let answer = broker
        .post(path, TOKEN, r#"{"model":"fast","prompt":"Once"}"#)
        .await;
    assert_eq!(
        answer.expect_status(200).json()["choices"][0]["text"],
        "Completed by first"
    );
    assert_eq!(
        first.received()[0].text(),
        r#"{"model":"openai-first","prompt":"Once"}"#
    );
    first.behave(Behaviour::status(500));
    let stream = broker
        .post(path, TOKEN, r#"{"model":"fast","prompt":"Once","stream":true}"#)
        .await;
    let events = stream.expect_status(200).events();
    let text: String = events
        .iter()
        .filter_map(|event| Some(event.json()["choices"][0]["text"].as_str()?.to_owned()))
        .collect();
    assert_eq!(text, "Completed by second");
    assert_eq!(events.last().unwrap().data, "[DONE]");
    assert!(
        !stream.text().contains("\"choices\":[]"),
        "usage was not asked for"
    );
    let record = record(&broker, 2).await;
    assert_eq!(
        (record.text("llm.api"), record.flag("llm.stream")),
        ("openai.completions", true)
    );
    assert_eq!(record.count("llm.tokens.output"), 2);
    assert_eq!(record.text("llm.outcome"), "ok");
}

#[tokio::test]
async fn json_calls_are_routed_by_their_model_or_by_a_header() {
    let (openai, anthropic) = accounts().await;
    let config = both(&openai, &anthropic)
        .single("guard", &openai, "omni-moderation-latest")
        .single("claude", &anthropic, "claude-sonnet-4-6");
    let broker = Broker::start(&config).await;
    let call = broker
        .call("/v1/moderations", TOKEN, r#"{"input":"a"}"#)
        .header("x-broker-model", "guard");
    Answer::of(call).await.expect_status(200);
    let received = only(&openai);
    assert_eq!(
        received.text(),
        r#"{"model":"omni-moderation-latest","input":"a"}"#
    );
    let image = broker
        .post(
            "/v1/images/generations",
            TOKEN,
            r#"{"model":"guard","prompt":"a cat"}"#,
        )
        .await;
    assert_eq!(image.expect_status(200).json()["data"][0]["b64_json"], "UE5H");
    let record = record(&broker, 2).await;
    assert_eq!(record.text("llm.api"), "openai.images");
    assert_eq!(record.count("llm.tokens.output"), 4_160);
    let missing = broker.post("/v1/moderations", TOKEN, r#"{"input":"a"}"#).await;
    assert_eq!(code(&missing.expect_status(400).json()), "invalid_request");
    let other = broker
        .post("/v1/moderations", TOKEN, r#"{"model":"claude","input":"a"}"#)
        .await;
    assert_eq!(code(&other.expect_status(400).json()), "unsupported_by_provider");
    assert_eq!(anthropic.count(), 0);
}

#[tokio::test]
async fn sound_comes_as_it_is_and_a_form_differs_in_its_model_only() {
    let (openai, anthropic) = accounts().await;
    let config = both(&openai, &anthropic).single("ears", &openai, "gpt-4o-transcribe");
    let broker = Broker::start(&config).await;
    let speech = broker
        .post(
            "/v1/audio/speech",
            TOKEN,
            r#"{"model":"ears","input":"a","voice":"alloy"}"#,
        )
        .await;
    assert_eq!(
        speech.expect_status(200).body,
        b"ID3\x00\xff\"gpt-4o-transcribe\""
    );
    assert_eq!(speech.header("content-type"), Some("audio/mpeg"));
    openai.clear();

    let sound = "\r\n--x\r\n\u{0}".repeat(300_000);
    let form = |model: &str| {
        format!(
            "--edge\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.wav\"\r\nContent-Type: audio/wav\r\n\r\n\
             {sound}\r\n--edge\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\n{model}\r\n--edge--\r\n"
        )
    };
    let kind = "multipart/form-data; boundary=edge";
    let send = |body: String| {
        let call = broker.request(Method::POST, "/v1/audio/transcriptions");
        Answer::of(call.bearer_auth(TOKEN).header("content-type", kind).body(body))
    };
    let heard = send(form("ears")).await;
    let text = format!("gpt-4o-transcribe heard {} bytes", sound.len());
    assert_eq!(heard.expect_status(200).json()["text"], text);
    let received = only(&openai);
    assert_eq!(received.header("content-type"), Some(kind));
    assert!(
        received.text() == form("gpt-4o-transcribe"),
        "another byte differs"
    );
    let record = record(&broker, 2).await;
    assert_eq!(
        (record.text("llm.api"), record.count("llm.tokens.input")),
        ("openai.audio", 14)
    );

    for body in ["", "{}", "--edge\r\n", "--edge--\r\n"] {
        send(body.to_owned()).await.expect_status(400);
    }
    let refused = send(form("ears").replace("--edge--", "--ed")).await;
    assert_eq!(code(&refused.expect_status(400).json()), "invalid_request");
    assert_eq!(openai.count(), 1);
}

#[tokio::test]
async fn files_and_batches_live_at_the_account_that_the_configuration_names() {
    let (openai, anthropic) = accounts().await;
    let second = Simulator::start("second").await;
    let keepers = json!([
        {"provider": "openai", "model": "gpt-5-mini", "weight": 1},
        {"provider": "second", "model": "gpt-5-mini", "weight": 99},
    ]);
    let config = both(&openai, &anthropic)
        .provider("openai", &second)
        .pool("keepers", json!({"members": keepers}))
        .model("openai-files", "keepers")
        .single("anthropic-files", &anthropic, "claude-sonnet-4-6");
    let broker = Broker::start(&config).await;
    let ask = |method: Method, path: &str| {
        let call = broker.request(method, path).bearer_auth(TOKEN);
        if path.starts_with("/v1/messages") {
            call.header("anthropic-version", "2023-06-01")
        } else {
            call
        }
    };
    let list = Answer::of(ask(Method::GET, "/v1/files?limit=2&purpose=batch")).await;
    assert_eq!(list.expect_status(200).json()["query"], "limit=2&purpose=batch");
    let received = only(&openai);
    assert_eq!(
        (received.method.as_str(), received.header("content-length")),
        ("GET", None)
    );

    let content = Answer::of(ask(Method::GET, "/v1/files/file-1/content")).await;
    assert_eq!(content.expect_status(200).text(), "{\"a\":1}\n{\"b\":2}\n");
    let deleted = Answer::of(ask(Method::DELETE, "/v1/files/file-1")).await;
    assert_eq!(deleted.expect_status(200).json()["deleted"], true);
    let batch = r#"{"input_file_id":"file-1","endpoint":"/v1/chat/completions","completion_window":"24h"}"#;
    let call = ask(Method::POST, "/v1/batches").header("content-type", "application/json");
    Answer::of(call.body(batch)).await.expect_status(200);
    assert_eq!(openai.received()[3].text(), batch);
    let cancelled = Answer::of(ask(Method::POST, "/v1/batches/batch_1/cancel")).await;
    assert_eq!(cancelled.expect_status(200).json()["id"], "batch_1");

    let results = Answer::of(ask(Method::GET, "/v1/messages/batches/msgbatch_1/results")).await;
    assert_eq!(results.expect_status(200).text(), "{\"a\":1}\n{\"b\":2}\n");
    assert_eq!(only(&anthropic).path, "/v1/messages/batches/msgbatch_1/results");
    assert_eq!(second.count(), 0, "what one account keeps no other knows");
    let records = broker.wait_for_records(6).await;
    assert_eq!(records[0].text("llm.api"), "openai.files");
    assert_eq!(records[5].text("llm.api"), "anthropic.batches");
    assert!(records.iter().all(|record| record.text("llm.outcome") == "ok"));

    let wrong = Answer::of(ask(Method::PUT, "/v1/files/file-1")).await;
    assert_eq!(wrong.expect_status(405).header("allow"), Some("GET, DELETE"));
    Answer::of(ask(Method::GET, "/v1/files/a/b/c"))
        .await
        .expect_status(404);
    openai.behave(Behaviour::status(404));
    let gone = Answer::of(ask(Method::GET, "/v1/files/file-9")).await;
    assert_eq!(
        gone.expect_status(404).json()["error"]["type"],
        "invalid_request_error"
    );
}

#[tokio::test]
async fn without_an_account_for_them_there_are_no_files() {
    let (openai, anthropic) = accounts().await;
    let config = both(&openai, &anthropic)
        .single("gpt", &openai, "gpt-5-mini")
        .single("openai-files-of-mine", &openai, "gpt-5-mini");
    let broker = Broker::start(&config).await;
    let call = || broker.request(Method::GET, "/v1/files").bearer_auth(TOKEN);
    let none = Answer::of(call()).await;
    assert_eq!(code(&none.expect_status(404).json()), "model_not_found");
    let of_another = Answer::of(call().header("x-broker-model", "gpt")).await;
    assert_eq!(code(&of_another.expect_status(400).json()), "invalid_request");
    assert_eq!(openai.count(), 0, "who may chat there has no files there");
    Answer::of(call().header("x-broker-model", "openai-files-of-mine"))
        .await
        .expect_status(200);
    assert!(!only(&openai).contains("files-of-mine"));
    Answer::of(broker.request(Method::GET, "/v1/files"))
        .await
        .expect_status(401);
}
