//! Broker tokens that rotate and expire.

use provider_simulator::Simulator;
use serde_json::{Value, json};

use super::{CALL, config, expect_refused};
use crate::harness::{Broker, CHAT, PATIENCE, RawClient, TOKEN, raw_request, sha256_hex, until};

/// An agent with these tokens.
fn agent(tokens: &Value) -> Value {
    json!([{"name": "bot", "workspace": "lab", "token_sha256": tokens}])
}

fn token(text: &str, expires: &str) -> Value {
    json!({"sha256": sha256_hex(text), "expires": expires})
}

#[tokio::test]
async fn whatever_is_no_token_is_refused_and_harms_nothing() {
    let provider = Simulator::start("account").await;
    let broker = Broker::start(&config(&provider, json!({}))).await;
    let bearer = |token: &[u8]| [b"Bearer ", token].concat();
    let (good, forged) = (bearer(TOKEN.as_bytes()), bearer(b"token-of-bop"));
    let (long, longer) = (bearer(&[b'x'; 513]), bearer(&b"x".repeat(60_000)));
    let (high, latin) = (bearer(b"\xff\xfe\x80"), bearer(b"token-of-b\xf6t"));
    let one = |value: &[u8]| vec![("authorization", value.to_vec())];
    let cases = [
        ("forged", one(&forged)),
        ("empty", one(b"Bearer ")),
        ("no value", one(b"")),
        ("another scheme", one(b"Basic dG9rZW4tb2YtYm90")),
        ("over-long", one(&long)),
        ("far too long", one(&longer)),
        ("no UTF-8", one(&high)),
        ("Latin-1", one(&latin)),
        ("twice", [one(&good), one(&good)].concat()),
        ("twice, one forged", [one(&good), one(&forged)].concat()),
        ("joined", one(&[good.as_slice(), b", ", &good].concat())),
        ("an empty key", vec![("x-api-key", Vec::new())]),
        (
            "a key that is no UTF-8",
            vec![("x-api-key", b"\xc3\x28".to_vec())],
        ),
        (
            "a key twice",
            vec![("x-api-key", TOKEN.into()), ("X-Api-Key", TOKEN.into())],
        ),
        (
            "beside another key",
            [one(&good), vec![("x-api-key", b"other".to_vec())]].concat(),
        ),
    ];
    for (what, headers) in &cases {
        let headers: Vec<(&[u8], &[u8])> = headers
            .iter()
            .map(|(name, value)| (name.as_bytes(), value.as_slice()))
            .collect();
        let request = raw_request("POST", CHAT, &headers, CALL.as_bytes());
        let answer = RawClient::connect(broker.address()).await.send(&request).await;
        let answer = answer.unwrap_or_else(|| panic!("no answer: {what}"));
        assert_eq!(answer.status, 401, "{what}");
        assert_eq!(answer.json()["error"]["code"], "invalid_api_key", "{what}");
    }
    assert_eq!(provider.count(), 0);
    broker.post(CHAT, TOKEN, CALL).await.expect_status(200);
    for record in &broker.wait_for_records(cases.len() + 1).await[..cases.len()] {
        assert!(!record.has("llm.agent") && !record.has("llm.identity"));
    }
}

#[tokio::test]
async fn a_token_rotates_without_a_gap() {
    let provider = Simulator::start("account").await;
    let config = config(&provider, json!({"tokens": true}));
    let old_alone = config.clone().set("agents", agent(&json!(sha256_hex("old"))));
    let both = agent(&json!([token("old", "2099-01-01T00:00:00Z"), sha256_hex("new")]));
    let both = config.clone().set("agents", both);
    let past = agent(&json!([
        token("old", "2020-01-01T00:00:00+02:00"),
        sha256_hex("new")
    ]));
    let past = config.set("agents", past);

    let broker = Broker::start(&old_alone).await;
    let status = async |token: &str| broker.post(CHAT, token, CALL).await.status;
    assert_eq!((status("old").await, status("new").await), (200, 401));
    broker.rewrite_config(&both.yaml());
    until(PATIENCE, "the new token", async || {
        assert_eq!(status("old").await, 200);
        (status("new").await == 200).then_some(())
    })
    .await;
    broker.rewrite_config(&past.yaml());
    until(PATIENCE, "the end of the old token", async || {
        assert_eq!(status("new").await, 200);
        (status("old").await == 401).then_some(())
    })
    .await;
    let refused = broker.post(CHAT, "old", CALL).await;
    expect_refused(&refused, "invalid_api_key");
    let unknown = broker.post(CHAT, "never-known", CALL).await;
    assert_eq!(refused.json()["error"], unknown.json()["error"]);
    assert!(
        broker
            .output()
            .contains("agents[0].token_sha256[0]: expired at 2019-12-31T22:00:00.000Z"),
        "{}",
        broker.output()
    );
}
