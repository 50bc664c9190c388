//! The document as it is written, each part read by itself; names are not yet looked up.

mod acceptance;
mod agents;
mod alerts;
mod budgets;
mod care;
mod carried;
mod health_check;
mod identity;
mod jwt;
mod listener;
mod models;
mod policies;
mod pools;
mod prices;
mod providers;
mod rate_limit_service;
mod vertex;
mod zones;

pub use agents::{AgentEntry, TenantEntry, TokenEntry, WorkspaceEntry};
pub use budgets::BudgetEntry;
pub use identity::IdentityEntry;
pub use models::{ModelEntry, RuleEntry};
pub use pools::{MemberEntry, PoolEntry};
pub use providers::ProviderEntry;
pub use rate_limit_service::ServiceEntry;

use std::sync::Arc;

use super::Audience;
use super::OPENING_BALANCES;
use super::reader::{Reader, Section};
use super::verification::ListenerTls;
use crate::alert::Webhook;
use crate::budget::Carried;
use crate::ledger::Price;
use crate::policy::{Mode, Policies};
use agents::Tokens;

/// Everything that is written in the document.
pub struct Document<'v> {
    pub providers: Vec<ProviderEntry<'v>>,
    pub pools: Vec<PoolEntry<'v>>,
    pub models: Vec<ModelEntry<'v>>,
    pub rules: Vec<RuleEntry<'v>>,
    pub tenants: Vec<TenantEntry<'v>>,
    pub workspaces: Vec<WorkspaceEntry<'v>>,
    pub agents: Vec<AgentEntry<'v>>,
    pub budgets: Vec<BudgetEntry<'v>>,
    pub rate_limit_service: Option<ServiceEntry<'v>>,
    pub prices: Vec<(&'v str, Price)>,
    pub identity: IdentityEntry<'v>,
    pub webhook: Option<Webhook>,
    /// Only in the filter's part.
    pub carried: Vec<Carried>,
    /// Only in the operator's document.
    pub listener: Option<ListenerTls>,
    pub policies: Option<Arc<Policies>>,
    pub policy_mode: Mode,
}

impl<'v> Document<'v> {
    /// Reads all parts; `None` only if the document is no mapping.
    pub fn read(root: &Reader<'v>, audience: Audience) -> Option<Self> {
        let mut section = root.section()?;
        let providers = required_list(&mut section, "providers");
        let identity = section
            .optional("identity")
            .map_or_else(IdentityEntry::default, |identity| {
                IdentityEntry::read(&identity, audience)
            });
        let tokens = if identity.has_other_than_tokens() {
            Tokens::Optional
        } else {
            Tokens::Required
        };
        let listener = match audience {
            Audience::Operator => section
                .optional("listener")
                .and_then(|reader| listener::read(&reader)),
            Audience::Filter => None,
        };
        let carried = match audience {
            Audience::Operator => None,
            Audience::Filter => section
                .optional(OPENING_BALANCES)
                .and_then(|balances| carried::read_balances(&balances)),
        };
        let document = Self {
            webhook: section
                .optional("alerts")
                .and_then(|alerts| alerts::read_alerts(&alerts)),
            carried: carried.unwrap_or_default(),
            providers: providers
                .iter()
                .filter_map(|entry| ProviderEntry::read(entry, audience))
                .collect(),
            pools: section.list("pools").iter().filter_map(PoolEntry::read).collect(),
            models: section
                .list("models")
                .iter()
                .filter_map(ModelEntry::read)
                .collect(),
            rules: section.list("rules").iter().filter_map(RuleEntry::read).collect(),
            tenants: section
                .list("tenants")
                .iter()
                .filter_map(TenantEntry::read)
                .collect(),
            workspaces: section
                .list("workspaces")
                .iter()
                .filter_map(WorkspaceEntry::read)
                .collect(),
            agents: section
                .list("agents")
                .iter()
                .filter_map(|entry| AgentEntry::read(entry, tokens))
                .collect(),
            budgets: section
                .list("budgets")
                .iter()
                .filter_map(BudgetEntry::read)
                .collect(),
            rate_limit_service: section
                .optional("rate_limit_service")
                .and_then(|service| ServiceEntry::read(&service, audience)),
            prices: section
                .optional("prices")
                .map(|prices| prices::read_prices(&prices))
                .unwrap_or_default(),
            identity,
            listener,
            policies: section
                .optional("policies")
                .and_then(|policies| policies::read_policies(&policies)),
            policy_mode: section
                .optional("policy_mode")
                .and_then(|mode| policies::read_mode(&mode))
                .unwrap_or_default(),
        };
        section.not_yet(&["cache", "shadow", "capture"]);
        section.end();
        Some(document)
    }
}

fn required_list<'v>(section: &mut Section<'v>, key: &'static str) -> Vec<Reader<'v>> {
    let Some(reader) = section.required(key) else {
        return Vec::new();
    };
    if reader.value().as_array().is_some_and(Vec::is_empty) {
        return reader.mistake("must have at least one entry").unwrap_or_default();
    }
    reader.list()
}
