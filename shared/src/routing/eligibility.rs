//! Which members of a pool can and may serve a call: every exclusion with its reason.

use serde::Serialize;

use super::order::Placed;
use super::{Demand, Requirements};
use crate::config::{Agent, LogicalModel, Member};
use crate::health::Cause;
use crate::ids::{ProviderName, UpstreamModelName};
use crate::policy::{DenialCause, PolicyId};
use crate::provider::{Capabilities, Capability};
use crate::units::{Millis, Tokens};

/// A member that was left out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Exclusion {
    /// Which member of the pool it is.
    #[serde(skip)]
    pub member: usize,
    /// The account.
    pub provider: ProviderName,
    /// The model.
    pub model: UpstreamModelName,
    /// Why.
    #[serde(flatten)]
    pub reason: ExclusionReason,
}

impl Exclusion {
    /// A member that is left out for a reason.
    #[must_use]
    pub fn of((index, member): Placed<'_>, reason: ExclusionReason) -> Self {
        Self {
            member: index,
            provider: member.provider.name.clone(),
            model: member.model.clone(),
            reason,
        }
    }

    /// For how much longer a member is left out that another time could be asked.
    #[must_use]
    pub fn wait(&self) -> Option<Millis> {
        match self.reason {
            ExclusionReason::CircuitOpen { for_ms }
            | ExclusionReason::CoolingDown { for_ms, .. }
            | ExclusionReason::Limited { for_ms }
            | ExclusionReason::Uncounted { for_ms }
            | ExclusionReason::Budget { for_ms } => Some(for_ms),
            _ => None,
        }
    }

    /// Whether it is for the length of the input, which is only estimated.
    #[must_use]
    pub fn is_for_length(&self) -> bool {
        matches!(self.reason, ExclusionReason::ContextTooLong { .. })
    }
}

/// Why a member was left out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "reason")]
pub enum ExclusionReason {
    /// Policies do not let this agent call it.
    Denied {
        /// Why not.
        cause: DenialCause,
        /// The policies that determined it.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        policies: Vec<PolicyId>,
    },
    /// Its provider is in no region that the caller's workspace and tenant allow.
    Region,
    /// It does not stream.
    LacksStreaming,
    /// It does not call tools.
    LacksTools,
    /// It does not look at images.
    LacksVision,
    /// It does not answer in a given JSON format.
    LacksJson,
    /// It does not embed texts.
    LacksEmbeddings,
    /// The input is longer than its context.
    ContextTooLong {
        /// The tokens of its context.
        context_tokens: Tokens,
    },
    /// Its provider takes another format, in which the call cannot be said.
    Untranslatable {
        /// The place in the caller's body that has no equivalent.
        place: String,
    },
    /// The response that the call names is kept at another account.
    KeptElsewhere,
    /// It failed too often there.
    CircuitOpen {
        /// For how much longer.
        for_ms: Millis,
    },
    /// The account asked for a pause, or does not take our credential.
    CoolingDown {
        /// For how much longer.
        for_ms: Millis,
        /// Why.
        cause: Cause,
    },
    /// The account's configured limit is used up.
    Limited {
        /// For how much longer.
        for_ms: Millis,
    },
    /// A fleet holds the account's limits, and nobody counts for the fleet now.
    Uncounted {
        /// For how much longer it is left alone.
        for_ms: Millis,
    },
    /// The account's budget is spent.
    Budget {
        /// For how much longer.
        for_ms: Millis,
    },
    /// Its turn came after a failure, and the pool has made as many attempts after failures as it may.
    RetryBudget,
}

impl ExclusionReason {
    /// The reason as records spell it.
    #[must_use]
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Denied { .. } => "denied",
            Self::Region => "region",
            Self::LacksStreaming => "lacks_streaming",
            Self::LacksTools => "lacks_tools",
            Self::LacksVision => "lacks_vision",
            Self::LacksJson => "lacks_json",
            Self::LacksEmbeddings => "lacks_embeddings",
            Self::ContextTooLong { .. } => "context_too_long",
            Self::Untranslatable { .. } => "untranslatable",
            Self::KeptElsewhere => "kept_elsewhere",
            Self::CircuitOpen { .. } => "circuit_open",
            Self::CoolingDown { .. } => "cooling_down",
            Self::Limited { .. } => "limited",
            Self::Uncounted { .. } => "uncounted",
            Self::Budget { .. } => "budget",
            Self::RetryBudget => "retry_budget",
        }
    }
}

/// What a call asks of whoever serves it.
#[derive(Clone, Copy)]
pub struct Eligibility<'a> {
    requirements: Requirements<'a>,
    demand: Demand<'a>,
    /// The estimated tokens of the input.
    input: Tokens,
    /// Whether a context must only hold the least that the input may come to.
    is_in_doubt: bool,
}

impl<'a> Eligibility<'a> {
    /// What a call of `agent` asks.
    #[must_use]
    pub fn of(
        agent: &'a Agent,
        model: Option<&LogicalModel>,
        needs: Capabilities,
        demand: Demand<'a>,
        input: Tokens,
    ) -> Self {
        Self {
            requirements: Requirements::of(agent, model, needs),
            demand,
            input,
            is_in_doubt: false,
        }
    }

    /// The same, but for the doubt in the estimate: prose in common languages has up to half as many bytes more to a
    /// token. Whoever may just have room is asked rather than nobody.
    #[must_use]
    pub fn in_doubt(self) -> Self {
        Self {
            is_in_doubt: true,
            ..self
        }
    }

    /// Whether a member can and may serve it.
    pub fn check(&self, member: &Member) -> Result<(), ExclusionReason> {
        self.requirements.check(member)?;
        match member.context {
            Some(context_tokens)
                if !self.demand.surely_fits(context_tokens)
                    && self.least_context(member) > context_tokens =>
            {
                Err(ExclusionReason::ContextTooLong { context_tokens })
            }
            _ => Ok(()),
        }
    }

    /// How many tokens the member's context must hold at the least.
    fn least_context(&self, member: &Member) -> Tokens {
        let input = self.demand.input(&member.model);
        if self.is_in_doubt {
            Tokens(input.0 / 3 * 2)
        } else {
            input
        }
    }

    /// Why nobody serves the call, if all members were left out for these reasons: that of those who were closest to
    /// serving it. `None` if something else than what is checked here kept one of them from it.
    #[must_use]
    pub fn unfit(&self, excluded: &[Exclusion]) -> Option<Unfit> {
        let mut unfit = None;
        for exclusion in excluded {
            let this = match &exclusion.reason {
                ExclusionReason::Denied { .. } => Unfit::Denied,
                ExclusionReason::Region => Unfit::Region,
                ExclusionReason::LacksStreaming => Unfit::Lacks(Capability::Streaming),
                ExclusionReason::LacksTools => Unfit::Lacks(Capability::Tools),
                ExclusionReason::LacksVision => Unfit::Lacks(Capability::Vision),
                ExclusionReason::LacksJson => Unfit::Lacks(Capability::Json),
                ExclusionReason::LacksEmbeddings => Unfit::Lacks(Capability::Embeddings),
                ExclusionReason::ContextTooLong { context_tokens } => Unfit::TooLong {
                    input: self.input,
                    most: *context_tokens,
                },
                ExclusionReason::Untranslatable { .. }
                | ExclusionReason::KeptElsewhere
                | ExclusionReason::CircuitOpen { .. }
                | ExclusionReason::CoolingDown { .. }
                | ExclusionReason::Limited { .. }
                | ExclusionReason::Uncounted { .. }
                | ExclusionReason::Budget { .. }
                | ExclusionReason::RetryBudget => return None,
            };
            if unfit.is_none_or(|nearest: Unfit| this.nearness() > nearest.nearness()) {
                unfit = Some(this);
            }
        }
        unfit
    }
}

/// Whether an agent's calls may go to a member's region.
#[must_use]
pub fn allows_region(agent: &Agent, member: &Member) -> bool {
    allows(regions(agent), member)
}

/// Where an agent's calls may go; `None`: anywhere.
pub(super) fn regions(agent: &Agent) -> Option<&[String]> {
    agent.workspace.as_ref()?.regions.as_deref()
}

/// An account that does not say where it is may be anywhere.
pub(super) fn allows(regions: Option<&[String]>, member: &Member) -> bool {
    match (regions, member.provider.region.as_deref()) {
        (None, _) => true,
        (Some(allowed), Some(region)) => allowed.iter().any(|name| name == region),
        (Some(_), None) => false,
    }
}

impl From<Capability> for ExclusionReason {
    fn from(missing: Capability) -> Self {
        match missing {
            Capability::Streaming => Self::LacksStreaming,
            Capability::Tools => Self::LacksTools,
            Capability::Vision => Self::LacksVision,
            Capability::Json => Self::LacksJson,
            Capability::Embeddings => Self::LacksEmbeddings,
        }
    }
}

/// Why no member of a pool serves a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unfit {
    /// Policies allow none to this agent.
    Denied,
    /// None is in a region where the call may go.
    Region,
    /// Of those, none can do this.
    Lacks(Capability),
    /// Of those, none has a context that long.
    TooLong {
        /// The estimated tokens of the input.
        input: Tokens,
        /// The longest context.
        most: Tokens,
    },
}

impl Unfit {
    /// How many checks were passed before this one, and how nearly it was.
    fn nearness(self) -> (u8, u64) {
        match self {
            Self::Denied => (0, 0),
            Self::Region => (1, 0),
            Self::Lacks(_) => (2, 0),
            Self::TooLong { most, .. } => (3, most.0),
        }
    }
}

#[cfg(test)]
mod tests;
