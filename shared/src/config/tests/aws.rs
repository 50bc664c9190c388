//! How accounts of AWS are signed for.

use serde_json::{Value, json};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::{loaded, mistakes, with};
use crate::config::{AwsCredential, AwsKeys, CredentialSource};

fn read(aws: &Value) -> AwsCredential {
    let document = with("/providers/0/credential", json!({"aws": aws}));
    match loaded(&document).connections.swap_remove(0).credential {
        Some(CredentialSource::Aws(credential)) => credential,
        other => panic!("{other:?}"),
    }
}

#[test]
fn keys_are_found_by_envoy_or_in_a_file_or_come_of_a_role() {
    let found = read(&json!({"region": "eu-central-1"}));
    assert_eq!(
        (found.region.as_str(), found.service.as_str()),
        ("eu-central-1", "bedrock")
    );
    assert_eq!(found.keys, AwsKeys::Found);
    assert_eq!(
        read(&json!({"region": "us-east-1", "service": "bedrock-mantle", "file": "aws", "profile": "b"}))
            .keys,
        AwsKeys::File {
            path: "aws".to_owned(),
            profile: Some("b".to_owned())
        }
    );
    assert_eq!(
        read(&json!({"region": "us-east-1", "role": "arn:aws:iam::1:role/r", "token_file": "t"})).keys,
        AwsKeys::Role {
            arn: "arn:aws:iam::1:role/r".to_owned(),
            token_file: "t".to_owned()
        }
    );
}

#[test]
fn what_is_wrong_is_named_and_not_shown() {
    for (aws, expected) in [
        (json!({}), "aws.region: is missing"),
        (
            json!({"region": "AKIAX"}),
            "aws.region: must be a region such as `eu-central-1`",
        ),
        (
            json!({"region": "r", "service": "AKIAX"}),
            "aws.service: must be `bedrock`",
        ),
        (
            json!({"region": "r", "secret_access_key": "AKIAX"}),
            "aws.secret_access_key: is not a key here",
        ),
        (
            json!({"region": "r", "file": ["AKIAX"]}),
            "aws.file: must be the path of a file",
        ),
        (
            json!({"region": "r", "file": "f", "profile": "AKIAX y"}),
            "aws.profile: must be the name",
        ),
        (
            json!({"region": "r", "profile": "AKIAX"}),
            "aws: must have `file`, perhaps with `profile`, or",
        ),
        (
            json!({"region": "r", "role": "arn:aws:x"}),
            "aws: must have `file`, perhaps with `profile`, or",
        ),
        (
            json!({"region": "r", "role": "AKIAX", "token_file": "t"}),
            "aws.role: must be a role's ARN",
        ),
    ] {
        let found = mistakes(&with("/providers/0/credential", json!({"aws": aws})));
        assert_eq!(found.len(), 1, "{found:?}");
        let expected = format!("providers[0].credential.{expected}");
        assert!(found[0].starts_with(&expected), "{}", found[0]);
        assert!(!found[0].contains("AKIAX"), "{}", found[0]);
    }
}
