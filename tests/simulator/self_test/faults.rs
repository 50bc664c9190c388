//! All that can go wrong with a call, on purpose.

use std::time::Duration;

use serde_json::{Value, json};

use super::{CHAT, MESSAGES, call, client, data, post, text};
use crate::{Answer, Behaviour, Cut, Ending, Simulator};

#[tokio::test]
async fn queued_behaviours_come_before_the_default() {
    let simulator = Simulator::start("a").await;
    simulator.then(vec![
        Behaviour::rate_limited(7),
        Behaviour::status(529),
        Behaviour::HtmlError { status: 502 },
    ]);
    let limited = post(&simulator, CHAT, &call(false)).await.unwrap();
    assert_eq!(limited.status(), 429);
    assert_eq!(limited.headers()["retry-after"], "7");
    assert!(limited.headers().contains_key("x-ratelimit-reset-tokens"));
    assert_eq!(
        limited.json::<Value>().await.unwrap()["error"]["code"],
        "rate_limit_exceeded"
    );
    let overloaded: Value = serde_json::from_str(&text(&simulator, MESSAGES, &call(false)).await).unwrap();
    assert_eq!(overloaded["error"]["type"], "overloaded_error");
    assert!(text(&simulator, CHAT, &call(false)).await.starts_with("<html>"));
    assert_eq!(post(&simulator, CHAT, &call(false)).await.unwrap().status(), 200);
    assert_eq!(simulator.wait_for(4).await.len(), 4);
}

#[tokio::test]
async fn a_reset_gives_no_response() {
    let simulator = Simulator::start("a").await;
    for how in [Cut::Reset, Cut::Close] {
        simulator.then(vec![Behaviour::Reset { how }]);
        assert!(post(&simulator, CHAT, &call(false)).await.is_err());
    }
    assert_eq!(simulator.count(), 2);
}

#[tokio::test]
async fn a_broken_stream_sends_what_comes_before_the_break() {
    let simulator = Simulator::start("a").await;
    for how in [Cut::Reset, Cut::Close] {
        simulator.behave(Answer {
            ending: Ending::Broken { after_events: 2, how },
            ..Answer::default()
        });
        let mut response = post(&simulator, CHAT, &call(true)).await.unwrap();
        let mut read = Vec::new();
        let error = loop {
            match response.chunk().await {
                Ok(Some(chunk)) => read.extend(chunk),
                Ok(None) => panic!("the stream ended in good order"),
                Err(error) => break error,
            }
        };
        assert!(error.is_body() || error.is_decode(), "{error:?}");
        assert_eq!(data(&String::from_utf8(read).unwrap()).len(), 2);
        assert!(
            post(&simulator, CHAT, &call(false))
                .await
                .unwrap()
                .bytes()
                .await
                .is_err()
        );
    }
}

#[tokio::test]
async fn an_error_can_hide_in_a_200() {
    let simulator = Simulator::start("a").await;
    simulator.behave(Behaviour::error_event(2));
    let anthropic = text(&simulator, MESSAGES, &call(true)).await;
    let names: Vec<&str> = anthropic
        .lines()
        .filter_map(|line| line.strip_prefix("event: "))
        .collect();
    assert_eq!(names, ["message_start", "ping", "error"]);
    let openai = text(&simulator, CHAT, &call(true)).await;
    assert!(data(&openai)[2].starts_with("{\"error\":"));
    assert!(
        text(&simulator, CHAT, &call(false))
            .await
            .starts_with("{\"error\":")
    );
    simulator.behave(Behaviour::EmptyStream);
    assert_eq!(text(&simulator, CHAT, &call(true)).await, "");
}

#[tokio::test]
async fn wrong_credentials_paths_and_bodies_are_refused() {
    let simulator = Simulator::start("a").await;
    assert_eq!(
        post(&simulator, "/v1/other", &call(false))
            .await
            .unwrap()
            .status(),
        404
    );
    assert_eq!(post(&simulator, CHAT, &json!([1])).await.unwrap().status(), 400);
    assert_eq!(post(&simulator, CHAT, &json!({})).await.unwrap().status(), 400);
    assert_eq!(
        client()
            .get(simulator.url() + CHAT)
            .send()
            .await
            .unwrap()
            .status(),
        405
    );
    simulator.require("x-api-key", "secret");
    let refused = post(&simulator, MESSAGES, &call(false)).await.unwrap();
    assert_eq!(refused.status(), 401);
    assert_eq!(
        refused.json::<Value>().await.unwrap()["error"]["type"],
        "authentication_error"
    );
    let client = client();
    let admitted = client
        .post(simulator.url() + MESSAGES)
        .header("x-api-key", "secret")
        .json(&call(false))
        .send()
        .await
        .unwrap();
    assert_eq!(admitted.status(), 200);
    assert_eq!(simulator.received()[5].header("X-Api-Key"), Some("secret"));
}

#[tokio::test]
async fn a_stopped_account_cannot_be_reached_until_it_resumes() {
    let simulator = Simulator::start("a").await;
    simulator.stop().await;
    assert!(
        post(&simulator, CHAT, &call(false))
            .await
            .unwrap_err()
            .is_connect()
    );
    simulator.resume().await.unwrap();
    assert_eq!(post(&simulator, CHAT, &call(false)).await.unwrap().status(), 200);
}

#[tokio::test]
async fn hanging_and_silent_accounts_keep_the_connection_open() {
    let simulator = Simulator::start("a").await;
    let patience = Duration::from_millis(150);
    simulator.behave(Behaviour::Hang);
    assert!(
        tokio::time::timeout(patience, post(&simulator, CHAT, &call(false)))
            .await
            .is_err()
    );
    simulator.behave(Behaviour::silent_after(1));
    let mut response = post(&simulator, CHAT, &call(true)).await.unwrap();
    assert!(response.chunk().await.unwrap().is_some());
    assert!(tokio::time::timeout(patience, response.chunk()).await.is_err());
}
