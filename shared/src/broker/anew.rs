//! A call that is decided anew, because a fleet has less left of an account's limits than this Envoy knew.

use super::budgets;
use super::decision::{self, Asked, Decision};
use super::trail::Trail;
use crate::call::Call;
use crate::identity;
use crate::reply::Refusal;
use crate::routing::Moment;

/// Plans the attempts of a call anew, and reserves what it may take of its caller's budgets. It holds neither leave nor
/// budgets.
pub(super) fn decide_anew(trail: &mut Trail, call: &mut Call, moment: Moment<'_>) -> Result<(), Refusal> {
    let (Some(caller), Some(requested)) = (&trail.caller, &trail.request) else {
        return Ok(());
    };
    let user = identity::given_user(&call.headers, Some(&call.request.metadata));
    let agent = trail.snapshot.with_end_user(caller.agent.clone(), user);
    let asked = Asked {
        agent: &agent,
        format: call.format,
        endpoint: call.endpoint,
        headers: &call.headers,
        body: &call.body,
        request: &call.request,
        input: requested.input,
    };
    let (decision, entered) = decision::decide_and_enter(&trail.snapshot, asked, moment)?;
    let Decision {
        resolution,
        conversation,
        verdicts,
        plan,
        prepared,
        refusal,
    } = decision;
    trail.verdicts = verdicts;
    call.model.clone_from(&resolution.model);
    call.pool.clone_from(&resolution.pool);
    trail.resolution = Some(resolution);
    if let Some(refusal) = refusal {
        trail.excluded = plan.excluded;
        return Err(refusal);
    }
    call.conversation = conversation;
    call.granted = plan.attempts.len();
    call.plan = plan;
    call.entered = entered;
    call.prepared = prepared;
    let clamped = trail.reserved.clamped;
    match budgets::reserve(&agent.allowances, call, moment) {
        Ok(reserved) => trail.reserved = reserved,
        Err(refusal) => {
            call.give_back(moment.store, moment.now);
            trail.excluded = std::mem::take(&mut call.plan.excluded);
            return Err(refusal);
        }
    }
    trail.reserved.clamped = trail.reserved.clamped.or(clamped);
    Ok(())
}
