//! The decision of a call: which pool takes it, who of that can serve it, and in what order they are asked. The same
//! for a call that passes through and for one that is only explained.

use crate::broker::portable::Portable;
use crate::call::Prepared;
use crate::config::{Agent, NO_DEFAULTS, Snapshot};
use crate::headers::Headers;
use crate::limits::EXPECTED_OUTPUT;
use crate::reply::{Refusal, UpstreamFailure};
use crate::request::Request;
use crate::routing::{self, Eligibility, Exclusion, Facts, Leave, Moment, Plan, Resolution};
use crate::units::Millis;
use crate::wire::{Format, Target};

/// A call that is to be decided.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// Who calls.
    pub agent: &'a Agent,
    /// The format that the agent speaks.
    pub format: Format,
    /// The request's headers.
    pub headers: &'a Headers,
    /// The request's body.
    pub body: &'a [u8],
    /// The facts of the body.
    pub request: &'a Request,
}

/// What was decided.
#[derive(Debug)]
pub struct Decision {
    /// Where the call goes.
    pub resolution: Resolution,
    /// Who is asked, in what order, and who is not.
    pub plan: Plan,
    /// The first attempt's body, where it is one of another format.
    pub prepared: Option<Prepared>,
    /// Why nobody is asked.
    pub refusal: Option<Refusal>,
}

/// How often a call is decided anew, because other calls took what was free when it was planned.
const MAX_DECISIONS: usize = 3;

/// Decides a call and asks for leave to make its first attempt; a decision without leave has a refusal.
pub fn decide_and_enter(
    snapshot: &Snapshot,
    asked: Asked<'_>,
    moment: Moment<'_>,
) -> Result<(Decision, Option<Leave>), Refusal> {
    let mut decision = decide(snapshot, asked, moment)?;
    for _ in 0..MAX_DECISIONS {
        if decision.refusal.is_some() {
            return Ok((decision, None));
        }
        let first = decision.plan.attempts.first().map(|first| first.member);
        if let Some(leave) = decision.plan.enter(0, moment.store, moment.now) {
            if decision.plan.attempts.first().map(|first| first.member) != first {
                decision.prepared = None;
            }
            return Ok((decision, Some(leave)));
        }
        decision = decide(snapshot, asked, moment)?;
    }
    let soonest = decision.plan.excluded.iter().filter_map(Exclusion::wait).min();
    let refusal = Refusal::AtLimit(soonest.unwrap_or(Millis(1_000)));
    decision.refusal.get_or_insert(refusal);
    Ok((decision, None))
}

/// Decides a call; fails if no pool takes it.
pub fn decide(snapshot: &Snapshot, asked: Asked<'_>, moment: Moment<'_>) -> Result<Decision, Refusal> {
    let Asked {
        agent,
        format,
        headers,
        body,
        request,
    } = asked;
    let resolution = routing::resolve(snapshot, Facts::of_call(agent, headers, request))
        .map_err(|routing::Unresolved| Refusal::UnknownModel(request.model.clone()))?;
    let model = resolution.model.as_deref();
    let defaults = model.map_or(&NO_DEFAULTS, |model| &model.defaults);
    let eligibility = Eligibility::of(agent, model, request);
    let estimate = request.estimated_input.saturating_add(EXPECTED_OUTPUT);
    let retries = routing::own_retries(headers);
    let mut portable = Portable::new(format, body);
    let mut plan = |eligibility: &Eligibility<'_>| {
        routing::plan(&resolution.pool, moment, estimate, retries, |member| {
            eligibility.check(member)?;
            portable.to(&Target::new(&member.provider, &member.model, defaults))
        })
    };
    let mut planned = plan(&eligibility);
    if planned.attempts.is_empty() && planned.excluded.iter().any(Exclusion::is_for_length) {
        planned = plan(&eligibility.in_doubt());
    }
    let plan = planned;
    let prepared = plan
        .attempts
        .first()
        .and_then(|first| portable.prepare(&Target::new(&first.provider, &first.model, defaults)));
    let refusal = plan.attempts.is_empty().then(|| {
        if let Some(wait) = plan.wait {
            return Refusal::AtLimit(wait);
        }
        let untranslatable = portable.into_refusal().map(Refusal::Untranslatable);
        untranslatable
            .or_else(|| eligibility.unfit(&plan.excluded).map(Refusal::Unfit))
            .unwrap_or(Refusal::Upstream(UpstreamFailure::Unreachable))
    });
    Ok(Decision {
        resolution,
        plan,
        prepared,
        refusal,
    })
}
