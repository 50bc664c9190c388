//! What may be a secret is never shown, wherever it was put by mistake.

use serde_json::{Value, json};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::{loaded, mistakes, with};
use crate::config::KeyForm;

const SECRET: &str = "sk-x y";

/// One mistake, which begins as expected and does not hold the secret.
fn expect_hidden(pointer: &str, value: &Value, expected: &str) {
    let found = mistakes(&with(pointer, value.clone()));
    assert_eq!(found.len(), 1, "{pointer} = {value}: {found:#?}");
    assert!(
        found[0].starts_with(expected),
        "{pointer} = {value}: {}",
        found[0]
    );
    assert!(!found[0].contains("sk-x"), "{pointer} = {value}: {}", found[0]);
}

#[test]
fn what_is_too_much_in_the_address_of_a_service_is_not_shown() {
    expect_hidden(
        "/rate_limit_service/endpoint",
        &json!("http://user:sk-x@ratelimit:8081"),
        "rate_limit_service.endpoint: must not have a query, a fragment or a user",
    );
}

#[test]
fn a_credential_that_is_written_out_is_not_shown() {
    let place = "/providers/0/credential";
    for value in [
        json!("sk-x"),
        json!(["sk-x"]),
        json!({"sk-x": null}),
        json!({"env": "KEY", "sk-x": null}),
    ] {
        expect_hidden(
            place,
            &value,
            "providers[0].credential: must be a mapping such as",
        );
    }
    for value in [json!({}), json!({"env": "sk-x", "file": "sk-x"})] {
        expect_hidden(
            place,
            &value,
            "providers[0].credential: must have exactly one of `env`, `file`, `sds`, `aws`, `gcp` and `oauth2`",
        );
    }
    for key in ["env", "file", "sds"] {
        for value in [json!([SECRET]), json!({"value": SECRET})] {
            expect_hidden(
                place,
                &json!({key: value}),
                &format!("providers[0].credential.{key}: must be"),
            );
        }
    }
    for key in ["env", "sds"] {
        expect_hidden(
            place,
            &json!({key: SECRET}),
            &format!("providers[0].credential.{key}: must be"),
        );
    }
}

#[test]
fn a_key_is_sent_as_its_kind_does_or_as_a_bearer_token() {
    let place = "/providers/0/credential";
    for (credential, form) in [
        (json!({"env": "KEY"}), KeyForm::OfKind),
        (json!({"env": "KEY", "as": "bearer"}), KeyForm::Bearer),
    ] {
        assert_eq!(loaded(&with(place, credential)).connections[0].key_form, form);
    }
    expect_hidden(
        place,
        &json!({"env": "KEY", "as": "sk-x"}),
        "providers[0].credential.as: must be `bearer`, or left out",
    );
}

#[test]
fn a_key_that_nobody_asked_for_is_named_without_its_value() {
    for (pointer, expected) in [
        (
            "/providers/0/api_key",
            "providers[0].api_key: is not a key here (known: ",
        ),
        (
            "/providers/0/timeout/key",
            "providers[0].timeout.key: is not a key here",
        ),
        ("/agents/0/token", "agents[0].token: is not a key here (known: "),
        ("/agents/0/apikey", "agents[0].apikey: is not a key here"),
        ("/api_key", "api_key: is not a key here"),
    ] {
        for value in [json!("sk-x"), json!({"value": "sk-x"}), json!(["sk-x"])] {
            expect_hidden(pointer, &value, expected);
        }
    }
    for credential in [json!({"key": "sk-x"}), json!({"env": "KEY", "value": "sk-x"})] {
        expect_hidden("/providers/0/credential", &credential, "providers[0].credential.");
    }
}

#[test]
fn what_is_too_much_in_a_url_is_not_shown() {
    for text in [
        "https://user:sk-x@host",
        "https://sk-x@host/v1",
        "https://host?key=sk-x",
        "https://host/v1#sk-x",
        "https://[::1@sk-x",
        "user:sk-x@host",
        "host/v1?key=sk-x",
        "wss://user:sk-x@host",
    ] {
        expect_hidden(
            "/providers/0/endpoint",
            &json!(text),
            "providers[0].endpoint: must ",
        );
    }
    for value in [
        json!({"url": "https://user:sk-x@host"}),
        json!(["https://user:sk-x@host"]),
    ] {
        expect_hidden("/providers/0/endpoint", &value, "providers[0].endpoint: ");
    }
}

#[test]
fn a_mapping_or_a_list_that_is_out_of_place_is_not_shown() {
    let account = json!({"name": "a", "credential": "sk-x"});
    for (pointer, value, expected) in [
        ("/agents/1", json!("sk-x"), "agents[1]: must be a mapping"),
        ("/agents/1", json!(["sk-x"]), "agents[1]: must be a mapping"),
        (
            "/models/0/name",
            account.clone(),
            "models[0].name: `{...}` must be text",
        ),
        (
            "/rules/0/match",
            json!([account.clone()]),
            "rules[0].match: `[...]` must be a mapping",
        ),
    ] {
        expect_hidden(pointer, &value, expected);
    }
    for document in [json!("sk-x"), json!(["sk-x"])] {
        assert_eq!(mistakes(&document), ["the document: must be a mapping"]);
    }
    for (key, value) in [
        ("providers", account),
        ("agents", json!({"bot": "sk-x"})),
        ("agents", json!("sk-x")),
    ] {
        let all = mistakes(&with(&format!("/{key}"), value)).join("\n");
        assert!(
            all.contains(&format!("{key}: must be a list")) && !all.contains("sk-x"),
            "{all}"
        );
    }
}

#[test]
fn what_may_be_a_token_is_never_shown() {
    let values = [
        json!("brk_sk-x"),
        json!(["brk_sk-x"]),
        json!({"sha256": "brk_sk-x"}),
        json!([{"sha256": "sk-x"}]),
    ];
    for value in values {
        let found = mistakes(&with("/agents/0/token_sha256", value)).join("\n");
        assert!(
            found.contains("must be the SHA-256 of a token") && !found.contains("sk-x"),
            "{found}"
        );
    }
    let found = mistakes(&with("/agents/0/token_sha256", json!({"value": "sk-x"}))).join("\n");
    assert!(
        found.contains("sha256: is missing") && !found.contains("sk-x"),
        "{found}"
    );
    let found = mistakes(&with("/agents/0/token_sha256", json!(8_675_309))).join("\n");
    assert!(!found.contains("8675309"), "{found}");
}

#[test]
fn a_token_of_two_agents_is_not_shown() {
    let found = mistakes(&with("/agents/1/token_sha256", json!(super::TOKEN)));
    assert_eq!(
        found,
        ["agents[1].token_sha256: is the token of another agent too"]
    );
}
