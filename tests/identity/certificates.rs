//! Clients with certificates, and proxies that tell of them.

use provider_simulator::Simulator;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::{CALL, caller, config, expect_refused};
use crate::harness::{
    Answer, Broker, CHAT, Identity, Issuer, PATIENCE, RawClient, TOKEN, issuer, raw_request, replace,
    tls_connect, until,
};

const TEMPLATE: &str = "spiffe://mesh/ns/{workspace}/sa/{agent}";
const BOT: &str = "spiffe://mesh/ns/lab/sa/bot";

struct Setup {
    authority: Issuer,
    provider: Simulator,
    files: TempDir,
    broker: Broker,
}

impl Setup {
    async fn new() -> Self {
        Self::with(json!({"spiffe": {"agent": TEMPLATE}})).await
    }

    async fn with(identity: Value) -> Self {
        let (provider, authority) = (Simulator::start("account").await, issuer());
        let files = TempDir::new().expect("a folder");
        let file = |name: &str| files.path().join(name);
        Identity::server(&authority, "localhost").write(&file("server.pem"), &file("server.key"));
        replace(&file("ca.pem"), &authority.pem());
        let tls = json!({
            "certificate": file("server.pem"), "key": file("server.key"), "client_ca": file("ca.pem"),
        });
        let config = config(&provider, identity).set("listener", json!({"tls": tls}));
        Self {
            authority,
            provider,
            files,
            broker: Broker::start(&config).await,
        }
    }

    /// A call over TLS; the status and the error's code, nothing if the connection is refused.
    async fn call(&self, identity: Option<&Identity>, headers: &[(&[u8], &[u8])]) -> Option<(u16, Value)> {
        let stream = tls_connect(self.broker.address(), &self.authority, identity)
            .await
            .ok()?;
        let request = raw_request("POST", CHAT, headers, CALL.as_bytes());
        let answer = RawClient::over(stream).send(&request).await?;
        Some((answer.status, answer.json()["error"]["code"].clone()))
    }
}

#[tokio::test]
async fn a_certificate_of_the_ca_names_the_agent() {
    let setup = Setup::new().await;
    let bot = Identity::client(&setup.authority, BOT);
    assert_eq!(setup.call(Some(&bot), &[]).await, Some((200, Value::Null)));
    let taken_in = Identity::client(&setup.authority, "spiffe://mesh/ns/vault/sa/new");
    assert_eq!(setup.call(Some(&taken_in), &[]).await, Some((200, Value::Null)));
    let token = format!("Bearer {TOKEN}");
    let headers: [(&[u8], &[u8]); 1] = [(b"authorization", token.as_bytes())];
    assert_eq!(setup.call(None, &headers).await, Some((200, Value::Null)));
    assert_eq!(setup.call(Some(&bot), &headers).await, Some((200, Value::Null)));
    let records = setup.broker.wait_for_records(4).await;
    assert_eq!(caller(&records[0]), ["bot", "lab", "spiffe"]);
    assert_eq!(caller(&records[1]), ["new", "vault", "spiffe"]);
    assert_eq!(caller(&records[2]), ["bot", "lab", "token"]);
    assert_eq!(caller(&records[3]), ["bot", "lab", "spiffe"]);
    for request in setup.provider.received() {
        assert!(!request.contains("spiffe"), "{:?}", request.header_names());
    }
}

#[tokio::test]
async fn a_certificate_that_names_no_agent_or_another_is_refused() {
    let setup = Setup::new().await;
    let invalid = |code: &str| Some((401, json!(code)));
    let client = |id: &str| Identity::client(&setup.authority, id);
    let foreign = Identity::client(&issuer(), BOT);
    assert_eq!(setup.call(Some(&foreign), &[]).await, None, "of another CA");
    assert_eq!(setup.call(None, &[]).await, invalid("invalid_api_key"));
    for (id, code) in [
        ("spiffe://other/ns/lab/sa/bot", "invalid_api_key"),
        ("spiffe://mesh/ns/lab/sa/bot/x", "invalid_api_key"),
        ("spiffe://mesh/ns/vault/sa/bot", "identities_disagree"),
        ("spiffe://mesh/ns/nowhere/sa/new", "unknown_agent"),
    ] {
        assert_eq!(setup.call(Some(&client(id)), &[]).await, invalid(code), "{id}");
    }
    let headers: [(&[u8], &[u8]); 1] = [(b"x-api-key", b"token-of-other")];
    assert_eq!(
        setup.call(Some(&client(BOT)), &headers).await,
        invalid("identities_disagree")
    );
    assert_eq!(setup.provider.count(), 0);
}

#[tokio::test]
async fn renewed_certificates_are_taken_without_a_restart() {
    let mut setup = Setup::new().await;
    let before = Identity::client(&setup.authority, BOT);
    assert_eq!(setup.call(Some(&before), &[]).await, Some((200, Value::Null)));
    let next = issuer();
    let file = |name: &str| setup.files.path().join(name);
    Identity::server(&next, "localhost").write(&file("server.pem"), &file("server.key"));
    replace(&file("ca.pem"), &next.pem());
    let after = Identity::client(&next, BOT);
    setup.authority = next;
    until(PATIENCE, "the new certificates", async || {
        let called = setup.call(Some(&after), &[]).await;
        called.filter(|called| *called == (200, Value::Null))
    })
    .await;
    assert_eq!(setup.call(Some(&before), &[]).await, None, "of the CA before");
}

#[tokio::test]
async fn a_certificate_that_is_missing_is_told_before_anything_starts() {
    let provider = Simulator::start("account").await;
    let tls = json!({"tls": {"certificate": "server.pem", "key": "server.key"}});
    let config = config(&provider, json!({})).set("listener", tls);
    let exit = config.broker().refused().await;
    assert!(
        exit.stderr.contains("listener.tls: cannot read "),
        "{}",
        exit.stderr
    );
}

#[tokio::test]
async fn what_a_client_says_of_a_certificate_is_not_believed() {
    let setup = Setup::new().await;
    let forged = format!("By=spiffe://mesh/proxy;URI={BOT}");
    let headers: [(&[u8], &[u8]); 1] = [(b"x-forwarded-client-cert", forged.as_bytes())];
    assert_eq!(
        setup.call(None, &headers).await,
        Some((401, json!("invalid_api_key")))
    );
    let other = Identity::client(&setup.authority, "spiffe://mesh/ns/lab/sa/other");
    assert_eq!(setup.call(Some(&other), &headers).await, Some((200, Value::Null)));
    let records = setup.broker.wait_for_records(2).await;
    assert_eq!(caller(&records[1]), ["other", "lab", "spiffe"]);
}

#[tokio::test]
async fn a_proxy_in_front_is_believed_where_the_configuration_says_so() {
    let provider = Simulator::start("account").await;
    let identity = json!({"spiffe": {"agent": TEMPLATE, "forwarded": true}});
    let broker = Broker::start(&config(&provider, identity)).await;
    let call = |value: &str| {
        let call = broker.request(reqwest::Method::POST, CHAT).body(CALL);
        call.header("x-forwarded-client-cert", value)
    };
    let own = format!("By=spiffe://mesh/sidecar;Hash=ab12;Subject=\"CN=a, O=b\";URI={BOT}");
    Answer::of(call(&own)).await.expect_status(200);
    let hearsay = format!("URI=spiffe://mesh/ns/vault/sa/other,{own}");
    Answer::of(call(&hearsay)).await.expect_status(200);
    for unreadable in ["nonsense", "URI=\"", &format!("URI={BOT};URI={BOT}")] {
        expect_refused(&Answer::of(call(unreadable)).await, "invalid_api_key");
    }
    for record in &broker.wait_for_records(5).await[..2] {
        assert_eq!(caller(record), ["bot", "lab", "spiffe"]);
    }
    for request in provider.received() {
        assert!(!request.contains("spiffe"), "{:?}", request.header_names());
    }
}

#[tokio::test]
async fn a_proxy_is_believed_by_its_own_certificate() {
    let proxy = "spiffe://mesh/ns/edge/sa/gateway";
    let setup = Setup::with(json!({"spiffe": {"agent": TEMPLATE, "forwarded": [proxy]}})).await;
    let client = |id: &str| Identity::client(&setup.authority, id);
    let told = format!("URI={BOT}");
    let headers: [(&[u8], &[u8]); 1] = [(b"x-forwarded-client-cert", told.as_bytes())];
    assert_eq!(
        setup.call(Some(&client(proxy)), &headers).await,
        Some((200, Value::Null))
    );
    let other = client("spiffe://mesh/ns/lab/sa/other");
    assert_eq!(setup.call(Some(&other), &headers).await, Some((200, Value::Null)));
    assert_eq!(
        setup.call(None, &headers).await,
        Some((401, json!("invalid_api_key")))
    );
    let records = setup.broker.wait_for_records(3).await;
    assert_eq!(caller(&records[0]), ["bot", "lab", "spiffe"]);
    assert_eq!(caller(&records[1]), ["other", "lab", "spiffe"]);
}
