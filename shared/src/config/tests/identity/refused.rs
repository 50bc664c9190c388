//! What an identity may not be.

use serde_json::json;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use crate::config::tests::{mistakes, with, without};

#[test]
fn what_a_jwt_may_not_be_says_what_would_be_right() {
    for (pointer, value, expected) in [
        (
            "/identity/jwt/jwks",
            json!({}),
            "identity.jwt.jwks: must have either `file` or `uri`",
        ),
        (
            "/identity/jwt/jwks/file",
            json!("keys.json"),
            "identity.jwt.jwks: must have either",
        ),
        (
            "/identity/jwt/jwks/uri",
            json!("http://issuer.example.com/jwks.json"),
            "must begin with `https://` unless it is on this machine",
        ),
        (
            "/identity/jwt/jwks/uri",
            json!("issuer"),
            "identity.jwt.jwks.uri: must begin with `https://`",
        ),
        (
            "/identity/jwt/namespace",
            json!("mine"),
            "identity.jwt: `{...}` cannot have another `namespace`",
        ),
        (
            "/identity/jwt/payload",
            json!(""),
            "identity.jwt.payload: must not be empty",
        ),
        (
            "/identity/jwt/header",
            json!("x-broker-jwt"),
            "must be a header that agents may send",
        ),
        ("/identity/jwt/header", json!("a b"), "must be a header's name"),
        (
            "/identity/jwt/agent",
            json!([]),
            "identity.jwt.agent: `[]` must name a claim",
        ),
        (
            "/identity/jwt/agent",
            json!(["a", 7]),
            "identity.jwt.agent[1]: `7` must be text",
        ),
        (
            "/identity/jwt/workspace",
            json!(""),
            "identity.jwt.workspace: must name a claim",
        ),
        (
            "/identity/jwt/attributes",
            json!(["agent"]),
            "cannot be an attribute",
        ),
        (
            "/identity/jwt/attributes",
            json!("tier"),
            "identity.jwt.attributes: must be a list",
        ),
    ] {
        let found = mistakes(&with(pointer, value)).join("\n");
        assert!(found.contains(expected), "{pointer}: {found}");
    }
}

#[test]
fn what_a_certificate_or_a_token_may_not_be_says_what_would_be_right() {
    let template = "/identity/spiffe/agent";
    for (pointer, value, expected) in [
        (
            template,
            json!("https://mesh/{agent}"),
            "must be a SPIFFE id such as",
        ),
        (template, json!("spiffe://mesh/{user}"), "must have segments of"),
        (template, json!("spiffe://mesh/sa"), "must have `{agent}` once"),
        (
            "/identity/spiffe/forwarded",
            json!("yes"),
            "must be `true`, `false`, or the SPIFFE ids of proxies",
        ),
        (
            "/identity/spiffe/forwarded",
            json!(["gateway"]),
            "identity.spiffe.forwarded[0]: `gateway` must be",
        ),
        (
            "/identity/record_user",
            json!("sha"),
            "must be `true`, `false` or `hash`",
        ),
        ("/identity/tokens", json!("yes"), "must be `true` or `false`"),
        (
            "/listener/tls/key",
            json!(7),
            "listener.tls.key: must be the path of a file",
        ),
        ("/listener/tls", json!({}), "listener.tls.certificate: is missing"),
        ("/listener/port", json!(1), "listener.port: is not a key here"),
        (
            "/agents/1/token_sha256/0/expires",
            json!("2030-01-01"),
            "must be a point in time",
        ),
        (
            "/agents/1/token_sha256/0/expires",
            json!(7),
            "must be a point in time",
        ),
        ("/agents/1/token_sha256/0/until", json!("x"), "is not a key here"),
    ] {
        let found = mistakes(&with(pointer, value)).join("\n");
        assert!(found.contains(expected), "{pointer}: {found}");
    }
    for (pointer, expected) in [
        (
            "/identity/jwt/issuer",
            "identity.jwt: must have the `issuer` whose JWTs are taken",
        ),
        (
            "/identity/jwt/jwks",
            "identity.jwt.issuer: `https://issuer.example.com` says nothing without `jwks`",
        ),
        ("/identity/spiffe/agent", "identity.spiffe.agent: is missing"),
    ] {
        let found = mistakes(&without(pointer)).join("\n");
        assert!(found.contains(expected), "{pointer}: {found}");
    }
}
