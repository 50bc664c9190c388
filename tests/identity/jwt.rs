//! JWTs that Envoy verifies with a local key set.

use provider_simulator::Simulator;
use reqwest::Method;
use serde_json::{Value, json};
use tempfile::TempDir;
use wiremock::matchers::{method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use super::{CALL, caller, config, expect_refused};
use crate::harness::{
    Answer, Broker, CHAT, JwtIssuer, MESSAGES, PATIENCE, TOKEN, key_of, replace, seconds_from_now, until,
};

const ISSUER: &str = "https://issuer.example.com";

struct Setup {
    provider: Simulator,
    issuer: JwtIssuer,
    keys: TempDir,
    broker: Broker,
}

impl Setup {
    async fn new() -> Self {
        let (provider, issuer) = (Simulator::start("account").await, JwtIssuer::new());
        let keys = TempDir::new().expect("a folder");
        let file = keys.path().join("jwks.json");
        replace(&file, &issuer.key_set());
        let identity = json!({"jwt": {
            "issuer": ISSUER, "audiences": ["broker"], "jwks": {"file": file},
            "workspace": "ws", "tenant": "org", "attributes": ["tier", "region"],
        }});
        let broker = Broker::start(&config(&provider, identity)).await;
        Self {
            provider,
            issuer,
            keys,
            broker,
        }
    }

    async fn call(&self, jwt: &str) -> Answer {
        self.broker.post(CHAT, jwt, CALL).await
    }
}

/// Claims that hold for a minute, with some set anew.
fn claims(changes: Value) -> Value {
    let mut claims = json!({"iss": ISSUER, "aud": "broker", "sub": "bot", "exp": seconds_from_now(60)});
    let Value::Object(changes) = changes else {
        panic!("claims are an object")
    };
    claims.as_object_mut().expect("an object").extend(changes);
    claims
}

#[tokio::test]
async fn a_verified_jwt_names_the_agent_and_goes_no_further() {
    let setup = Setup::new().await;
    let configured = setup.issuer.sign(&claims(json!({"ws": "lab", "org": "acme"})));
    setup.call(&configured).await.expect_status(200);
    let taken_in = setup
        .issuer
        .sign(&claims(json!({"sub": "auth0|7", "ws": "lab", "tier": "gold"})));
    setup.call(&taken_in).await.expect_status(200);
    setup.broker.post(CHAT, TOKEN, CALL).await.expect_status(200);
    let list = setup
        .broker
        .request(Method::GET, "/v1/models")
        .bearer_auth(&configured);
    Answer::of(list).await.expect_status(200);

    let records = setup.broker.wait_for_records(4).await;
    assert_eq!(caller(&records[0]), ["bot", "lab", "jwt"]);
    assert_eq!(records[0].text("llm.tier"), "standard");
    assert_eq!(records[0].text("llm.tenant"), "acme");
    assert_eq!(caller(&records[1]), ["auth0|7", "lab", "jwt"]);
    assert_eq!(records[1].text("llm.tier"), "gold");
    assert_eq!(caller(&records[2]), ["bot", "lab", "token"]);

    let pages = [
        setup.broker.access_log(),
        setup.broker.output(),
        setup.broker.admin("/stats").await,
    ];
    for part in configured.split('.').chain(taken_in.split('.')).skip(1) {
        assert!(
            pages.iter().all(|page| !page.contains(part)),
            "a part of a JWT is written"
        );
        for request in setup.provider.received() {
            assert!(!request.contains(part), "a part of a JWT goes to a provider");
            let key = format!("Bearer {}", key_of("account"));
            assert_eq!(request.header("authorization"), Some(key.as_str()));
        }
    }
    let metrics = setup.broker.stats_prometheus().await;
    assert!(
        !metrics.contains("auth0"),
        "only names of the configuration are labels"
    );
}

#[tokio::test]
async fn a_jwt_that_does_not_hold_is_no_identity() {
    let setup = Setup::new().await;
    let sign = |changes: Value| setup.issuer.sign(&claims(changes));
    let good = sign(json!({}));
    let (signed, _) = good.rsplit_once('.').expect("three parts");
    let header_of_none = "eyJhbGciOiJub25lIn0";
    let payload = good.split('.').nth(1).expect("three parts");
    for (what, jwt) in [
        ("expired", sign(json!({"exp": seconds_from_now(-120)}))),
        ("not yet valid", sign(json!({"nbf": seconds_from_now(600)}))),
        (
            "of another issuer",
            sign(json!({"iss": "https://evil.example.com"})),
        ),
        ("for somebody else", sign(json!({"aud": "another-service"}))),
        ("with another's key", JwtIssuer::new().sign(&claims(json!({})))),
        ("without a signature", format!("{signed}.")),
        (
            "with an algorithm that is none",
            format!("{header_of_none}.{payload}."),
        ),
        ("with a broken payload", good.replacen("eyJ", "eyK", 1)),
    ] {
        let answer = setup.call(&jwt).await;
        assert_eq!(answer.status, 401, "{what}: {}", answer.text());
        expect_refused(&answer, "invalid_api_key");
        let twice = setup
            .broker
            .call(CHAT, &jwt, CALL)
            .header("authorization", format!("Bearer {good}"));
        expect_refused(&Answer::of(twice).await, "invalid_api_key");
        let beside = setup.broker.call(CHAT, &jwt, CALL).header("x-api-key", TOKEN);
        let answer = Answer::of(beside).await;
        assert_eq!(answer.status, 401, "{what}, beside a token: {}", answer.text());
    }
    assert_eq!(setup.provider.count(), 0);
    let none = setup.broker.request(Method::POST, MESSAGES).body(CALL);
    let answer = Answer::of(none).await;
    answer.expect_status(401);
    assert_eq!(answer.json()["error"]["type"], "authentication_error");
    setup.call(&good).await.expect_status(200);
}

#[tokio::test]
async fn claims_are_held_against_the_configuration() {
    let setup = Setup::new().await;
    for (changes, code) in [
        (json!({"ws": "vault"}), "identities_disagree"),
        (json!({"org": "other"}), "identities_disagree"),
        (json!({"sub": "stranger"}), "unknown_agent"),
        (json!({"sub": "stranger", "ws": "nowhere"}), "unknown_agent"),
        (
            json!({"sub": "stranger", "ws": "lab", "org": "other"}),
            "identities_disagree",
        ),
        (json!({"sub": ""}), "invalid_api_key"),
        (json!({"sub": null}), "invalid_api_key"),
        (json!({"sub": "b\u{f6}t"}), "invalid_api_key"),
        (json!({"sub": "x".repeat(300), "ws": "lab"}), "invalid_api_key"),
        (json!({"tier": 7}), "invalid_api_key"),
        (json!({"tier": true}), "invalid_api_key"),
        (json!({"ws": ["lab"]}), "invalid_api_key"),
        (json!({"ws": {"name": "lab"}}), "invalid_api_key"),
        (json!({"ws": []}), "invalid_api_key"),
    ] {
        let jwt = setup.issuer.sign(&claims(changes.clone()));
        let answer = setup.call(&jwt).await;
        assert_eq!(answer.status, 401, "{changes}: {}", answer.text());
        assert_eq!(answer.json()["error"]["code"], code, "{changes}");
    }
    assert_eq!(setup.provider.count(), 0);
}

#[tokio::test]
async fn a_jwt_and_a_token_name_the_same_agent() {
    let setup = Setup::new().await;
    let jwt = setup.issuer.sign(&claims(json!({})));
    let with = |token: &str| setup.broker.call(CHAT, &jwt, CALL).header("x-api-key", token);
    Answer::of(with(TOKEN)).await.expect_status(200);
    expect_refused(&Answer::of(with("token-of-other")).await, "identities_disagree");
    expect_refused(&Answer::of(with("forged")).await, "invalid_api_key");
    let records = setup.broker.wait_for_records(3).await;
    assert_eq!(caller(&records[0]), ["bot", "lab", "jwt"]);
    assert_eq!(records[1].text("llm.error"), "identities_disagree");
    assert!(!records[1].has("llm.agent"));
}

#[tokio::test]
async fn keys_are_fetched_from_the_issuer() {
    let (provider, issuer) = (Simulator::start("account").await, JwtIssuer::new());
    let server = MockServer::start().await;
    Mock::given(method("GET"))
        .and(path("/keys"))
        .respond_with(ResponseTemplate::new(200).set_body_string(issuer.key_set()))
        .mount(&server)
        .await;
    let identity = json!({"tokens": false, "jwt": {
        "issuer": ISSUER, "audiences": ["broker"], "jwks": {"uri": server.uri() + "/keys"}, "header": "x-agent",
    }});
    let broker = Broker::start(&config(&provider, identity)).await;
    let call = async |jwt: &str| {
        let call = broker.call(CHAT, "unused", CALL).header("x-agent", jwt);
        Answer::of(call).await
    };
    let jwt = issuer.sign(&claims(json!({})));
    until(PATIENCE, "the issuer's keys", async || {
        (call(&jwt).await.status == 200).then_some(())
    })
    .await;
    expect_refused(&call("forged").await, "invalid_api_key");
    expect_refused(&broker.post(CHAT, TOKEN, CALL).await, "invalid_api_key");
    assert!(provider.received().iter().all(|request| !request.contains("eyJ")));
}

#[tokio::test]
async fn a_key_set_that_is_none_is_told_before_anything_starts() {
    let provider = Simulator::start("account").await;
    let folder = TempDir::new().expect("a folder");
    let file = folder.path().join("jwks.json");
    replace(&file, "a-secret-of-somebody");
    let identity = json!({"jwt": {"issuer": ISSUER, "audiences": ["broker"], "jwks": {"file": file}}});
    let exit = config(&provider, identity).broker().refused().await;
    assert!(exit.stderr.contains("is no JSON Web Key Set"), "{}", exit.stderr);
    assert!(!exit.stderr.contains("a-secret"), "{}", exit.stderr);
}

#[tokio::test]
async fn a_new_key_is_taken_without_a_restart() {
    let setup = Setup::new().await;
    let jwt = setup.issuer.sign(&claims(json!({})));
    setup.call(&jwt).await.expect_status(200);
    let next = JwtIssuer::new();
    replace(&setup.keys.path().join("jwks.json"), &next.key_set());
    let new = next.sign(&claims(json!({})));
    until(PATIENCE, "the new key", async || {
        (setup.call(&new).await.status == 200).then_some(())
    })
    .await;
    expect_refused(&setup.call(&jwt).await, "invalid_api_key");
}
