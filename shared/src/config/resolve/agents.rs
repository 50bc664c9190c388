//! Agents, and by what they are known.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;

use super::Named;
use crate::budget::{Allowance, Budget};
use crate::config::document::{AgentEntry, Document, IdentityEntry, TokenEntry};
use crate::config::reader::Log;
use crate::config::snapshot::{Agent, Workspace};
use crate::identity::{Forwarded, KnownToken, Sources, TokenDigest};
use crate::ids::AgentName;

/// An agent and its tokens.
pub(super) type AgentWithTokens<'d, 'v> = (Arc<Agent>, &'d [TokenEntry<'v>]);

/// The attributes that agents may bring with them in a JWT.
pub(super) fn claimed_attributes<'i>(identity: &'i IdentityEntry<'_>) -> impl Iterator<Item = &'i str> {
    let claims = identity.jwt.iter().flat_map(|jwt| &jwt.attributes);
    claims.map(|(name, _)| name.as_str())
}

pub(super) fn agents<'d, 'v>(
    entries: &'d [AgentEntry<'v>],
    workspaces: &Named<Arc<Workspace>>,
    budgets: &[Arc<Budget>],
) -> Named<AgentWithTokens<'d, 'v>> {
    let agents = entries.iter().filter_map(|entry| {
        let workspace = entry
            .workspace
            .as_ref()
            .and_then(|reference| workspaces.look_up(reference, "workspace"));
        let attributes = entry
            .attributes
            .iter()
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
        let name = AgentName::from(entry.name.value().as_str()?);
        let agent = Agent {
            allowances: Allowance::of(budgets, &name, workspace.as_deref()),
            name,
            workspace,
            attributes: attributes.collect(),
        };
        Some((entry.name.clone(), (Arc::new(agent), entry.tokens.as_slice())))
    });
    Named::collect(agents.collect::<Vec<_>>().into_iter(), "agent")
}

pub(super) fn sources(
    document: &Document<'_>,
    agents: &Named<AgentWithTokens<'_, '_>>,
    log: &Log,
) -> Sources {
    let identity = &document.identity;
    if document.agents.is_empty() && !identity.takes_others() {
        log.warn(
            "agents",
            "",
            "is empty: nobody is known, so every call will be refused",
        );
    }
    let tokens = tokens(agents);
    if !identity.tokens && !tokens.is_empty() {
        log.warn(
            "identity.tokens",
            "false",
            "lets no token count, though agents have some",
        );
    }
    let asks_for_certificates = document
        .listener
        .as_ref()
        .is_some_and(|tls| tls.client_ca.is_some());
    let forwards = identity
        .spiffe
        .as_ref()
        .is_some_and(|spiffe| spiffe.forwarded == Forwarded::Always);
    if let Some(spiffe) = identity
        .spiffe_at
        .as_ref()
        .filter(|_| !asks_for_certificates && !forwards)
    {
        log.warn(
            spiffe.path(),
            "",
            "finds no certificate unless an Envoy of your own asks for one: there is no `listener.tls.client_ca`",
        );
    }
    Sources {
        tokens: identity.tokens.then_some(tokens),
        jwt: identity.jwt.clone(),
        spiffe: identity.spiffe.clone(),
        user: identity.user,
    }
}

fn tokens(agents: &Named<AgentWithTokens<'_, '_>>) -> HashMap<TokenDigest, KnownToken> {
    let mut known: HashMap<TokenDigest, KnownToken> = HashMap::new();
    for (agent, tokens) in agents.things() {
        for token in tokens {
            let TokenEntry { digest, expires, at } = token;
            match known.entry(*digest) {
                Entry::Vacant(free) => {
                    free.insert(KnownToken {
                        agent: agent.clone(),
                        expires: *expires,
                    });
                }
                Entry::Occupied(taken) if Arc::ptr_eq(&taken.get().agent, &agent) => {
                    // Which of two ends holds is for the operator to say.
                    if taken.get().expires != *expires {
                        at.withheld::<()>("is there twice, with another `expires`");
                    }
                }
                Entry::Occupied(_) => {
                    at.withheld::<()>("is the token of another agent too");
                }
            }
        }
    }
    known
}
