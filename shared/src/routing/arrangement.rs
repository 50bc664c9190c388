//! Who is asked in what order, from the strategy of the pool and from how its members stand.

use super::ExclusionReason;
use super::affinity::preferred;
use super::conversation::Conversation;
use super::order::{Placed, Speed, as_written, draw, lowest_cost, lowest_latency};
use crate::config::Member;
use crate::health::{Standing, sort};
use crate::units::{MicroUsd, Millis, Timestamp};

/// How a pool orders its members.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Strategy {
    /// By priority, and within one by weight.
    #[default]
    PriorityWeighted,
    /// As in the document.
    Cascade,
    /// By what the call is expected to cost.
    LowestCost,
    /// By how long the call is expected to take.
    LowestLatency,
}

impl Strategy {
    /// All strategies.
    pub const ALL: [Self; 4] = [
        Self::PriorityWeighted,
        Self::Cascade,
        Self::LowestCost,
        Self::LowestLatency,
    ];

    /// The strategy as the document spells it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::PriorityWeighted => "priority-weighted",
            Self::Cascade => "cascade",
            Self::LowestCost => "lowest-cost",
            Self::LowestLatency => "lowest-latency",
        }
    }
}

/// What is known of the members at this moment. It is asked for as few of them as the plan needs: every answer may be a
/// look into what all workers share.
pub trait Knowledge {
    /// How a member stands.
    fn standing(&self, member: &Member) -> Standing;
    /// What the call is expected to cost there; only asked for by [`Strategy::LowestCost`].
    fn cost(&self, member: &Member) -> Option<MicroUsd>;
    /// How quick it is; only asked for by [`Strategy::LowestLatency`].
    fn speed(&self, member: &Member) -> Speed;
}

/// What the pool and the call wish for.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wishes {
    /// The pool's strategy.
    pub strategy: Strategy,
    /// The conversation that should stay where it is.
    pub conversation: Option<Conversation>,
    /// Decides between members that are equal.
    pub random: u64,
    /// The time.
    pub now: Timestamp,
    /// How many attempts the plan may have.
    pub most: usize,
}

/// The members in the order in which they are asked.
#[derive(Debug)]
pub struct Arrangement<'a> {
    /// Who is asked.
    pub attempts: Vec<Placed<'a>>,
    /// Who is left out, and why, of those that were looked at.
    pub left_out: Vec<(Placed<'a>, Standing)>,
    /// Whether all were out and those that only failed are asked nevertheless.
    pub is_last_resort: bool,
    /// How long to wait if nobody can be asked, for a `retry-after`.
    pub wait: Option<Millis>,
}

/// Orders the members that can serve a call: the healthy ones by the strategy, then those that failed of late, again
/// by the strategy. Those that are out are left out, unless all are: see [`sort`].
#[must_use]
pub fn arrange<'a>(members: Vec<Placed<'a>>, wishes: Wishes, knowledge: &impl Knowledge) -> Arrangement<'a> {
    let mut others = Vec::new();
    let attempts = line_up(members, wishes, knowledge, |placed| {
        let standing = knowledge.standing(placed.1);
        let is_well = matches!(standing, Standing::Healthy | Standing::HalfOpen);
        if !is_well {
            others.push((placed, standing));
        }
        is_well
    });
    others.sort_by_key(|((place, _), _)| *place);
    if attempts.len() >= wishes.most {
        others.retain(|(_, standing)| !standing.is_in());
        return Arrangement {
            attempts,
            left_out: others,
            is_last_resort: false,
            wait: None,
        };
    }
    let well = attempts.into_iter().map(|placed| (placed, Standing::Healthy));
    let sorted = sort(well.chain(others));
    let wait = sorted.wait(wishes.now);
    let mut attempts = sorted.well;
    if sorted.is_last_resort {
        attempts.extend(sorted.unwell);
    } else {
        attempts.extend(line_up(sorted.unwell, wishes, knowledge, |_| true));
    }
    attempts.truncate(wishes.most);
    Arrangement {
        attempts,
        left_out: sorted.out,
        is_last_resort: sorted.is_last_resort,
        wait,
    }
}

/// Those that `accept` lets in, in the order of the strategy, until there are enough. Who comes first in a priority is drawn
/// anew among the others as long as nobody is taken, so that the share of one that is not goes to the others by weight.
fn line_up<'a>(
    members: Vec<Placed<'a>>,
    wishes: Wishes,
    knowledge: &impl Knowledge,
    mut accept: impl FnMut(Placed<'a>) -> bool,
) -> Vec<Placed<'a>> {
    let Wishes {
        random, now, most, ..
    } = wishes;
    let ordered = match wishes.strategy {
        Strategy::PriorityWeighted | Strategy::Cascade => as_written(members),
        Strategy::LowestCost => lowest_cost(members, |member| knowledge.cost(member)),
        Strategy::LowestLatency => lowest_latency(members, |member| knowledge.speed(member), random, now),
    };
    let mut taken = Vec::with_capacity(most.min(ordered.len()));
    let mut random = random;
    for (number, group) in ordered
        .chunk_by(|(_, one), (_, other)| one.priority == other.priority)
        .enumerate()
    {
        let mut group = group.to_vec();
        let conversation = wishes.conversation.filter(|_| number == 0);
        while !group.is_empty() && taken.len() < most {
            let place = match (conversation, wishes.strategy) {
                (Some(Conversation { key, holder }), _) => {
                    preferred(&group, key, holder.map(|holder| holder.member))
                }
                (None, Strategy::PriorityWeighted) => draw(&group, random).unwrap_or_default(),
                (None, _) => 0,
            };
            // Another draw for whoever is next: one step of a full-period generator.
            random = random
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            let placed = group.remove(place);
            if accept(placed) {
                taken.push(placed);
                break;
            }
        }
        for placed in group {
            if taken.len() >= most {
                return taken;
            }
            if accept(placed) {
                taken.push(placed);
            }
        }
    }
    taken
}

impl ExclusionReason {
    /// Why a member that stands so is left out; `None` if it need not be.
    #[must_use]
    pub fn of(standing: Standing, now: Timestamp) -> Option<Self> {
        let left = |until: Timestamp| until.wait_from(now).unwrap_or_default();
        match standing {
            Standing::Healthy | Standing::Deprioritised | Standing::HalfOpen => None,
            Standing::Open { until } => Some(Self::CircuitOpen { for_ms: left(until) }),
            Standing::CoolingDown { until, cause } => Some(Self::CoolingDown {
                for_ms: left(until),
                cause,
            }),
            Standing::Limited { until } => Some(Self::Limited { for_ms: left(until) }),
            Standing::Uncounted { until } => Some(Self::Uncounted { for_ms: left(until) }),
            Standing::Spent { until } => Some(Self::Budget { for_ms: left(until) }),
        }
    }
}

#[cfg(test)]
mod tests;
