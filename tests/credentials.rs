//! Who gets which key, and what gets no further than the broker.

use provider_simulator::{Behaviour, ReceivedRequest, Simulator};
use serde_json::json;

use crate::harness::{Broker, CHAT, Config, MESSAGES, PATIENCE, TOKEN, key_of, replace, until};

const CALL: &str = r#"{"model":"fast","max_tokens":9,"messages":[{"role":"user","content":"hi"}]}"#;

fn assert_only_key(request: &ReceivedRequest, own: &str, foreign: &[&str]) {
    assert!(
        request.contains(&key_of(own)),
        "{own} did not get its key: {:?}",
        request.header_names()
    );
    for other in foreign {
        assert!(!request.contains(&key_of(other)), "{own} got the key of {other}");
    }
    assert!(!request.contains(TOKEN), "{own} got the agent's token");
}

#[tokio::test]
async fn each_account_gets_its_own_key_in_its_own_header() {
    let (openai, anthropic) = (
        Simulator::start("openai-a").await,
        Simulator::start("anthropic-b").await,
    );
    openai.require("authorization", &format!("Bearer {}", key_of("openai-a")));
    anthropic.require("x-api-key", &key_of("anthropic-b"));
    let config = Config::new()
        .provider("openai", &openai)
        .provider("anthropic", &anthropic)
        .single("gpt", &openai, "gpt-up")
        .single("claude", &anthropic, "claude-up");
    let broker = Broker::start(&config).await;
    broker
        .post(CHAT, TOKEN, CALL.replace("fast", "gpt"))
        .await
        .expect_status(200);
    broker
        .post(MESSAGES, TOKEN, CALL.replace("fast", "claude"))
        .await
        .expect_status(200);
    assert_only_key(&openai.received()[0], "openai-a", &["anthropic-b"]);
    assert_only_key(&anthropic.received()[0], "anthropic-b", &["openai-a"]);
    assert_eq!(openai.received()[0].header("x-api-key"), None);
    assert_eq!(anthropic.received()[0].header("authorization"), None);
}

#[tokio::test]
async fn a_failover_takes_no_key_along() {
    for (kind, path, header, prefix) in [
        ("openai", CHAT, "authorization", "Bearer "),
        ("anthropic", MESSAGES, "x-api-key", ""),
    ] {
        let (first, second) = (Simulator::start("first").await, Simulator::start("second").await);
        second.require(header, &format!("{prefix}{}", key_of("second")));
        let broker = Broker::start(&Config::failover(kind, &first, &second)).await;
        for failure in [Behaviour::status(503), Behaviour::reset()] {
            first.behave(failure);
            broker.post(path, TOKEN, CALL).await.expect_status(200);
        }
        assert_only_key(&first.received()[0], "first", &["second"]);
        for request in second.received() {
            assert_only_key(&request, "second", &["first"]);
            assert_eq!(
                request.headers.iter().filter(|(name, _)| name == header).count(),
                1
            );
        }
    }
}

#[tokio::test]
async fn what_the_agent_sends_for_the_broker_reaches_no_provider() {
    const PRIVATE: &str = "not-for-providers";
    for (kind, path) in [("openai", CHAT), ("anthropic", MESSAGES)] {
        let (first, second) = (Simulator::start("first").await, Simulator::start("second").await);
        first.behave(Behaviour::status(503));
        let broker = Broker::start(&Config::failover(kind, &first, &second)).await;
        let mut call = broker.call(path, TOKEN, CALL);
        let names = [
            "cookie",
            "proxy-authorization",
            "forwarded",
            "x-forwarded-for",
            "x-forwarded-host",
            "x-forwarded-client-cert",
            "x-real-ip",
            "x-broker-try-0",
            "x-broker-step",
            "x-broker-anything",
            "x-envoy-attempt-count",
            "x-envoy-original-path",
            "x-goog-api-key",
            "api-key",
            "openai-organization",
        ];
        for name in names {
            call = call.header(name, PRIVATE);
        }
        assert_eq!(call.send().await.unwrap().status(), 200);
        for request in [&first.received()[0], &second.received()[0]] {
            assert!(!request.contains(PRIVATE), "{:?}", request.header_names());
            assert!(!request.contains(TOKEN));
            let ours = [
                "x-broker-",
                "x-envoy-",
                "x-forwarded-",
                "cookie",
                "forwarded",
                "x-real-ip",
            ];
            let leaked: Vec<_> = request
                .header_names()
                .into_iter()
                .filter(|name| ours.iter().any(|own| name.starts_with(own)))
                .collect();
            assert!(leaked.is_empty(), "{leaked:?}");
        }
    }
}

#[tokio::test]
async fn both_headers_carry_a_token_on_both_surfaces() {
    let (openai, anthropic) = (
        Simulator::start("openai-a").await,
        Simulator::start("anthropic-b").await,
    );
    let config = Config::new()
        .provider("openai", &openai)
        .provider("anthropic", &anthropic)
        .single("gpt", &openai, "gpt-up")
        .single("claude", &anthropic, "claude-up");
    let broker = Broker::start(&config).await;
    for (path, model, provider) in [(CHAT, "gpt", &openai), (MESSAGES, "claude", &anthropic)] {
        let body = CALL.replace("fast", model);
        let bearer = broker
            .request(reqwest::Method::POST, path)
            .bearer_auth(TOKEN)
            .body(body.clone());
        assert_eq!(bearer.send().await.unwrap().status(), 200, "bearer on {path}");
        let api_key = broker
            .request(reqwest::Method::POST, path)
            .header("x-api-key", TOKEN)
            .body(body);
        assert_eq!(api_key.send().await.unwrap().status(), 200, "x-api-key on {path}");
        for request in provider.received() {
            assert!(!request.contains(TOKEN));
        }
    }
}

#[tokio::test]
async fn secrets_are_written_nowhere() {
    let (first, second) = (Simulator::start("first").await, Simulator::start("second").await);
    let broker = Broker::start(&Config::failover("openai", &first, &second)).await;
    first.then(vec![Behaviour::status(503)]);
    broker.post(CHAT, TOKEN, CALL).await.expect_status(200);
    broker
        .post(CHAT, "wrong-token-of-nobody", CALL)
        .await
        .expect_status(401);
    broker.wait_for_records(2).await;
    let pages = [
        ("the access log", broker.access_log()),
        ("the stats", broker.admin("/stats").await),
        ("the metrics", broker.stats_prometheus().await),
        ("the clusters", broker.admin("/clusters").await),
        ("the output", broker.output()),
    ];
    // What lies beside the configuration is for operators' eyes: it may hold the keys of providers, but no agent's token.
    for file in std::fs::read_dir(broker.dir()).unwrap() {
        let path = file.unwrap().path();
        let content = std::fs::read(&path).unwrap_or_default();
        assert!(
            !String::from_utf8_lossy(&content).contains(TOKEN),
            "an agent's token stands in {}",
            path.display()
        );
    }
    for secret in [
        key_of("first"),
        key_of("second"),
        TOKEN.to_owned(),
        "wrong-token-of-nobody".to_owned(),
    ] {
        for (place, page) in &pages {
            assert!(!page.contains(&secret), "`{secret}` stands in {place}");
        }
    }
}

#[tokio::test]
async fn a_rotated_key_is_taken_without_a_restart() {
    let provider = Simulator::start("account").await;
    let keys = tempfile::TempDir::new().unwrap();
    let file = keys.path().join("key");
    replace(&file, "old-key");
    let config = Config::new()
        .provider_with("openai", &provider, json!({"credential": {"file": file}}))
        .single("fast", &provider, "m");
    let broker = Broker::start(&config).await;
    broker.post(CHAT, TOKEN, CALL).await.expect_status(200);
    assert_eq!(
        provider.received()[0].header("authorization"),
        Some("Bearer old-key")
    );
    replace(&file, "new-key");
    until(PATIENCE, "the new key at the provider", async || {
        provider.clear();
        broker.post(CHAT, TOKEN, CALL).await.expect_status(200);
        (provider.received()[0].header("authorization") == Some("Bearer new-key")).then_some(())
    })
    .await;
}
