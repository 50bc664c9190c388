//! The end users whose spending is counted: as many as there are places, whatever callers make up.

use serde::Serialize;
use sha2::{Digest as _, Sha256};

use crate::config::Agent;
use crate::limits::END_USERS;

/// The place of an end user. Two who share one share their budgets too: a wrong refusal is rare, and nobody can fill the
/// memory with people who do not exist.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct EndUser(String);

impl EndUser {
    /// Of who a call says is behind its agent; all calls of a workspace that say nobody are one. The same name in another
    /// workspace is somebody else, so that nobody spends the budgets of a stranger's users.
    #[must_use]
    pub fn of(agent: &Agent, given: Option<&str>) -> Self {
        let (kind, group) = match &agent.workspace {
            Some(workspace) => ("workspace", workspace.name.as_str()),
            None => ("agent", agent.name.as_str()),
        };
        let whole = [kind, "/", group, "/", given.unwrap_or_default()].concat();
        let digest: [u8; 32] = Sha256::digest(whole.as_bytes()).into();
        let [a, b, c, d, ..] = digest;
        Self(format!("{:05x}", u32::from_be_bytes([a, b, c, d]) % END_USERS))
    }

    /// The place in hexadecimal digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn there_are_as_many_as_places_and_no_more() {
        let agent = Agent {
            name: "bot".into(),
            workspace: None,
            attributes: BTreeMap::new(),
            allowances: Vec::new(),
        };
        let users = (0..2_000).map(|n| EndUser::of(&agent, Some(&n.to_string())));
        let places: BTreeSet<u32> = users
            .map(|user| u32::from_str_radix(user.as_str(), 16).unwrap())
            .collect();
        assert!(places.iter().all(|place| *place < END_USERS));
        // Two of some thousand share a place now and then.
        assert!((1_950..=2_000).contains(&places.len()), "{}", places.len());
        assert_eq!(EndUser::of(&agent, None), EndUser::of(&agent, Some("")));
    }
}
