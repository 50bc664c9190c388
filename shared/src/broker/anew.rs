//! A call that is decided anew, because a fleet has less left of an account's limits than this Envoy knew.

use super::decision::{self, Decision};
use super::{Output, Refusal, State, Trail, answer_estimate, budgets, fleet, refuse};
use crate::call::Call;
use crate::endpoint::Endpoint;
use crate::fleet::Asked;
use crate::limits::{MAX_FLEET_DECISIONS, SERVICE_REST};
use crate::routing::Moment;
use crate::units::Timestamp;

/// Decides a call anew: the account that was to take it is at a limit, or not counted. `asked`: what the service said of the
/// call's budgets, all of which are given back.
pub(super) fn go_elsewhere(
    trail: &mut Trail,
    mut call: Call,
    asked: &[Asked],
    now: Timestamp,
    output: &mut dyn Output,
) -> State {
    let store = output.store();
    call.give_back(store, now);
    let holding = std::mem::take(&mut trail.reserved.holding);
    holding.release_and_learn(asked, store, now);
    if call.endpoint == Endpoint::CountTokens {
        return answer_estimate(trail, output);
    }
    let moment = Moment {
        now,
        random: trail.random,
        store,
        worker: output.worker(),
    };
    trail.inquiry.decisions += 1;
    let decided = if trail.inquiry.decisions > MAX_FLEET_DECISIONS {
        trail.excluded = std::mem::take(&mut call.plan.excluded);
        Err(Refusal::AtLimit(SERVICE_REST))
    } else {
        decide_anew(trail, &mut call, moment)
    };
    match decided {
        Ok(()) => fleet::begin(trail, call, now, output),
        Err(refusal) => refuse(trail, refusal, output),
    }
}

/// Plans the attempts of a call anew, and reserves what it may take of its caller's budgets. It holds neither leave nor
/// budgets.
fn decide_anew(trail: &mut Trail, call: &mut Call, moment: Moment<'_>) -> Result<(), Refusal> {
    let agent = call.agent.clone();
    let input = trail.request.as_ref().map(|request| request.input);
    let input = input.unwrap_or_default();
    let asked = decision::Asked {
        agent: &agent,
        format: call.format,
        endpoint: call.endpoint,
        headers: &call.headers,
        body: &call.body,
        request: &call.request,
        input,
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
