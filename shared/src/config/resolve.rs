//! Looks up every name of a document and builds the snapshot.

mod agents;
mod budgets;
mod fleet;
mod pools;
mod residency;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::connection::Connection;
use super::criteria::{self, Criterion, Subject, Test};
use super::document::{Document, ProviderEntry, RuleEntry};
use super::reader::{Log, Reader};
use super::snapshot::{Pool, Provider, Rule, Snapshot};
use crate::budget::Counter;
use crate::ids::{ConfigVersion, ProviderName, RuleName};
use crate::ledger::Prices;

/// Things by name, in the order in which they stood in the document.
struct Named<T>(Vec<(String, T)>);

impl<T: Clone> Named<T> {
    /// Takes each thing under its name; a name that is taken already is a mistake.
    fn collect<'v>(entries: impl Iterator<Item = (Reader<'v>, T)>, what: &str) -> Self {
        let mut named = Vec::<(String, T)>::new();
        let mut taken = BTreeSet::new();
        for (reader, thing) in entries {
            let name = reader.value().as_str().unwrap_or_default().to_owned();
            if taken.insert(name.clone()) {
                named.push((name, thing));
            } else {
                reader.mistake::<()>(format!("is the name of another {what} too"));
            }
        }
        Self(named)
    }

    /// The thing that a reference names; an unknown name is a mistake.
    fn look_up(&self, reference: &Reader<'_>, what: &str) -> Option<T> {
        let name = reference.string()?;
        if let Some((_, thing)) = self.0.iter().find(|(known, _)| known == name) {
            return Some(thing.clone());
        }
        let known = self.0.iter().map(|(known, _)| known.as_str());
        reference.unknown_name(format!("is no {what} of this configuration"), known)
    }

    fn things(&self) -> impl Iterator<Item = T> {
        self.0.iter().map(|(_, thing)| thing.clone())
    }
}

pub(super) fn resolve(
    document: &Document<'_>,
    version: ConfigVersion,
    log: &Log,
) -> (Snapshot, Vec<Connection>) {
    let connections = document.providers.iter().filter_map(connection).collect();
    let providers = Named::collect(document.providers.iter().map(provider), "provider");
    let attributes: BTreeSet<&str> = document
        .agents
        .iter()
        .flat_map(|agent| agent.attributes.iter().map(|(key, _)| *key))
        .chain(agents::claimed_attributes(&document.identity))
        .collect();
    let attributes: Vec<&str> = attributes.into_iter().collect();
    let prices = document.prices.iter();
    let prices = Prices::new(prices.map(|(model, price)| ((*model).to_owned(), *price)));
    let known = pools::Known {
        providers: &providers,
        prices: &prices,
        attributes: &attributes,
        log,
    };

    let pools = document
        .pools
        .iter()
        .filter_map(|entry| Some((entry.name.clone(), Arc::new(pools::pool(entry, &known)?))));
    let pools = Named::collect(pools.collect::<Vec<_>>().into_iter(), "pool");
    let find_pool = |reference: &Reader<'_>| pools.look_up(reference, "pool");

    let models = document.models.iter().filter_map(|entry| {
        Some((
            entry.name.clone(),
            Arc::new(pools::model(entry, &known, find_pool)?),
        ))
    });
    let models = Named::collect(models.collect::<Vec<_>>().into_iter(), "model");
    let mut rules: Vec<Rule> = document
        .rules
        .iter()
        .filter_map(|entry| rule(entry, &attributes, find_pool))
        .collect();
    rules.sort_by_key(|rule| std::cmp::Reverse(rule.priority));

    let workspaces = residency::workspaces(document);
    let budgets = budgets::budgets(document, &pools);
    let agents = agents::agents(&document.agents, &workspaces, &budgets);
    let identity = agents::sources(document, &agents, log);

    let offered = rules.iter().flat_map(|rule| &rule.criteria);
    let pools: Vec<Arc<Pool>> = pools.things().collect();
    let all_pools = pools
        .iter()
        .cloned()
        .chain(models.things().map(|model| model.pool.clone()));
    budgets::warn_of_unpriced(&document.budgets, all_pools);
    let offered = offered
        .chain(pools.iter().flat_map(|pool| &pool.match_when))
        .flat_map(requested_models);
    let offered_models = offered
        .chain(models.0.iter().map(|(name, _)| name.clone()))
        .collect();
    let members = pools.iter().flat_map(|pool| &pool.members);
    let upstream_models = members.map(|member| member.model.to_string()).collect();
    let snapshot = Snapshot {
        version,
        providers: providers.things().collect(),
        models: models
            .things()
            .map(|model| (model.name.clone(), model))
            .collect::<BTreeMap<_, _>>(),
        rules,
        agents: agents
            .things()
            .map(|(agent, _)| (agent.name.clone(), agent))
            .collect(),
        workspaces: workspaces
            .things()
            .map(|workspace| (workspace.name.clone(), workspace))
            .collect(),
        identity,
        rate_limit_service: fleet::service(document, log),
        budgets,
        webhook: document.webhook.clone(),
        carried: document.carried.clone(),
        policies: document.policies.clone(),
        policy_mode: document.policy_mode,
        prices,
        offered_models,
        upstream_models,
        pools,
    };
    (snapshot, connections)
}

fn connection(entry: &ProviderEntry<'_>) -> Option<Connection> {
    Some(Connection {
        provider: ProviderName::from(entry.name.value().as_str()?),
        endpoint: entry.endpoint.clone()?,
        credential: entry.credential.as_ref().map(|(source, _)| source.clone()),
        key_form: entry
            .credential
            .as_ref()
            .map(|(_, form)| *form)
            .unwrap_or_default(),
        api_version: entry.api_version.map(str::to_owned),
        health_check: entry.health_check.clone(),
    })
}

fn provider<'v>(entry: &ProviderEntry<'v>) -> (Reader<'v>, Arc<Provider>) {
    let name = ProviderName::from(entry.name.value().as_str().unwrap_or_default());
    let budget = entry.budget.as_ref();
    let provider = Provider {
        budget: budget
            .map(|(ceiling, alert_at)| Counter::of_account(&name, ceiling.clone(), alert_at.clone())),
        name,
        kind: entry.kind,
        region: entry.region.map(str::to_owned),
        timeouts: entry.timeouts,
        circuit_breaker: entry.circuit_breaker,
        limits: entry.limits,
    };
    (entry.name.clone(), Arc::new(provider))
}

fn rule(
    entry: &RuleEntry<'_>,
    attributes: &[&str],
    find_pool: impl Fn(&Reader<'_>) -> Option<Arc<Pool>>,
) -> Option<Rule> {
    let criteria = entry
        .criteria
        .as_ref()
        .map(|reader| criteria::read(reader, attributes));
    let pool = find_pool(&entry.pool);
    let criteria = match criteria {
        Some(criteria) => criteria?,
        None => Vec::new(),
    };
    let name = RuleName::from(entry.name.unwrap_or(&entry.path));
    Some(Rule {
        name,
        priority: entry.priority,
        criteria,
        pool: pool?,
    })
}

/// The models that a condition on `request.model` names.
fn requested_models(criterion: &Criterion) -> Vec<String> {
    match (&criterion.subject, &criterion.test) {
        (Subject::RequestModel, Test::OneOf(names)) => names.clone(),
        _ => Vec::new(),
    }
}
