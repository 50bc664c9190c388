//! A call that has come whole: what it asks for, who can serve that, in what order, and what it takes of budgets.

use std::sync::Arc;

use super::budgets;
use super::decision::{self, Asked, Decision};
use super::trail::Trail;
use crate::call::Call;
use crate::config::Agent;
use crate::endpoint::{Endpoint, count};
use crate::headers::Headers;
use crate::identity;
use crate::limits::MAX_REQUEST_BODY;
use crate::reply::Refusal;
use crate::routing::{self, Moment};
use crate::wire::{Dropped, Format, Observation};

/// A call whose caller is known and whose body is awaited.
#[derive(Debug)]
pub(super) struct Reading {
    pub agent: Arc<Agent>,
    pub format: Format,
    pub endpoint: Endpoint,
    pub headers: Headers,
}

/// The body is there: what does it ask for, who can serve that, in what order?
pub(super) fn read_and_plan(
    trail: &mut Trail,
    reading: Reading,
    body: Vec<u8>,
    moment: Moment<'_>,
) -> Result<Call, Refusal> {
    if body.len() > MAX_REQUEST_BODY {
        return Err(Refusal::TooLarge);
    }
    let Reading {
        agent,
        format,
        endpoint,
        headers,
    } = reading;
    let mut request = decision::read(&trail.snapshot, &agent, endpoint, format, &headers, &body)?;
    let user = identity::given_user(&headers, Some(&request.metadata));
    let agent = trail.snapshot.with_end_user(agent, user);
    let input = decision::estimate_input(&trail.snapshot, &request, moment);
    // What is only counted takes nothing of limits and budgets, and fits everywhere.
    let counted = (endpoint == Endpoint::CountTokens).then(|| std::mem::take(&mut request.content));
    trail.estimate = counted.map(|_| input);
    let asked = Asked {
        agent: &agent,
        format,
        endpoint,
        headers: &headers,
        body: &body,
        request: &request,
        input,
    };
    trail.note_request(&asked);
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
    let (model, pool) = (resolution.model.clone(), resolution.pool.clone());
    trail.resolution = Some(resolution);
    if let Some(refusal) = refusal {
        trail.excluded = plan.excluded;
        return Err(refusal);
    }
    let mut call = Call {
        agent: agent.clone(),
        format,
        endpoint,
        request,
        headers,
        body,
        model,
        pool,
        conversation,
        granted: plan.attempts.len(),
        plan,
        attempts: Vec::with_capacity(1),
        entered,
        unmade: Vec::new(),
        is_over: false,
        prepared,
        observation: Observation::default(),
        dropped: Dropped::default(),
        first_byte_at: None,
        is_complete: false,
        leash: None,
        stopped: None,
    };
    if let Some(content) = counted {
        trail.estimate = Some(count::prepare(&mut call, &content, moment));
        return Ok(call);
    }
    match budgets::reserve(&agent.allowances, &mut call, moment) {
        Ok(reserved) => trail.reserved = reserved,
        Err(refusal) => {
            call.give_back(moment.store, moment.now);
            trail.excluded = call.plan.excluded;
            return Err(refusal);
        }
    }
    routing::note_call(&call.pool, moment.store);
    Ok(call)
}
