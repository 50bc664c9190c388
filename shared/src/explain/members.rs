//! What becomes of each member of the pool.

use serde::Serialize;

use super::policies::{self, PolicyReport};
use crate::broker::decision::{Asked, Decision};
use crate::config::{Member, NO_DEFAULTS, Snapshot};
use crate::endpoint::Endpoint;
use crate::ids::{ProviderName, UpstreamModelName};
use crate::ledger::Usage;
use crate::policy::Action;
use crate::routing::{ExclusionReason, Facts, Rung, Strategy};
use crate::units::{MicroUsd, Timestamp, Tokens};
use crate::wire::ir::ChatRequest;
use crate::wire::{Dropped, Target};

/// A member of the pool.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct MemberReport {
    /// The account.
    pub provider: ProviderName,
    /// The model.
    pub model: UpstreamModelName,
    /// Where the account is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// Its priority.
    pub priority: u32,
    /// Its weight.
    pub weight: u32,
    /// Which rung of a cascade it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rung: Option<Rung>,
    /// What becomes of it.
    #[serde(flatten)]
    pub place: Place,
    /// What policies say of it; absent without policies.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy: Option<PolicyReport>,
    /// How many of a hundred such calls would ask it first.
    pub first_of_hundred: f64,
    /// What the estimated input costs there in dollars, where the price is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub input_usd: Option<f64>,
    /// What of the request it could not be told.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub dropped: Vec<String>,
}

/// What becomes of a member.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "place")]
pub enum Place {
    /// It is asked.
    Attempt {
        /// As which attempt: 1 is the first.
        attempt: usize,
    },
    /// It could be asked, but its turn comes after the last attempt that the pool allows.
    BeyondFailover,
    /// It is left out.
    Excluded {
        /// Why.
        #[serde(flatten)]
        excluded: ExclusionReason,
    },
}

/// Every member of the pool that takes the call.
pub(super) fn report(
    snapshot: &Snapshot,
    asked: Asked<'_>,
    decision: &Decision,
    now: Timestamp,
    conditions: &[Vec<String>],
) -> Vec<MemberReport> {
    let pool = &decision.resolution.pool;
    let members = &pool.members;
    let places = places(members, decision);
    let eligible: Vec<&Member> = members
        .iter()
        .zip(&places)
        .filter(|(_, place)| !matches!(place, Place::Excluded { .. }))
        .map(|(member, _)| member)
        .collect();
    let chat = (asked.endpoint == Endpoint::Answer)
        .then(|| asked.format.read_chat(asked.body).ok())
        .flatten();
    let usage = Usage {
        // To count is free.
        input: if asked.endpoint == Endpoint::CountTokens {
            Tokens(0)
        } else {
            asked.input
        },
        ..Usage::default()
    };
    let facts = Facts::of_call(asked.agent, asked.headers, asked.request, asked.input);
    let invoked = (facts, Action::Invoke);
    let member_report = |(index, (member, place)): (usize, (&Member, Place))| {
        let is_in = !matches!(place, Place::Excluded { .. });
        MemberReport {
            provider: member.provider.name.clone(),
            model: member.model.clone(),
            region: member.provider.region.clone(),
            priority: member.priority,
            policy: policies::report(snapshot, invoked, now, (pool, member), conditions),
            weight: member.weight,
            rung: Rung::of(pool, index),
            first_of_hundred: if is_in {
                first_share(member, &place, pool.strategy, &eligible)
            } else {
                0.0
            },
            input_usd: member
                .price
                .filter(|_| is_in)
                .map(|price| price.cost(&usage))
                .map(MicroUsd::as_dollars),
            dropped: chat
                .as_ref()
                .filter(|_| is_in)
                .map(|chat| dropped(member, chat, asked, decision))
                .unwrap_or_default(),
            place,
        }
    };
    members
        .iter()
        .zip(places)
        .enumerate()
        .map(member_report)
        .collect()
}

fn places(members: &[Member], decision: &Decision) -> Vec<Place> {
    let mut places = vec![Place::BeyondFailover; members.len()];
    for exclusion in &decision.plan.excluded {
        if let Some(place) = places.get_mut(exclusion.member) {
            *place = Place::Excluded {
                excluded: exclusion.reason.clone(),
            };
        }
    }
    for (index, attempt) in decision.plan.attempts.iter().enumerate() {
        if let Some(place) = places.get_mut(attempt.member) {
            *place = Place::Attempt { attempt: index + 1 };
        }
    }
    places
}

/// How many of a hundred calls ask a member first. Weights draw only among those of the lowest priority, and without any
/// weight the first of them it is. The other strategies always ask the first of the plan first.
fn first_share(member: &Member, place: &Place, strategy: Strategy, eligible: &[&Member]) -> f64 {
    if strategy != Strategy::PriorityWeighted {
        return if *place == (Place::Attempt { attempt: 1 }) {
            100.0
        } else {
            0.0
        };
    }
    let lowest = eligible.iter().map(|other| other.priority).min();
    if lowest != Some(member.priority) {
        return 0.0;
    }
    let mut peers = eligible.iter().filter(|other| other.priority == member.priority);
    let total: f64 = peers.clone().map(|other| f64::from(other.weight)).sum();
    if total > 0.0 {
        return f64::from(member.weight) / total * 100.0;
    }
    let is_first = peers.next().is_some_and(|first| std::ptr::eq(*first, member));
    if is_first { 100.0 } else { 0.0 }
}

/// What of the call a member of another format could not be told.
fn dropped(member: &Member, chat: &ChatRequest<'_>, asked: Asked<'_>, decision: &Decision) -> Vec<String> {
    let model = decision.resolution.model.as_deref();
    let defaults = model.map_or(&NO_DEFAULTS, |model| &model.defaults);
    let target = Target::new(&member.provider, &member.model, defaults);
    let format = target.format(asked.format);
    if format.is(asked.format) {
        return Vec::new();
    }
    let mut dropped = Dropped::default();
    // The body itself is of no interest here; what it leaves out is told on the way.
    drop(format.write_chat(chat, &target, &mut dropped));
    dropped.places().to_vec()
}
