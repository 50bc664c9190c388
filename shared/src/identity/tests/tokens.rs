//! Broker tokens.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::*;

fn by_token(pairs: &[(&str, &[u8])]) -> Result<String, IdentityError> {
    let facts = Facts::default();
    let known = identify_with(&json!({}), pairs, &facts);
    assert_eq!(facts.questions.get(), 0, "tokens alone ask nothing of the host");
    known.map(|known| known.agent.name.to_string())
}

#[test]
fn an_agent_is_known_by_its_token_in_either_header() {
    for pairs in [
        &[("authorization", &b"Bearer secret"[..])][..],
        &[("authorization", b"bearer  secret ")],
        &[("x-api-key", b"secret")],
        &[("x-api-key", b"secret"), ("authorization", b"Bearer secret")],
    ] {
        assert_eq!(by_token(pairs).as_deref(), Ok("bot"), "{pairs:?}");
    }
}

#[test]
fn whatever_is_no_known_token_is_refused_with_its_reason() {
    let long = vec![b'x'; MAX_TOKEN + 1];
    for (pairs, error) in [
        (&[][..], IdentityError::Missing),
        (
            &[("authorization", &b"Bearer Secret"[..])],
            IdentityError::Unknown,
        ),
        (&[("authorization", b"Basic secret")], IdentityError::Malformed),
        (&[("authorization", b"Bearer ")], IdentityError::Malformed),
        (&[("authorization", b"\xff\xfe")], IdentityError::Malformed),
        (&[("x-api-key", b"")], IdentityError::Malformed),
        (&[("x-api-key", b"\xff")], IdentityError::Unknown),
        (&[("x-api-key", &long)], IdentityError::Malformed),
        (
            &[("x-api-key", b"secret"), ("x-api-key", b"secret")],
            IdentityError::Malformed,
        ),
        (
            &[
                ("authorization", b"Bearer secret"),
                ("authorization", b"Bearer secret"),
            ],
            IdentityError::Malformed,
        ),
        (
            &[("x-api-key", b"secret"), ("authorization", b"Bearer other")],
            IdentityError::TwoTokens,
        ),
        // Without JWTs in the configuration, one is a token like any other.
        (&[("authorization", b"Bearer eyJ.eyJ.x")], IdentityError::Unknown),
    ] {
        assert_eq!(by_token(pairs), Err(error), "{pairs:?}");
    }
}

#[test]
fn tokens_rotate_without_a_gap_and_an_expired_one_is_as_good_as_unknown() {
    let by = |token: &'static [u8]| by_token(&[("x-api-key", token)]);
    assert_eq!(by(b"secret").as_deref(), Ok("bot"), "one without an end");
    assert_eq!(by(b"new").as_deref(), Ok("bot"), "a second before its end");
    assert_eq!(by(b"old"), Err(IdentityError::Unknown), "at its end");
    assert_eq!(by(b"old"), by(b"never known"));
}

#[test]
fn where_tokens_do_not_count_what_is_in_their_place_is_passed_over() {
    let certificates = json!({"tokens": false, "spiffe": {"agent": "spiffe://mesh/{agent}"}});
    let placeholder = [("authorization", &b"Bearer unused"[..])];
    let facts = Facts::certificate("spiffe://mesh/bot");
    assert_eq!(
        who(&certificates, &placeholder, &facts).as_deref(),
        Ok("bot by spiffe")
    );
    let token = [("x-api-key", &b"secret"[..])];
    assert_eq!(
        who(&certificates, &token, &Facts::default()),
        Err(IdentityError::Unidentified)
    );
}
