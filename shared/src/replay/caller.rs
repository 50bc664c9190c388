//! Who makes a recorded call, in the eyes of a configuration.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::RecordedCall;
use crate::config::{Agent, Snapshot};
use crate::identity::Source;
use crate::ids::AgentName;

/// The agent of a recorded call: the configuration's of its name. Where the configuration takes agents by the word of a
/// JWT or a certificate, and such a word made this one known, it is in the recorded workspace, with those of its attributes
/// that a record holds. `None` if the configuration would not know it.
#[must_use]
pub fn caller<'s>(snapshot: &'s Snapshot, call: &RecordedCall) -> Option<Cow<'s, Agent>> {
    if let Some(agent) = snapshot.agents.get(call.agent.as_str()) {
        return Some(Cow::Borrowed(&**agent));
    }
    let sources = &snapshot.identity;
    let is_taken = match call.identity.as_deref()? {
        source if source == Source::Jwt.as_str() => {
            sources.jwt.as_ref().is_some_and(|jwt| jwt.workspace.is_some())
        }
        source if source == Source::Spiffe.as_str() => sources
            .spiffe
            .as_ref()
            .is_some_and(|spiffe| spiffe.agent.names_workspace()),
        _ => false,
    };
    let workspace = snapshot.workspaces.get(call.workspace.as_deref()?)?;
    let attributes = [("classification", &call.classification), ("tier", &call.tier)];
    let attributes = attributes
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), value.clone()?)));
    is_taken.then(|| {
        Cow::Owned(Agent {
            name: AgentName::from(call.agent.as_str()),
            // Nothing is spent by a call that is only replayed.
            allowances: Vec::new(),
            workspace: Some(workspace.clone()),
            attributes: attributes.collect::<BTreeMap<_, _>>(),
        })
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;
    use crate::config::{Audience, load};

    /// Whom a configuration with this way to know agents takes a call of `stranger` to be of.
    fn of_stranger(template: &str, identity: &str, workspace: &str) -> Option<Agent> {
        let document = json!({
            "providers": [{"name": "us", "kind": "openai"}],
            "models": [{"name": "primary", "targets": [{"provider": "us", "model": "gpt-a"}]}],
            "workspaces": [{"name": "lab"}],
            "identity": {"spiffe": {"agent": template}},
        });
        let loaded = load(&document, Audience::Filter).unwrap_or_else(|mistakes| panic!("{mistakes}"));
        let record: Value = json!({
            "time": "2026-11-21T16:30:59.008Z", "llm.config": "5ee312aa4f44", "llm.agent": "stranger",
            "llm.identity": identity, "llm.workspace": workspace, "llm.tier": "gold",
            "llm.classification": "restricted", "llm.model.requested": "primary",
        });
        let call = RecordedCall::read(record.to_string().as_bytes()).unwrap();
        caller(&loaded.snapshot, &call).map(Cow::into_owned)
    }

    #[test]
    fn an_agent_by_the_word_of_a_certificate_is_in_the_recorded_workspace() {
        const TEMPLATE: &str = "spiffe://mesh/{workspace}/{agent}";
        let stranger = of_stranger(TEMPLATE, "spiffe", "lab").unwrap();
        assert_eq!(stranger.workspace.unwrap().name.as_str(), "lab");
        assert_eq!(stranger.attributes["classification"], "restricted");
        assert!(of_stranger(TEMPLATE, "spiffe", "elsewhere").is_none());
        assert!(of_stranger(TEMPLATE, "jwt", "lab").is_none());
        assert!(of_stranger(TEMPLATE, "token", "lab").is_none());
        assert!(of_stranger("spiffe://mesh/{agent}", "spiffe", "lab").is_none());
    }
}
