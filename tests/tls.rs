//! Providers behind TLS: reached by their name, and only if their certificate is trusted and has that name.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;

use provider_simulator::Simulator;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use crate::harness::{Answer, Broker, CHAT, Config, Identity, Issuer, Record, TOKEN, issuer};

const CALL: &str = r#"{"model":"fast","messages":[{"role":"user","content":"hi"}]}"#;

/// Ends TLS with a certificate for `name` in front of a simulator; gives the port.
async fn front(issuer: &Issuer, name: &str, behind: SocketAddr) -> u16 {
    let acceptor = TlsAcceptor::from(Arc::new(Identity::server(issuer, name).serving()));
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port");
    let port = listener.local_addr().expect("the address").port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                // A client that does not trust the certificate goes away; so may either side later.
                if let Ok(mut agent) = acceptor.accept(stream).await
                    && let Ok(mut provider) = TcpStream::connect(behind).await
                {
                    tokio::io::copy_bidirectional(&mut agent, &mut provider)
                        .await
                        .ok();
                }
            });
        }
    });
    port
}

/// A call through a broker that trusts `trusted` to a provider with a certificate for `name`.
async fn call(trusted: &Issuer, signer: &Issuer, name: &str) -> (Simulator, Answer, Record) {
    call_with(trusted, signer, name, json!({})).await
}

/// The same with further keys of the provider.
async fn call_with(
    trusted: &Issuer,
    signer: &Issuer,
    name: &str,
    mut further: Value,
) -> (Simulator, Answer, Record) {
    let provider = Simulator::start("behind-tls").await;
    provider.set_health(200);
    let port = front(signer, name, provider.address()).await;
    let folder = TempDir::new().expect("a folder");
    let authority: PathBuf = folder.path().join("ca.pem");
    std::fs::write(&authority, trusted.pem()).expect("writing the CA");
    further["endpoint"] = json!(format!("https://localhost:{port}/gateway/v1"));
    let config = Config::new()
        .provider_with("openai", &provider, further)
        .single("fast", &provider, "upstream");
    let broker = config
        .broker()
        .option("--trusted-ca", &authority.display().to_string());
    let broker: Broker = broker.start().await;
    let answer = broker.post(CHAT, TOKEN, CALL).await;
    let record = broker.wait_for_records(1).await.remove(0);
    (provider, answer, record)
}

#[tokio::test]
async fn a_provider_is_reached_by_its_name_below_its_base_path() {
    let trusted = issuer();
    let (provider, answer, record) = call(&trusted, &trusted, "localhost").await;
    answer.expect_status(200);
    let request = &provider.received()[0];
    assert_eq!(request.path, "/gateway/v1/chat/completions");
    assert!(
        request
            .header("host")
            .is_some_and(|host| host.starts_with("localhost:"))
    );
    assert_eq!(record.ways(), [("behind-tls".to_owned(), "200".to_owned())]);
}

#[tokio::test]
async fn a_certificate_that_is_not_trusted_or_has_another_name_is_refused() {
    let trusted = issuer();
    for (signer, name) in [(&issuer(), "localhost"), (&trusted, "elsewhere.example.com")] {
        let (provider, answer, record) = call(&trusted, signer, name).await;
        answer.expect_status(503);
        assert_eq!(provider.count(), 0, "nothing is sent to {name}");
        assert_eq!(
            record.ways(),
            [("behind-tls".to_owned(), "connect_failure".to_owned())]
        );
    }
}

#[tokio::test]
async fn a_health_check_goes_through_tls_too() {
    let trusted = issuer();
    let check = json!({"health_check": {"path": "/health", "interval": "100ms"}});
    let (provider, answer, record) = call_with(&trusted, &trusted, "localhost", check.clone()).await;
    answer.expect_status(200);
    assert_eq!(record.ways(), [("behind-tls".to_owned(), "200".to_owned())]);
    let host = provider.checks()[0].header("host").map(str::to_owned);
    assert!(host.is_some_and(|host| host.starts_with("localhost:")));

    let (provider, answer, record) = call_with(&trusted, &issuer(), "localhost", check).await;
    answer.expect_status(503);
    assert!(provider.checks().is_empty(), "who is not trusted is not asked");
    assert_eq!(record.ways(), [("behind-tls".to_owned(), "unhealthy".to_owned())]);
}
