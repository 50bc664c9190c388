//! Requests to AWS are signed by Envoy. The simulated service makes each signature anew, out of what arrived.

use provider_simulator::{Behaviour, SigningKeys, Simulator, Vendor};
use serde_json::{Value, json};

use super::{CLAUDE, NOVA, call};
use crate::harness::{Broker, CHAT, Config, MESSAGES, TOKEN};

const REGION: &str = "eu-central-1";

fn keys(name: &str) -> SigningKeys {
    SigningKeys {
        id: format!("AKIA{}", name.to_uppercase()),
        secret: format!("secret/of+{name}"),
        region: REGION.to_owned(),
        service: "bedrock".to_owned(),
    }
}

/// A service that takes only what is signed with the keys of its name.
async fn service(name: &str) -> Simulator {
    let service = Simulator::start_as(Vendor::Bedrock, name).await;
    service.require_signature(keys(name));
    service
}

/// A file of AWS's own form with the keys of these accounts.
fn file(folder: &tempfile::TempDir, names: &[&str]) -> String {
    let profile = |name: &&str| {
        let keys = keys(name);
        format!(
            "[{name}]\naws_access_key_id={}\naws_secret_access_key={}\n",
            keys.id, keys.secret
        )
    };
    let path = folder.path().join("credentials");
    std::fs::write(&path, names.iter().map(profile).collect::<String>()).unwrap();
    path.to_str().expect("a path").to_owned()
}

fn signed(file: &str, profile: &str, further: &Value) -> Value {
    let mut provider = json!({"credential": {"aws": {"region": REGION, "file": file, "profile": profile}}});
    if let (Some(own), Some(further)) = (provider.as_object_mut(), further.as_object()) {
        own.extend(further.clone());
    }
    provider
}

#[tokio::test]
async fn every_attempt_is_signed_with_its_own_accounts_keys() {
    let folder = tempfile::tempdir().unwrap();
    let (first, second) = (service("one").await, service("two").await);
    let file = file(&folder, &["one", "two"]);
    // The second has less time than the first, and is reached through a hop inside Envoy.
    let hop = json!({"timeout": {"first_byte": "20s"}});
    let mut config = Config::new()
        .provider_with("bedrock", &first, signed(&file, "one", &json!({})))
        .provider_with("bedrock", &second, signed(&file, "two", &hop));
    let profile = "arn:aws:bedrock:eu-central-1:123456789012:application-inference-profile/a+b@c";
    for (name, model) in [("nova", NOVA), ("claude", CLAUDE), ("profile", profile)] {
        let members = json!({"members": [
            {"provider": "one", "model": model, "priority": 0},
            {"provider": "two", "model": model, "priority": 1}]});
        config = config.pool(name, members).model(name, name);
    }
    let broker = Broker::start(&config).await;
    let long = "x".repeat(300_000);
    for model in ["nova", "claude", "profile"] {
        for (path, stream, fails) in [
            (CHAT, false, false),
            (CHAT, true, true),
            (MESSAGES, true, false),
            (MESSAGES, false, true),
        ] {
            let name = format!("{model}, {path}, stream: {stream}, fails: {fails}");
            first.clear();
            second.clear();
            if fails {
                first.then(vec![Behaviour::status(500)]);
            }
            let body = call(model, &format!("{long} say: signed"), stream).to_string();
            let answer = broker.post(path, TOKEN, body).await;
            assert_eq!(answer.status, 200, "{name}: {}", answer.text());
            assert_eq!(answer.said(), "signed", "{name}");
            assert!(fails || second.count() == 0, "{name}");
            for received in first.received().iter().chain(&second.received()) {
                assert!(!received.contains(TOKEN), "{name}");
                assert!(!received.contains("secret/of+"), "{name}");
                let authorization = received.header("authorization").unwrap_or_default();
                assert!(
                    authorization.starts_with("AWS4-HMAC-SHA256 "),
                    "{name}: {authorization}"
                );
                assert!(!received.header_names().contains(&"x-api-key"), "{name}");
            }
        }
    }
}

#[tokio::test]
async fn keys_of_another_account_are_refused_and_that_is_not_the_agents_fault() {
    let folder = tempfile::tempdir().unwrap();
    let one = service("one").await;
    one.require_signature(keys("other"));
    let file = file(&folder, &["one"]);
    let config = Config::new()
        .provider_with("bedrock", &one, signed(&file, "one", &json!({})))
        .single("nova", &one, NOVA);
    let broker = Broker::start(&config).await;
    let answer = broker
        .post(CHAT, TOKEN, call("nova", "hi", false).to_string())
        .await;
    answer.expect_status(502);
    assert!(!answer.text().contains("AKIA"), "{}", answer.text());
    assert_eq!(one.count(), 1);
}

#[tokio::test]
async fn keys_in_the_environment_are_found_by_envoy_itself() {
    let one = service("one").await;
    let credential = json!({"credential": {"aws": {"region": REGION}}});
    let config = Config::new()
        .provider_with("bedrock", &one, credential)
        .single("nova", &one, NOVA);
    let keys = keys("one");
    let broker = config
        .broker()
        .env("AWS_ACCESS_KEY_ID", &keys.id)
        .env("AWS_SECRET_ACCESS_KEY", &keys.secret)
        .start()
        .await;
    let answer = broker
        .post(MESSAGES, TOKEN, call("nova", "say: signed", true).to_string())
        .await;
    assert_eq!(answer.said(), "signed", "{}", answer.text());
    for file in std::fs::read_dir(broker.dir()).unwrap() {
        let path = file.unwrap().path();
        let text = std::fs::read(&path).unwrap_or_default();
        assert!(
            !String::from_utf8_lossy(&text).contains(&keys.secret),
            "{}",
            path.display()
        );
    }
}
