#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use std::collections::BTreeMap;
use std::sync::Arc;

use super::*;
use crate::config::Workspace;
use crate::wire::{Format, UpstreamFormat};

fn agent(name: &str, workspace: Option<&str>) -> Agent {
    Agent {
        name: name.into(),
        workspace: workspace.map(|name| {
            Arc::new(Workspace {
                name: name.into(),
                tenant: None,
                regions: None,
            })
        }),
        attributes: BTreeMap::new(),
        allowances: Vec::new(),
    }
}

fn named(id: &str) -> Named {
    Named {
        id: id.to_owned(),
        span: Span::default(),
    }
}

/// The agent's id of the provider's `resp_0123`.
fn id(tag: Tag) -> String {
    format!("resp_{}0123", tag.text())
}

#[test]
fn an_id_tells_account_and_owner_and_comes_back_as_it_was() {
    let tag = Tag::new(&"openai-a".into(), &agent("bot", Some("lab")), "gpt");
    let id = id(tag);
    // Ids outlive versions: what was given yesterday must be known tomorrow.
    assert_eq!(id, "resp_broker_b5c6475d851d6ce833b99fd83be892ae_0123");
    let (read, provider_id) = named(&id).read().unwrap();
    assert_eq!((read, provider_id.as_str()), (tag, "resp_0123"));
    assert!(read.is_of(&"openai-a".into()) && !read.is_of(&"openai-b".into()));
    assert!(read.belongs_to(&agent("another", Some("lab"))), "one workspace");
    for (name, workspace) in [("bot", Some("vault")), ("bot", None), ("lab", None)] {
        assert!(!read.belongs_to(&agent(name, workspace)), "{name} {workspace:?}");
    }
    let own = Tag::new(&"openai-a".into(), &agent("bot", None), "gpt");
    assert!(own.belongs_to(&agent("bot", None)) && !own.belongs_to(&agent("other", None)));
}

#[test]
fn what_the_broker_did_not_give_has_no_tag() {
    let digits = "0".repeat(32);
    for foreign in [
        String::new(),
        "resp_0123".to_owned(),
        "resp_broker_0123".to_owned(),
        format!("resp_broker_{digits}"),
        format!("resp_broker_{digits}0_0123"),
        format!("RESP_broker_{digits}_0123"),
        format!("msg_broker_{digits}_0123"),
        format!("resp_broker_{}_0123", "é".repeat(16)),
        format!("resp_broker_{}_0123", "日".repeat(11)),
    ] {
        assert_eq!(named(&foreign).read(), None, "{foreign}");
    }
}

#[test]
fn a_path_goes_on_with_the_providers_id() {
    let id = id(Tag::new(&"openai-a".into(), &agent("bot", None), "gpt"));
    let path = providers_path(&format!("/responses/{id}/input_items"));
    assert_eq!(path, "/responses/resp_0123/input_items");
    assert_eq!(
        providers_path(&format!("/responses/{id}")),
        "/responses/resp_0123"
    );
    assert_eq!(providers_path("/responses/resp_9"), "/responses/resp_9");
}

#[test]
fn whoever_keeps_responses_is_asked_for_them_in_their_own_format() {
    for kind in ProviderKind::ALL {
        let format = kind.speaks("gpt-5", Format::OpenAiResponses);
        assert_eq!(
            kind.keeps_responses(),
            format == UpstreamFormat::OpenAiResponses,
            "{kind:?}"
        );
    }
}
