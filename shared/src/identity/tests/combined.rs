//! JWTs, certificates, and several identities of one call.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::*;

const TOKEN: [(&str, &[u8]); 1] = [("authorization", b"Bearer secret")];
const JWT: [(&str, &[u8]); 1] = [(
    "authorization",
    b"Bearer eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJib3QifQ.c2ln",
)];

#[test]
fn a_claim_and_a_certificate_name_an_agent_of_the_configuration() {
    let bot = Facts::certificate("spiffe://mesh/ns/lab/sa/bot");
    assert_eq!(who(&all(), &[], &bot).as_deref(), Ok("bot by spiffe"));
    for claims in [
        &[("sub", "bot")][..],
        &[("sub", "bot"), ("ws", "lab")],
        &[("sub", "bot"), ("ws", "lab"), ("org", "acme")],
    ] {
        let known = who(&all(), &[], &Facts::jwt(claims));
        assert_eq!(known.as_deref(), Ok("bot by jwt"), "{claims:?}");
    }
    let known = identify_with(&all(), &[], &Facts::jwt(&[("sub", "bot"), ("tier", "premium")])).unwrap();
    assert!(known.is_configured);
    assert_eq!(
        known.agent.attributes["tier"], "standard",
        "a claim never overrides what the operator says"
    );
    assert!(!known.agent.attributes.contains_key("region"));
}

#[test]
fn an_agent_is_refused_in_another_workspace_or_tenant_than_its_own() {
    for claims in [
        [("sub", "bot"), ("ws", "vault")],
        [("sub", "bot"), ("org", "other")],
        [("sub", "loner"), ("ws", "lab")],
        [("sub", "loner"), ("org", "acme")],
    ] {
        let known = who(&all(), &[], &Facts::jwt(&claims));
        assert_eq!(known, Err(IdentityError::OtherWorkspace), "{claims:?}");
    }
    let elsewhere = Facts::certificate("spiffe://mesh/ns/vault/sa/bot");
    assert_eq!(who(&all(), &[], &elsewhere), Err(IdentityError::OtherWorkspace));
}

#[test]
fn another_agent_is_taken_into_a_workspace_of_the_configuration_only() {
    let claims = [
        ("sub", "auth0|7"),
        ("ws", "lab"),
        ("tier", "gold"),
        ("other", "x"),
    ];
    let known = identify_with(&all(), &[], &Facts::jwt(&claims)).unwrap();
    assert!(!known.is_configured);
    assert_eq!(known.agent.name.as_str(), "auth0|7");
    assert_eq!(known.agent.workspace.as_ref().unwrap().name.as_str(), "lab");
    assert_eq!(
        known.agent.attributes,
        [("tier".to_owned(), "gold".to_owned())].into()
    );
    assert_eq!(
        who(&all(), &[], &Facts::certificate(MALLORY)).as_deref(),
        Ok("mallory by spiffe")
    );
    for claims in [
        &[("sub", "new")][..],
        &[("sub", "new"), ("ws", "nowhere")],
        &[("sub", "new"), ("ws", "nowhere"), ("org", "acme")],
    ] {
        let known = who(&all(), &[], &Facts::jwt(claims));
        assert_eq!(known, Err(IdentityError::UnknownAgent), "{claims:?}");
    }
    let other_tenant = Facts::jwt(&[("sub", "new"), ("ws", "lab"), ("org", "other")]);
    assert_eq!(
        who(&all(), &[], &other_tenant),
        Err(IdentityError::OtherWorkspace)
    );
}

#[test]
fn a_jwt_that_was_not_verified_is_no_identity_and_no_token() {
    let nothing = Facts::default();
    assert_eq!(who(&all(), &JWT, &nothing), Err(IdentityError::Unverified));
    let certificate = Facts::certificate("spiffe://mesh/ns/lab/sa/bot");
    assert_eq!(
        who(&all(), &JWT, &certificate),
        Err(IdentityError::Unverified),
        "not even beside a good certificate"
    );
    let verified = Facts::jwt(&[("sub", "bot")]);
    assert_eq!(
        who(&all(), &JWT, &verified).as_deref(),
        Ok("bot by jwt"),
        "an Envoy may leave a verified one in place"
    );
    let own_header = json!({"jwt": {"header": "X-Jwt"}});
    let in_it = [("x-jwt", &b"anything"[..])];
    assert_eq!(who(&own_header, &in_it, &nothing), Err(IdentityError::Unverified));
    assert_eq!(who(&own_header, &TOKEN, &nothing).as_deref(), Ok("bot by token"));
    let of_keys = json!({"jwt": {"header": "x-api-key"}});
    let key = [("x-api-key", &b"secret"[..])];
    assert_eq!(who(&of_keys, &key, &nothing).as_deref(), Ok("bot by token"));
    let jwt_as_key = [("x-api-key", &b"eyJ.eyJ.c2ln"[..])];
    assert_eq!(
        who(&of_keys, &jwt_as_key, &nothing),
        Err(IdentityError::Unverified)
    );
}

#[test]
fn claims_that_are_no_short_text_are_refused() {
    let long = "x".repeat(crate::limits::MAX_CLAIM + 1);
    for bad in ["", "a b", "a\nb", "bot\u{0}", "bör", &long] {
        let known = who(&all(), &[], &Facts::jwt(&[("sub", bad), ("ws", "lab")]));
        assert_eq!(known, Err(IdentityError::BadClaim), "{bad:?}");
    }
    for (claim, bad) in [("ws", ""), ("org", "\u{1}"), ("tier", long.as_str())] {
        let known = who(&all(), &[], &Facts::jwt(&[("sub", "bot"), (claim, bad)]));
        assert_eq!(known, Err(IdentityError::BadClaim), "{claim}");
    }
    let mut facts = Facts::jwt(&[]);
    assert_eq!(
        who(&all(), &[], &facts),
        Err(IdentityError::BadClaim),
        "no claim that names an agent"
    );
    let sub = "envoy.filters.http.jwt_authn/payload/sub".to_owned();
    facts.metadata.insert(sub, b"\xff\xfe".to_vec());
    assert_eq!(who(&all(), &[], &facts), Err(IdentityError::BadClaim));
}

#[test]
fn claims_are_found_where_the_configuration_says() {
    let identity = json!({"jwt": {
        "namespace": "mine", "payload": "claims", "agent": ["kubernetes.io", "serviceaccount", "name"],
    }});
    let mut facts = Facts::default();
    let place = "mine/claims/kubernetes.io/serviceaccount/name".to_owned();
    facts.metadata.insert(place, b"bot".to_vec());
    assert_eq!(who(&identity, &[], &facts).as_deref(), Ok("bot by jwt"));
}

#[test]
fn all_identities_of_a_call_name_the_same_agent() {
    let mut all_three = Facts::jwt(&[("sub", "bot")]);
    all_three.certificate = Some("spiffe://mesh/ns/lab/sa/bot".to_owned());
    assert_eq!(who(&all(), &TOKEN, &all_three).as_deref(), Ok("bot by spiffe"));
    let jwt = Facts::jwt(&[("sub", "bot")]);
    assert_eq!(who(&all(), &TOKEN, &jwt).as_deref(), Ok("bot by jwt"));

    let other_token = [("x-api-key", &b"loner"[..])];
    for facts in [&all_three, &jwt, &Facts::certificate(MALLORY)] {
        assert_eq!(who(&all(), &other_token, facts), Err(IdentityError::Disagreeing));
    }
    let mut two = Facts::jwt(&[("sub", "bot")]);
    two.certificate = Some(MALLORY.to_owned());
    assert_eq!(who(&all(), &[], &two), Err(IdentityError::Disagreeing));
    assert_eq!(
        who(&all(), &[("x-api-key", b"forged")], &all_three),
        Err(IdentityError::Unknown),
        "what is shown must hold"
    );
}

#[test]
fn an_agent_that_is_not_configured_keeps_the_attributes_of_its_jwt_beside_its_certificate() {
    let mut facts = Facts::jwt(&[("sub", "mallory"), ("ws", "lab"), ("region", "eu")]);
    facts.certificate = Some(MALLORY.to_owned());
    let known = identify_with(&all(), &[], &facts).unwrap();
    assert_eq!((known.source, known.is_configured), (Source::Spiffe, false));
    assert_eq!(known.agent.attributes["region"], "eu");
    facts = Facts::jwt(&[("sub", "mallory"), ("ws", "vault")]);
    facts.certificate = Some(MALLORY.to_owned());
    assert!(matches!(
        identify_with(&all(), &[], &facts),
        Err(IdentityError::Disagreeing)
    ));
}

#[test]
fn a_certificate_of_another_form_is_no_identity() {
    let gateway = Facts::certificate("spiffe://mesh/gateway");
    assert_eq!(who(&all(), &TOKEN, &gateway).as_deref(), Ok("bot by token"));
    assert_eq!(who(&all(), &[], &gateway), Err(IdentityError::Missing));
}

#[test]
fn a_forwarded_certificate_counts_only_where_the_configuration_says_so() {
    let template = "spiffe://mesh/ns/{workspace}/sa/{agent}";
    let forwarding = json!({"spiffe": {"agent": template, "forwarded": true}});
    let header = |value: &'static [u8]| [("x-forwarded-client-cert", value)];
    let bot = header(b"By=spiffe://mesh/proxy;URI=spiffe://mesh/ns/lab/sa/bot");
    let facts = Facts::default();
    assert_eq!(who(&forwarding, &bot, &facts).as_deref(), Ok("bot by spiffe"));
    assert_eq!(who(&all(), &bot, &facts), Err(IdentityError::Missing));
    let hearsay = header(b"URI=spiffe://mesh/ns/lab/sa/bot,URI=spiffe://mesh/ns/vault/sa/other");
    assert_eq!(
        who(&forwarding, &hearsay, &facts).as_deref(),
        Ok("other by spiffe")
    );
    assert_eq!(
        who(&forwarding, &header(b"nonsense"), &facts),
        Err(IdentityError::BadForwardedCertificate)
    );
    let proxy = Facts::certificate("spiffe://mesh/ns/lab/sa/proxy");
    assert_eq!(
        who(&forwarding, &bot, &proxy).as_deref(),
        Ok("bot by spiffe"),
        "the proxy's own certificate is not the agent's"
    );
}

#[test]
fn only_proxies_that_are_named_are_believed_and_they_are_no_agents() {
    const PROXY: &str = "spiffe://mesh/ns/lab/sa/proxy";
    let identity =
        json!({"spiffe": {"agent": "spiffe://mesh/ns/{workspace}/sa/{agent}", "forwarded": [PROXY]}});
    let header = [("x-forwarded-client-cert", &b"URI=spiffe://mesh/ns/lab/sa/bot"[..])];
    let by = |certificate: &str| who(&identity, &header, &Facts::certificate(certificate));
    assert_eq!(by(PROXY).as_deref(), Ok("bot by spiffe"));
    assert_eq!(by(MALLORY).as_deref(), Ok("mallory by spiffe"));
    assert_eq!(
        who(&identity, &header, &Facts::default()),
        Err(IdentityError::Missing)
    );
    assert_eq!(
        who(&identity, &[], &Facts::certificate(PROXY)),
        Err(IdentityError::Missing)
    );
}
