//! One of the two configurations.

use shared::config::Snapshot;
use shared::ids::{PoolName, ProviderName, UpstreamModelName};
use shared::replay::{Grain, RecordedCall, caller, replay};

use super::outcome::{Absence, Outcome};

/// A configuration that recorded calls are replayed against.
pub struct Side<'s> {
    pub snapshot: &'s Snapshot,
    pub grain: Grain,
}

/// What a configuration says of a call.
pub struct Said {
    /// The pool that would take it.
    pub pool: Option<PoolName>,
    /// What becomes of each member, each account and model once.
    pub members: Vec<(Member, Outcome)>,
    /// What becomes of all that are not among them.
    pub others: Absence,
}

/// An account and model.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Member {
    pub provider: ProviderName,
    pub model: UpstreamModelName,
}

impl<'s> Side<'s> {
    pub fn of(snapshot: &'s Snapshot) -> Self {
        Self {
            snapshot,
            grain: Grain::of(snapshot),
        }
    }

    /// Whether it knows who makes the call.
    pub fn knows_caller(&self, call: &RecordedCall) -> bool {
        caller(self.snapshot, call).is_some()
    }

    /// Whether the caller is an agent of the configuration itself, and not by somebody else's word only.
    pub fn has_agent(&self, call: &RecordedCall) -> bool {
        self.snapshot.agents.contains_key(call.agent.as_str())
    }

    /// What this configuration says of a call.
    pub fn say(&self, call: &RecordedCall) -> Said {
        let nobody = |others| Said {
            pool: None,
            members: Vec::new(),
            others,
        };
        let Some(agent) = caller(self.snapshot, call) else {
            return nobody(Absence::UnknownAgent);
        };
        let Ok(replay) = replay(self.snapshot, &agent, call) else {
            return nobody(Absence::UnknownModel);
        };
        let mut members: Vec<(Member, Outcome)> = Vec::with_capacity(replay.members.len());
        for of in replay.members {
            let outcome = Outcome::of(&of, self.snapshot.policy_mode);
            let member = Member {
                provider: of.provider,
                model: of.model,
            };
            if !members.iter().any(|(known, _)| *known == member) {
                members.push((member, outcome));
            }
        }
        Said {
            pool: Some(replay.resolution.pool.name.clone()),
            members,
            others: Absence::NotInPool,
        }
    }
}

impl Said {
    /// What becomes of a member.
    pub fn of(&self, member: &Member) -> Outcome {
        let mut members = self.members.iter();
        match members.find(|(known, _)| known == member) {
            Some((_, outcome)) => outcome.clone(),
            None => Outcome::Absent(self.others),
        }
    }

    /// Whether anybody is asked.
    pub fn is_served(&self) -> bool {
        self.members.iter().any(|(_, outcome)| outcome.is_served())
    }
}
