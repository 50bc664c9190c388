//! What a call says of itself: what it is a step of, what it is for, which tier it wishes for.

use crate::config::Agent;
use crate::headers::{Headers, X_BROKER_FEATURE, X_BROKER_PURPOSE, X_BROKER_STEP, X_BROKER_TIER};
use crate::request::Metadata;

/// What a call says of itself, or the agent's attributes say of its calls.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stated<'a> {
    /// What it is a step of.
    pub step: Option<&'a str>,
    /// What it is for.
    pub purpose: Option<&'a str>,
    /// Its tier.
    pub tier: Option<&'a str>,
    /// The feature of a product that it is for, to tell costs apart.
    pub feature: Option<&'a str>,
}

impl<'a> Stated<'a> {
    /// Step, purpose and feature differ from call to call: the header counts, else the body's `metadata`, else the agent's
    /// attribute. A tier is what the operator grants: the agent's attribute counts, and what the call says only
    /// where the agent has none.
    #[must_use]
    pub fn of(agent: &'a Agent, headers: &'a Headers, metadata: Option<&'a Metadata>) -> Self {
        let granted = |name: &str| agent.attributes.get(name).map(String::as_str);
        let in_body = |pick: fn(&Metadata) -> Option<&str>| metadata.and_then(pick);
        Self {
            step: headers
                .text(X_BROKER_STEP)
                .or_else(|| in_body(|metadata| metadata.step.as_deref()))
                .or_else(|| granted("step")),
            purpose: headers
                .text(X_BROKER_PURPOSE)
                .or_else(|| in_body(|metadata| metadata.purpose.as_deref()))
                .or_else(|| granted("purpose")),
            tier: granted("tier")
                .or_else(|| headers.text(X_BROKER_TIER))
                .or_else(|| in_body(|metadata| metadata.tier.as_deref())),
            feature: headers
                .text(X_BROKER_FEATURE)
                .or_else(|| in_body(|metadata| metadata.feature.as_deref()))
                .or_else(|| granted("feature")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn agent(attributes: &[(&str, &str)]) -> Agent {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        Agent {
            name: "bot".into(),
            workspace: None,
            allowances: Vec::new(),
            attributes: attributes.iter().map(owned).collect(),
        }
    }

    fn headers(pairs: &[(&str, &str)]) -> Headers {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), value.as_bytes().to_vec());
        Headers::new(pairs.iter().map(owned).collect())
    }

    const SAID: [(&str, &str); 4] = [
        ("x-broker-feature", "header"),
        ("x-broker-step", "header"),
        ("x-broker-purpose", "header"),
        ("x-broker-tier", "header"),
    ];
    const GRANTED: [(&str, &str); 4] = [
        ("step", "agent"),
        ("purpose", "agent"),
        ("tier", "agent"),
        ("feature", "agent"),
    ];

    fn metadata() -> Metadata {
        let body = || Some("body".to_owned());
        Metadata {
            step: body(),
            purpose: body(),
            tier: body(),
            user: body(),
            feature: body(),
        }
    }

    fn all(word: &str) -> Stated<'_> {
        Stated {
            step: Some(word),
            purpose: Some(word),
            tier: Some(word),
            feature: Some(word),
        }
    }

    #[test]
    fn headers_come_before_the_body_and_the_body_before_the_agents_attributes() {
        let (nobody, silent, body) = (agent(&[]), headers(&[]), metadata());
        assert_eq!(Stated::of(&nobody, &headers(&SAID), Some(&body)), all("header"));
        assert_eq!(Stated::of(&nobody, &silent, Some(&body)), all("body"));
        assert_eq!(Stated::of(&agent(&GRANTED), &silent, None), all("agent"));
        assert_eq!(Stated::of(&nobody, &silent, None), Stated::default());
    }

    #[test]
    fn no_call_raises_the_tier_that_its_agent_was_given() {
        let (agent, body) = (agent(&GRANTED), metadata());
        for headers in [headers(&SAID), headers(&[])] {
            let stated = Stated::of(&agent, &headers, Some(&body));
            assert_eq!(stated.tier, Some("agent"));
            assert_ne!(stated.step, Some("agent"));
        }
    }
}
