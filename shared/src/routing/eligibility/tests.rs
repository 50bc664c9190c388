use std::sync::Arc;

use serde_json::json;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::*;
use crate::config::{Audience, Snapshot, load};
use crate::identity::TokenDigest;
use crate::routing::{Demand, Estimator, testing::moment};
use crate::wire::Format;

fn snapshot() -> Arc<Snapshot> {
    let agent = |name: &str| {
        let token = TokenDigest::of(name.as_bytes()).to_string();
        json!({"name": name, "workspace": name, "token_sha256": token})
    };
    let agents = ["free", "acmes", "european"].map(agent);
    let document = json!({
        "providers": [
            {"name": "eu", "kind": "openai", "region": "eu"},
            {"name": "us", "kind": "openai", "region": "us"},
            {"name": "anywhere", "kind": "openai"},
        ],
        "pools": [{"name": "all", "members": [
            {"provider": "eu", "model": "able"},
            {"provider": "us", "model": "gpt-oss-120b"},
            {"provider": "anywhere", "model": "small", "capabilities": ["streaming"], "context_tokens": "1k"},
            {"provider": "eu", "model": "gpt-oss-20b", "capabilities": ["vision"], "context_tokens": 2000},
        ]}],
        "models": [
            {"name": "open", "pool": "all"},
            {"name": "plain", "pool": "all", "capabilities": ["streaming"]},
        ],
        "tenants": [{"name": "acme", "regions": ["eu", "us"]}],
        "workspaces": [
            {"name": "free"}, {"name": "acmes", "tenant": "acme"},
            {"name": "european", "tenant": "acme", "regions": ["eu"]},
        ],
        "agents": agents,
    });
    load(&document, Audience::Filter)
        .unwrap_or_else(|mistakes| panic!("{mistakes}"))
        .snapshot
}

/// Why each member of the pool is left out; empty: it is not.
fn reasons(workspace: &str, model: &str, body: &str) -> (Vec<String>, Option<Unfit>) {
    let snapshot = snapshot();
    let agent = snapshot
        .agents
        .values()
        .find(|agent| agent.name.as_str() == workspace)
        .unwrap();
    let request = Format::OpenAiChat.read_request(body.as_bytes()).unwrap();
    let demand = Demand::of(&request, moment(0));
    let model = snapshot.models.get(model).map(AsRef::as_ref);
    let input = Estimator::default().estimate(&request.content);
    let eligibility = Eligibility::of(agent, model, request.needs, demand, input);
    let mut excluded = Vec::new();
    let reasons = snapshot.pools[0].members.iter().map(|member| {
        let Err(reason) = eligibility.check(member) else {
            return String::new();
        };
        let text = serde_json::to_value(&reason).unwrap()["reason"].clone();
        excluded.push(Exclusion {
            member: 0,
            provider: member.provider.name.clone(),
            model: member.model.clone(),
            reason,
        });
        text.as_str().unwrap().to_owned()
    });
    let reasons = reasons.collect();
    (reasons, eligibility.unfit(&excluded))
}

const PLAIN: &str = r#"{"model":"m"}"#;
const IMAGE: &str = r#"{"model":"m","messages":[{"content":[{"type":"image_url"}]}]}"#;
const TOOLS: &str = r#"{"model":"m","tools":[{}]}"#;
const JSON: &str = r#"{"model":"m","response_format":{"type":"json_object"}}"#;

fn long(tokens: usize) -> String {
    format!("{{\"model\":\"m\",\"messages\":\"{}\"}}", "x".repeat(tokens * 4))
}

#[test]
fn a_member_that_cannot_do_what_a_call_needs_is_left_out() {
    let of = |body: &str| reasons("free", "open", body).0;
    assert_eq!(of(PLAIN), ["", "", "", ""]);
    assert_eq!(of(IMAGE), ["", "lacks_vision", "lacks_vision", ""]);
    assert_eq!(of(TOOLS), ["", "", "lacks_tools", "lacks_tools"]);
    assert_eq!(of(JSON), ["", "", "lacks_json", "lacks_json"]);
    assert_eq!(
        of(r#"{"model":"m","stream":true}"#),
        ["", "", "", "lacks_streaming"]
    );
}

#[test]
fn a_member_whose_context_is_too_short_is_left_out_and_an_unknown_one_is_not() {
    let of = |tokens: usize| reasons("free", "open", &long(tokens)).0;
    assert_eq!(of(900), ["", "", "", ""]);
    assert_eq!(of(1_000), ["", "", "context_too_long", ""]);
    assert_eq!(of(3_000), ["", "", "context_too_long", "context_too_long"]);
    assert_eq!(
        of(140_000),
        ["", "context_too_long", "context_too_long", "context_too_long"]
    );
}

#[test]
fn no_member_may_be_outside_the_regions_of_the_workspace_or_its_tenant() {
    assert_eq!(reasons("acmes", "open", PLAIN).0, ["", "", "region", ""]);
    assert_eq!(reasons("european", "open", PLAIN).0, ["", "region", "region", ""]);
    // Where a call may go comes before what it needs.
    assert_eq!(reasons("european", "open", IMAGE).0, ["", "region", "region", ""]);
}

#[test]
fn nothing_is_asked_of_a_model_that_it_is_not_declared_to_do() {
    let (reasons, unfit) = reasons("free", "plain", TOOLS);
    assert_eq!(reasons, ["lacks_tools"; 4]);
    assert_eq!(unfit, Some(Unfit::Lacks(Capability::Tools)));
}

#[test]
fn the_reason_for_all_is_that_of_the_member_which_was_closest() {
    let excluded = |reasons: Vec<ExclusionReason>| {
        let exclusion = |reason| Exclusion {
            member: 0,
            provider: "p".into(),
            model: "m".into(),
            reason,
        };
        reasons.into_iter().map(exclusion).collect::<Vec<_>>()
    };
    let request = Format::OpenAiChat.read_request(PLAIN.as_bytes()).unwrap();
    let agent = Agent {
        name: "a".into(),
        workspace: None,
        attributes: std::collections::BTreeMap::new(),
        allowances: Vec::new(),
    };
    let demand = Demand::of(&request, moment(0));
    let input = Tokens(70);
    let eligibility = Eligibility::of(&agent, None, request.needs, demand, input);
    let too_long = |tokens| ExclusionReason::ContextTooLong {
        context_tokens: Tokens(tokens),
    };
    let untranslatable = ExclusionReason::Untranslatable { place: "n".into() };
    let unfit = |reasons| eligibility.unfit(&excluded(reasons));
    assert_eq!(unfit(vec![]), None);
    assert_eq!(unfit(vec![ExclusionReason::Region]), Some(Unfit::Region));
    assert_eq!(
        unfit(vec![
            ExclusionReason::Region,
            ExclusionReason::LacksVision,
            ExclusionReason::LacksTools
        ]),
        Some(Unfit::Lacks(Capability::Vision))
    );
    assert_eq!(
        unfit(vec![too_long(5), too_long(9), ExclusionReason::LacksVision]),
        Some(Unfit::TooLong {
            input,
            most: Tokens(9)
        })
    );
    assert_eq!(unfit(vec![ExclusionReason::Region, untranslatable]), None);
}

#[test]
fn a_reason_is_spelt_as_in_records() {
    let reasons = [
        ExclusionReason::Denied {
            cause: DenialCause::Forbidden,
            policies: Vec::new(),
        },
        ExclusionReason::Region,
        ExclusionReason::LacksStreaming,
        ExclusionReason::LacksTools,
        ExclusionReason::LacksVision,
        ExclusionReason::LacksJson,
        ExclusionReason::ContextTooLong {
            context_tokens: Tokens(1),
        },
        ExclusionReason::Untranslatable { place: String::new() },
        ExclusionReason::CircuitOpen { for_ms: Millis(1) },
        ExclusionReason::CoolingDown {
            for_ms: Millis(1),
            cause: Cause::Throttled,
        },
        ExclusionReason::Limited { for_ms: Millis(1) },
        ExclusionReason::RetryBudget,
    ];
    for reason in reasons {
        assert_eq!(serde_json::to_value(&reason).unwrap()["reason"], reason.as_str());
    }
}
