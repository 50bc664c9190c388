//! The decision of a call: which pool takes it, who of that can serve it, and in what order they are asked. The same
//! for a call that passes through and for one that is only explained.

use crate::broker::budgets;
use crate::broker::portable::Portable;
use crate::budget;
use crate::call::Prepared;
use crate::config::{Agent, NO_DEFAULTS, Snapshot};
use crate::endpoint::Endpoint;
use crate::headers::Headers;
use crate::policy::{Action, Context, Deciding, Principal, Verdicts};
use crate::reply::{NotStored, Refusal, UpstreamFailure};
use crate::request::Request;
use crate::routing::{
    self, Conversation, Demand, Eligibility, Estimator, Exclusion, ExclusionReason, Facts, Leave, Moment,
    Plan, Resolution,
};
use crate::stored::{Keeper, Named};
use crate::units::{Millis, Tokens};
use crate::wire::{Format, Target};

/// A call that is to be decided.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// Who calls.
    pub agent: &'a Agent,
    /// The format that the agent speaks.
    pub format: Format,
    /// What is asked of providers.
    pub endpoint: Endpoint,
    /// The request's headers.
    pub headers: &'a Headers,
    /// The request's body.
    pub body: &'a [u8],
    /// The facts of the body.
    pub request: &'a Request,
    /// The estimated tokens of the input, see [`estimate_input`].
    pub input: Tokens,
}

/// What was decided.
#[derive(Debug)]
pub struct Decision {
    /// Where the call goes.
    pub resolution: Resolution,
    /// The conversation that it goes on with, where the pool keeps them.
    pub conversation: Option<Conversation>,
    /// What policies said of the members; `None` without policies.
    pub verdicts: Option<Verdicts>,
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
    let refusal = at_limit(soonest.unwrap_or(Millis(1_000)), &decision.plan.excluded);
    decision.refusal.get_or_insert(refusal);
    Ok((decision, None))
}

/// Reads a call. What is about a response that is kept asks for the model that the response was asked of.
pub fn read(
    snapshot: &Snapshot,
    agent: &Agent,
    endpoint: Endpoint,
    format: Format,
    headers: &Headers,
    body: &[u8],
) -> Result<Request, Refusal> {
    let mut request = endpoint.read(format, headers, body).map_err(Refusal::Request)?;
    if endpoint.is_of_response() {
        let named = request.keeping.named.as_ref();
        let tag = named.and_then(Named::read).map(|(tag, _)| tag);
        let tag = tag.filter(|tag| tag.belongs_to(agent));
        let model = tag.as_ref().and_then(|tag| tag.model(snapshot));
        let model = model.ok_or_else(|| not_stored(endpoint, &request))?;
        model.clone_into(&mut request.model);
    }
    Ok(request)
}

fn not_stored(endpoint: Endpoint, request: &Request) -> Refusal {
    let named = request.keeping.named.as_ref();
    let id = named.map(|named| named.id.clone()).unwrap_or_default();
    Refusal::NotStored(match endpoint {
        Endpoint::Answer => NotStored::Previous(id),
        _ => NotStored::Asked(id),
    })
}

/// All who could serve a call are at a limit, or nobody knows whether they are.
fn at_limit(wait: Millis, excluded: &[Exclusion]) -> Refusal {
    let is_uncounted = |exclusion: &Exclusion| matches!(exclusion.reason, ExclusionReason::Uncounted { .. });
    if excluded.iter().any(is_uncounted) {
        Refusal::UncountedLimits
    } else {
        Refusal::AtLimit(wait)
    }
}

/// The tokens of an input before it is known who counts them: as the model does that the agent asked for, or the first
/// of those that stand behind its name.
#[must_use]
pub fn estimate_input(snapshot: &Snapshot, request: &Request, moment: Moment<'_>) -> Tokens {
    let logical = snapshot.models.get(request.model.as_str());
    let member = logical.and_then(|model| model.pool.members.first());
    let demand = Demand::of(request, moment);
    match member {
        Some(member) => demand.input(&member.model),
        None if snapshot.upstream_models.contains(&request.model) => {
            demand.input(&request.model.as_str().into())
        }
        None => Estimator::default().estimate(&request.content),
    }
}

/// Decides a call; fails if no pool takes it. Where a budget is nearly spent a cheaper pool does, if it can.
pub fn decide(snapshot: &Snapshot, asked: Asked<'_>, moment: Moment<'_>) -> Result<Decision, Refusal> {
    let facts = Facts::of_call(asked.agent, asked.headers, asked.request, asked.input);
    let resolution = routing::resolve(snapshot, facts)
        .map_err(|routing::Unresolved| Refusal::UnknownModel(asked.request.model.clone()))?;
    if let Some(cheaper) = budgets::downgrade(&resolution, &asked.agent.allowances, moment) {
        let decision = decide_in(snapshot, asked, facts, cheaper, moment);
        let cannot_serve = matches!(
            decision.refusal,
            Some(Refusal::Unfit(_) | Refusal::Untranslatable(_) | Refusal::NotStored(_))
        );
        if !cannot_serve {
            return Ok(decision);
        }
    }
    Ok(decide_in(snapshot, asked, facts, resolution, moment))
}

/// Decides who of a pool takes a call.
fn decide_in(
    snapshot: &Snapshot,
    asked: Asked<'_>,
    facts: Facts<'_>,
    resolution: Resolution,
    moment: Moment<'_>,
) -> Decision {
    let Asked {
        agent,
        format,
        endpoint,
        headers,
        body,
        request,
        input,
    } = asked;
    let model = resolution.model.as_deref();
    let defaults = model.map_or(&NO_DEFAULTS, |model| &model.defaults);
    let demand = Demand::of(request, moment);
    let eligibility = Eligibility::of(agent, model, request.needs, demand, input);
    let pool = &resolution.pool;
    let conversation = (pool.has_affinity && endpoint == Endpoint::Answer)
        .then(|| Conversation::of(body, request, pool, moment.store, moment.now))
        .flatten();
    let retries = routing::own_retries(headers);
    let has_policies = snapshot.policies.is_some();
    let left = has_policies
        .then(|| budget::dollars_left(&agent.allowances, moment))
        .flatten();
    let (principal, context) = (Principal::from(agent), Context::of(facts, moment.now, left));
    let mut permission = snapshot.policies.as_deref().map(|policies| {
        let deciding = Deciding::new(policies, &principal, Action::Invoke, &context);
        (deciding, Verdicts::new(snapshot.policy_mode))
    });
    let mut portable = Portable::new(format, body);
    let mut keeper = Keeper::of(request, agent);
    let mut plan = |eligibility: &Eligibility<'_>| {
        routing::plan(pool, moment, demand, conversation, retries, |placed| {
            if let Some(keeper) = &mut keeper {
                keeper.check(placed.1)?;
            }
            if let Some((deciding, verdicts)) = &mut permission {
                verdicts.check(deciding, &request.model, pool, placed)?;
            }
            let (index, member) = placed;
            eligibility.check(member)?;
            let target = Target::new(&member.provider, &member.model, defaults);
            match endpoint {
                Endpoint::Answer => portable.to(&target),
                other => other
                    .check(pool, index, &target, body)
                    .map_err(|error| portable.refuse(error)),
            }
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
            return at_limit(wait, &plan.excluded);
        }
        if let Some(keeper) = keeper {
            if keeper.is_missing() || (endpoint.is_of_response() && !keeper.is_found()) {
                return not_stored(endpoint, request);
            }
            if let Some(own) = keeper.own(&plan.excluded) {
                let unfit = eligibility.unfit(&own).map(Refusal::Unfit);
                return unfit.unwrap_or(Refusal::Upstream(UpstreamFailure::Unreachable));
            }
        }
        let untranslatable = portable.into_refusal().map(Refusal::Untranslatable);
        untranslatable
            .or_else(|| eligibility.unfit(&plan.excluded).map(Refusal::Unfit))
            .unwrap_or(Refusal::Upstream(UpstreamFailure::Unreachable))
    });
    Decision {
        resolution,
        conversation,
        verdicts: permission.map(|(_, verdicts)| verdicts),
        plan,
        prepared,
        refusal,
    }
}
