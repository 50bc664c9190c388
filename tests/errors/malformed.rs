//! Calls that no proper HTTP client makes.

use provider_simulator::Simulator;

use super::{GOOD, Setup, error};
use crate::harness::{CHAT, MESSAGES, RawClient, TOKEN, raw_request};

/// Names and values as they are sent.
type Headers<'a> = Vec<(&'a [u8], &'a [u8])>;

#[tokio::test]
async fn a_body_of_50_megabytes() {
    let setup = Setup::new().await;
    let long = "x".repeat(50 * 1024 * 1024);
    let body = format!(r#"{{"model":"fast","messages":[{{"role":"user","content":"{long}"}}]}}"#);
    for path in [CHAT, MESSAGES] {
        let bearer = format!("Bearer {TOKEN}");
        let request = raw_request(
            "POST",
            path,
            &[(b"authorization", bearer.as_bytes())],
            body.as_bytes(),
        );
        let answer = RawClient::connect(setup.broker.address())
            .await
            .send(&request)
            .await
            .expect("an answer");
        assert_eq!(answer.status, 413, "{}", answer.head);
        error(path, &answer.json());
    }
    setup.expect_unharmed("50 megabytes").await;
}

#[tokio::test]
async fn headers_nobody_should_send() {
    let setup = Setup::new().await;
    let bearer = format!("Bearer {TOKEN}").into_bytes();
    let many: Vec<Vec<u8>> = (0..200)
        .map(|number| format!("x-many-{number}").into_bytes())
        .collect();
    let many: Vec<(&[u8], &[u8])> = many.iter().map(|name| (name.as_slice(), b"1".as_ref())).collect();
    let long = vec![b'a'; 200_000];
    let cases: Vec<(&str, Headers<'_>)> = vec![
        (
            "two different tokens",
            vec![(b"authorization", &bearer), (b"authorization", b"Bearer other")],
        ),
        (
            "a good and a wrong token",
            vec![(b"authorization", &bearer), (b"x-api-key", b"other")],
        ),
        (
            "bytes that are no text in the token",
            vec![(b"authorization", b"Bearer \xff\xfe\x80")],
        ),
        (
            "bytes that are no text in x-api-key",
            vec![(b"x-api-key", b"\xc3\x28")],
        ),
        (
            "bytes that are no text elsewhere",
            vec![(b"authorization", &bearer), (b"x-broker-step", b"\xff\x80")],
        ),
        (
            "bytes that are no text as the type",
            vec![(b"authorization", &bearer), (b"content-type", b"\xe9\xff")],
        ),
        (
            "200 headers",
            [vec![(b"authorization".as_ref(), bearer.as_slice())], many].concat(),
        ),
        (
            "a header of 200 kB",
            vec![(b"authorization", &bearer), (b"x-long", &long)],
        ),
        (
            "an attempt count",
            vec![(b"authorization", &bearer), (b"x-envoy-attempt-count", b"7")],
        ),
        (
            "a content-length twice",
            vec![(b"authorization", &bearer), (b"content-length", b"3")],
        ),
    ];
    for (what, headers) in cases {
        for path in [CHAT, MESSAGES] {
            let request = raw_request("POST", path, &headers, GOOD.as_bytes());
            let answer = RawClient::connect(setup.broker.address())
                .await
                .send(&request)
                .await;
            let status = answer.map_or(0, |answer| answer.status);
            // Which of them are served is Envoy's and the token's business; none may be a failure of the broker.
            assert!(
                status == 200 || (400..500).contains(&status),
                "{what} on {path}: {status}"
            );
            if what.starts_with("two different")
                || what.contains("no text in the token")
                || what.contains("x-api-key")
            {
                assert!([400, 401].contains(&status), "{what} on {path}: {status}");
            }
        }
        setup.providers.iter().for_each(Simulator::clear);
        setup.expect_unharmed(what).await;
    }
}

#[tokio::test]
async fn calls_that_are_no_http() {
    let setup = Setup::new().await;
    let bytes: [(&str, &[u8]); 4] = [
        ("noise", b"\x00\x01\x02\x03\r\n\r\n"),
        (
            "a TLS hello",
            b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
        ),
        (
            "no host",
            b"POST /v1/messages HTTP/1.1\r\ncontent-length: 0\r\n\r\n",
        ),
        ("an odd version", b"POST /v1/messages HTTP/9.9\r\nhost: a\r\n\r\n"),
    ];
    for (what, bytes) in bytes {
        if let Some(answer) = RawClient::connect(setup.broker.address()).await.send(bytes).await {
            assert!((400..=505).contains(&answer.status), "{what}: {}", answer.head);
        }
        setup.expect_unharmed(what).await;
    }
}
