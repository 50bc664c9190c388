#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::*;

const TEMPLATE: &str = "spiffe://mesh/ns/{workspace}/sa/{agent}";

fn matched(template: &str, id: &str) -> Option<(String, Option<String>, Option<String>)> {
    let claimed = SpiffeTemplate::parse(template).unwrap().matches(id)?;
    Some((claimed.agent, claimed.workspace, claimed.tenant))
}

#[test]
fn an_id_of_the_templates_form_names_the_agent() {
    let names = |agent: &str, workspace: Option<&str>, tenant: Option<&str>| {
        Some((
            agent.to_owned(),
            workspace.map(str::to_owned),
            tenant.map(str::to_owned),
        ))
    };
    assert_eq!(
        matched(TEMPLATE, "spiffe://mesh/ns/lab/sa/bot-1"),
        names("bot-1", Some("lab"), None)
    );
    assert_eq!(
        matched("spiffe://{tenant}/{agent}", "spiffe://acme.example/bot"),
        names("bot", None, Some("acme.example"))
    );
}

#[test]
fn any_other_id_names_nobody() {
    for id in [
        "",
        "spiffe://",
        "spiffe://mesh/ns/lab/sa/",
        "spiffe://mesh/ns/lab/sa",
        "spiffe://mesh/ns//sa/bot",
        "spiffe://mesh/ns/lab/sa/bot/",
        "spiffe://mesh/ns/lab/sa/bot/x",
        "spiffe://mesh/ns/lab/sa/..",
        "spiffe://mesh/ns/lab/sa/bo%74",
        "spiffe://mesh/ns/lab/sa/bot?x",
        "spiffe://mesh/ns/lab/sa/b\u{e9}t",
        "spiffe://mesh.evil/ns/lab/sa/bot",
        "spiffe://evil/spiffe://mesh/ns/lab/sa/bot",
        "https://mesh/ns/lab/sa/bot",
        "SPIFFE://mesh/ns/lab/sa/bot",
        &format!("spiffe://mesh/ns/lab/sa/{}", "x".repeat(MAX_SPIFFE_ID)),
    ] {
        assert_eq!(matched(TEMPLATE, id), None, "{id}");
    }
}

#[test]
fn a_template_names_the_agent_once_and_takes_whole_segments() {
    for (text, error) in [
        ("", TemplateError::NoId),
        ("https://mesh/{agent}", TemplateError::NoId),
        ("spiffe://{agent}", TemplateError::NoId),
        ("spiffe://mesh/{agent", TemplateError::BadSegment),
        ("spiffe://mesh/sa-{agent}", TemplateError::BadSegment),
        ("spiffe://mesh/{user}", TemplateError::BadSegment),
        ("spiffe://mesh//{agent}", TemplateError::BadSegment),
        ("spiffe://mesh/sa/bot", TemplateError::Names),
        ("spiffe://mesh/{agent}/{agent}", TemplateError::Names),
        ("spiffe://{tenant}/{tenant}/{agent}", TemplateError::Names),
    ] {
        assert_eq!(SpiffeTemplate::parse(text), Err(error), "{text}");
    }
}

#[cfg(not(target_arch = "wasm32"))]
mod properties {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn any_text_is_a_template_or_none(text in any::<String>(), id in any::<String>()) {
            if let Ok(template) = SpiffeTemplate::parse(&text) {
                template.matches(&id);
            }
        }

        #[test]
        fn what_an_id_was_made_of_is_found_in_it(agent in "[a-zA-Z0-9_-]{1,20}", workspace in "[a-zA-Z0-9_-]{1,20}") {
            let id = TEMPLATE.replace("{agent}", &agent).replace("{workspace}", &workspace);
            prop_assert_eq!(matched(TEMPLATE, &id), Some((agent, Some(workspace), None)));
        }

        #[test]
        fn whatever_matches_is_put_together_again(id in "spiffe://mesh/ns/[a-z./%{}]{0,8}/sa/[a-z./%{}]{0,8}") {
            if let Some((agent, Some(workspace), None)) = matched(TEMPLATE, &id) {
                prop_assert_eq!(TEMPLATE.replace("{agent}", &agent).replace("{workspace}", &workspace), id);
            }
        }
    }
}
