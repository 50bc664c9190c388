//! Decides recorded calls anew: what would a configuration have said of the calls that were made under another one?
//!
//! A record holds no body and no headers, so the decision is made from facts: the same rules, policies, regions and
//! capabilities as on the path of a call, but no translation, and nothing of how accounts were at the time.

mod caller;
mod grain;
mod record;

pub use caller::caller;
pub use grain::Grain;
pub use record::{NoCall, RecordedCall};

use crate::config::{Agent, Member, Pool, Snapshot};
use crate::headers::Headers;
use crate::ids::{ProviderName, UpstreamModelName};
use crate::policy::{Action, Context, Deciding, Principal, Verdict, Verdicts};
use crate::routing::{self, ExclusionReason, Facts, Requirements, Resolution, Unresolved};

/// What would have become of a recorded call.
#[derive(Clone, Debug)]
pub struct Replay {
    /// Where it would have gone.
    pub resolution: Resolution,
    /// Every member of the pool, in the order of the document.
    pub members: Vec<MemberReplay>,
}

/// What would have become of a member of the pool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemberReplay {
    /// The account.
    pub provider: ProviderName,
    /// The model.
    pub model: UpstreamModelName,
    /// What policies say; `None` without policies.
    pub verdict: Option<Verdict>,
    /// Why it would have been left out.
    pub exclusion: Option<ExclusionReason>,
}

/// Decides a recorded call as a call of `agent`, see [`caller`].
pub fn replay(snapshot: &Snapshot, agent: &Agent, call: &RecordedCall) -> Result<Replay, Unresolved> {
    // Conditions on headers do not hold: a record has none.
    let headers = Headers::default();
    let facts = Facts {
        agent,
        model: &call.model,
        input: call.input,
        needs: call.needs,
        stated: call.stated(agent),
        headers: &headers,
    };
    let resolution = routing::resolve(snapshot, facts)?;
    let (principal, context) = (Principal::from(agent), Context::of(facts, call.at, None));
    let mut permission = snapshot.policies.as_deref().map(|policies| {
        let deciding = Deciding::new(policies, &principal, Action::Invoke, &context);
        (deciding, Verdicts::new(snapshot.policy_mode))
    });
    let requirements = Requirements::of(agent, resolution.model.as_deref(), call.needs);
    let mut members: Vec<_> = resolution
        .pool
        .members
        .iter()
        .enumerate()
        .map(|(place, member)| {
            let allowed = permission.as_mut().map_or(Ok(()), |(deciding, verdicts)| {
                verdicts.check(deciding, &call.model, &resolution.pool, (place, member))
            });
            let verdict = permission
                .as_ref()
                .and_then(|(_, verdicts)| verdicts.of(place).cloned());
            MemberReplay {
                provider: member.provider.name.clone(),
                model: member.model.clone(),
                verdict,
                exclusion: allowed.and_then(|()| requirements.check(member)).err(),
            }
        })
        .collect();
    leave_out_for_length(&mut members, &resolution.pool, call);
    Ok(Replay { resolution, members })
}

/// Leaves out the members whose context is shorter than the input. Where that leaves none, those that may just have
/// room are asked nevertheless, as on the path of a call.
fn leave_out_for_length(replays: &mut [MemberReplay], pool: &Pool, call: &RecordedCall) {
    let in_doubt = call.input.0 / 3 * 2;
    let is_served_with = |replays: &[MemberReplay], input: u64| {
        let mut pairs = replays.iter().zip(&pool.members);
        pairs.any(|(replay, member)| replay.exclusion.is_none() && has_room(member, input))
    };
    let input = if is_served_with(replays, call.input.0) {
        call.input.0
    } else {
        in_doubt
    };
    for (replay, member) in replays.iter_mut().zip(&pool.members) {
        if let Some(context_tokens) = member.context
            && replay.exclusion.is_none()
            && !has_room(member, input)
        {
            replay.exclusion = Some(ExclusionReason::ContextTooLong { context_tokens });
        }
    }
}

fn has_room(member: &Member, input: u64) -> bool {
    member.context.is_none_or(|context| input <= context.0)
}

#[cfg(test)]
#[cfg(feature = "cedar")]
mod tests;
