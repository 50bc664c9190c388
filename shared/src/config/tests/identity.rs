//! By what agents are known, and how agents reach the broker.

mod refused;

use serde_json::{Value, json};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::{TOKEN, loaded, mistakes, put, valid, with, without};
use crate::config::{Audience, KeySet, filter_part, load};
use crate::identity::{ClaimPath, Forwarded, SpiffeTemplate, UserRecord};
use crate::units::Timestamp;

fn warnings(document: &Value) -> Vec<String> {
    loaded(document)
        .warnings
        .iter()
        .map(ToString::to_string)
        .collect()
}

#[test]
fn each_source_of_identity_is_read() {
    let loaded = loaded(&valid());
    let identity = &loaded.snapshot.identity;
    assert_eq!(identity.user, UserRecord::Hashed);
    assert!(identity.tokens.is_some());
    let jwt = identity.jwt.as_ref().unwrap();
    assert_eq!(
        (jwt.header.as_str(), jwt.payload.as_str()),
        ("authorization", "claims")
    );
    assert_eq!(jwt.agent, ClaimPath::new("claims", ["sub"]));
    assert_eq!(jwt.workspace, Some(ClaimPath::new("claims", ["org", "ws"])));
    assert_eq!(
        jwt.attributes[1],
        ("zone".to_owned(), ClaimPath::new("claims", ["zone"]))
    );
    let spiffe = identity.spiffe.as_ref().unwrap();
    assert_eq!(spiffe.forwarded, Forwarded::Always);
    assert_eq!(
        Ok(spiffe.agent.clone()),
        SpiffeTemplate::parse("spiffe://mesh/ns/{workspace}/sa/{agent}")
    );

    let verification = loaded.jwt.as_ref().unwrap();
    assert_eq!(verification.issuer, "https://issuer.example.com");
    assert_eq!(verification.audiences, ["broker"]);
    let KeySet::Remote { url, server } = &verification.keys else {
        panic!("{:?}", verification.keys)
    };
    assert_eq!(url, "https://issuer.example.com/jwks.json");
    assert_eq!((server.host.as_str(), server.port), ("issuer.example.com", 443));
    let tls = loaded.listener.as_ref().unwrap();
    assert_eq!(tls.client_ca.as_deref(), Some("tls/ca.pem"));
}

#[test]
fn little_need_be_said() {
    let mut document = valid();
    put(
        &mut document,
        "/identity",
        json!({"jwt": {}, "spiffe": {"agent": "spiffe://mesh/{agent}"}}),
    );
    put(&mut document, "/listener", json!(null));
    document.as_object_mut().unwrap().remove("listener");
    let loaded = load(&document, Audience::Operator).unwrap();
    let jwt = loaded.snapshot.identity.jwt.clone().unwrap();
    assert_eq!(jwt.namespace, "envoy.filters.http.jwt_authn");
    assert_eq!(jwt.agent, ClaimPath::new("payload", ["sub"]));
    assert_eq!((jwt.workspace, loaded.jwt), (None, None));
    let spiffe = loaded.snapshot.identity.spiffe.as_ref().unwrap();
    assert_eq!(spiffe.forwarded, Forwarded::Never);
    assert_eq!(loaded.snapshot.identity.user, UserRecord::AsGiven);
}

#[test]
fn the_filter_is_not_told_how_envoy_verifies() {
    let part = filter_part(&valid());
    assert_eq!(part.get("listener"), None);
    let jwt = part["identity"]["jwt"].as_object().unwrap();
    for key in ["issuer", "audiences", "jwks"] {
        assert!(!jwt.contains_key(key), "{key}");
    }
    let filters = load(&part, Audience::Filter).unwrap();
    let operators = loaded(&valid());
    assert_eq!(filters.snapshot.version, operators.snapshot.version);
    assert_eq!(filters.snapshot.identity.jwt, operators.snapshot.identity.jwt);
    assert_eq!(
        filters.snapshot.identity.spiffe,
        operators.snapshot.identity.spiffe
    );
}

#[test]
fn an_agent_needs_no_token_where_something_else_makes_it_known() {
    for missing in ["/identity/jwt", "/identity/spiffe"] {
        let mut document = without("/agents/0/token_sha256");
        put(&mut document, missing, json!(null));
        let members = document
            .pointer_mut("/identity")
            .unwrap()
            .as_object_mut()
            .unwrap();
        members.remove(missing.rsplit('/').next().unwrap());
        assert_eq!(loaded(&document).snapshot.agents.len(), 2);
    }
}

#[test]
fn an_agent_needs_a_token_where_nothing_else_makes_it_known() {
    let mut document = without("/agents/0/token_sha256");
    put(&mut document, "/identity", json!({"tokens": true}));
    assert_eq!(mistakes(&document), ["agents[0].token_sha256: is missing"]);
    put(&mut document, "/identity", json!({"tokens": false}));
    assert_eq!(
        mistakes(&document),
        ["identity.tokens: `false` must be `true` where neither `jwt` nor `spiffe` is given"]
    );
}

#[test]
fn a_token_that_is_there_twice_has_one_end() {
    let entry = |expires: &str| json!({"sha256": TOKEN, "expires": expires});
    let end = "2030-01-01T00:00:00Z";
    let same = with(
        "/agents/0/token_sha256",
        json!([entry(end), entry("2030-01-01T01:00:00+01:00")]),
    );
    assert_eq!(loaded(&same).expiries.len(), 3);
    let other = with("/agents/0/token_sha256", json!([entry(end), TOKEN]));
    assert_eq!(
        mistakes(&other),
        ["agents[0].token_sha256[1]: is there twice, with another `expires`"]
    );
}

#[test]
fn tokens_that_have_expired_are_told_at_their_place() {
    let loaded = loaded(&valid());
    let end = Timestamp(1_893_456_000_000_000_000);
    assert_eq!(loaded.expired(Timestamp(end.0 - 1)), []);
    assert_eq!(
        loaded.expired(end)[0].to_string(),
        "agents[1].token_sha256[0]: expired at 2030-01-01T00:00:00.000Z: calls with this token are refused"
    );
}

#[test]
fn an_identity_that_nobody_can_have_is_a_warning() {
    let no_keys = {
        let mut document = without("/identity/jwt/jwks");
        for key in ["issuer", "audiences"] {
            let jwt = document.pointer_mut("/identity/jwt").unwrap();
            jwt.as_object_mut().unwrap().remove(key);
        }
        document
    };
    let unasked = {
        let mut document = without("/identity/spiffe/forwarded");
        document.as_object_mut().unwrap().remove("listener");
        document
    };
    for (document, expected) in [
        (no_keys, "identity.jwt: has no `jwks`"),
        (
            without("/identity/jwt/audiences"),
            "identity.jwt: has no `audiences`",
        ),
        (unasked, "identity.spiffe: finds no certificate"),
        (
            with("/identity/tokens", json!(false)),
            "identity.tokens: `false` lets no token count",
        ),
    ] {
        let found = warnings(&document);
        assert!(found.len() == 1 && found[0].starts_with(expected), "{found:?}");
    }
    let nobody_needs_be_named = with("/agents", json!([]));
    let mut document = nobody_needs_be_named;
    put(&mut document, "/rules", json!([]));
    assert_eq!(warnings(&document), Vec::<String>::new());
}
