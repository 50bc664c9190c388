//! Pools, and models with targets of their own, which are pools too.

use std::sync::Arc;

use super::Named;
use crate::config::criteria;
use crate::config::document::{MemberEntry, ModelEntry, PoolEntry};
use crate::config::reader::{Log, Reader};
use crate::config::snapshot::{LogicalModel, Member, Pool, Provider};
use crate::ids::{LogicalModelName, PoolName, UpstreamModelName};
use crate::ledger::Prices;
use crate::provider::{Capabilities, Capability, models};
use crate::routing::{MemberIdentity, RetryLimits, Strategy};
use crate::units::Tokens;

/// Attempts after the first where the pool does not say: every other member, but no more than this.
const DEFAULT_FAILOVER: usize = 3;

/// What members and conditions may name.
pub(super) struct Known<'a> {
    pub providers: &'a Named<Arc<Provider>>,
    pub prices: &'a Prices,
    /// The attributes that some agent has.
    pub attributes: &'a [&'a str],
    pub log: &'a Log,
}

fn member(entry: &MemberEntry<'_>, model: &str, known: &Known<'_>) -> Option<Member> {
    let Known {
        providers, prices, ..
    } = known;
    let known = models::known(model);
    let provider = providers.look_up(&entry.provider, "provider")?;
    let capabilities = entry
        .capabilities
        .or(known.map(|known| known.capabilities))
        .unwrap_or(Capabilities::ALL);
    let capabilities = match provider.kind.embedder(model) {
        Some(_) => capabilities,
        None => capabilities.without(Capability::Embeddings),
    };
    Some(Member {
        identity: MemberIdentity::of(provider.name.as_str(), model),
        provider,
        model: UpstreamModelName::from(model),
        weight: entry.weight,
        priority: entry.priority,
        capabilities,
        context: entry.context.or(known.map(|known| Tokens(known.context))),
        price: prices.find(model).map(|(price, _)| price),
    })
}

/// Attempts after the first: as written, else every other member within reason.
fn failover(written: Option<u32>, members: usize) -> u32 {
    let others = u32::try_from(members.saturating_sub(1).min(DEFAULT_FAILOVER)).unwrap_or_default();
    written.unwrap_or(others)
}

/// A pool with its members.
pub(super) fn pool(entry: &PoolEntry<'_>, known: &Known<'_>) -> Option<Pool> {
    let members: Vec<_> = entry
        .members
        .iter()
        .filter_map(|target| member(target, target.model.unwrap_or_default(), known))
        .collect();
    let match_when = entry
        .match_when
        .as_ref()
        .and_then(|reader| criteria::read(reader, known.attributes));
    if entry.strategy == Strategy::LowestCost {
        for member in members.iter().filter(|member| member.price.is_none()) {
            known.log.warn(
                entry.name.path(),
                member.model.as_str(),
                "has no price, here or in the broker's own table, so it comes last in a pool that asks the cheapest first: add it to `prices`",
            );
        }
    }
    Some(Pool {
        name: PoolName::from(entry.name.value().as_str()?),
        strategy: entry.strategy,
        acceptance: entry.acceptance.clone(),
        has_affinity: entry.has_affinity,
        retry_budget: entry.retry_budget,
        failover: failover(entry.failover, members.len()),
        members,
        match_when: match_when.unwrap_or_default(),
    })
}

/// A logical model, with its own targets or another's pool.
pub(super) fn model(
    entry: &ModelEntry<'_>,
    known: &Known<'_>,
    find_pool: impl Fn(&Reader<'_>) -> Option<Arc<Pool>>,
) -> Option<LogicalModel> {
    let name = entry.name.value().as_str()?;
    let pool = if let Some(reference) = &entry.pool {
        find_pool(reference)?
    } else {
        let members: Vec<_> = entry
            .targets
            .iter()
            .filter_map(|target| member(target, target.model.unwrap_or(name), known))
            .collect();
        Arc::new(Pool {
            name: PoolName::from(name),
            strategy: Strategy::default(),
            acceptance: None,
            has_affinity: false,
            retry_budget: RetryLimits::default(),
            failover: failover(None, members.len()),
            members,
            match_when: Vec::new(),
        })
    };
    Some(LogicalModel {
        name: LogicalModelName::from(name),
        pool,
        capabilities: entry.capabilities,
        defaults: entry.defaults.clone(),
    })
}
