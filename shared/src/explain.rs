//! Why a call would go where it would go: the decision of the filter, made by the same code and told in full.

mod listing;
mod members;
mod policies;
mod rules;

use serde::Serialize;
use serde_json::Value;

use crate::api::Api;
use crate::broker::decision::{self, Asked};
use crate::config::{Agent, Snapshot};
use crate::endpoint::Endpoint;
use crate::headers::Headers;
use crate::ids::{AgentName, ConfigVersion, PoolName, RuleName, TenantName, WorkspaceName};
use crate::provider::Capability;
use crate::reply::Refusal;
use crate::routing::{Moment, Stated, Worker};
use crate::store::Empty;
use crate::units::{Timestamp, Tokens};
use crate::wire::{Dialect, Format};

pub use listing::{ListedMember, Listing, list};
pub use members::{MemberReport, Place};
pub use policies::{NearMissReport, PolicyReport};
pub use rules::RuleReport;

/// A call that could be made.
#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    /// Who would call.
    pub agent: &'a Agent,
    /// The format that the agent would speak.
    pub format: Format,
    /// What it would ask for.
    pub endpoint: Endpoint,
    /// The request's headers.
    pub headers: &'a Headers,
    /// The request's body.
    pub body: &'a [u8],
    /// The tokens of the input for rules and policies, where they are not to be estimated from the body.
    pub input: Option<Tokens>,
    /// What would decide where the plan leaves a choice.
    pub random: u64,
    /// When the call would be made.
    pub now: Timestamp,
    /// The conditions of each policy in Cedar's words.
    pub conditions: &'a [Vec<String>],
}

/// What would become of the call.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Explanation {
    /// The configuration that decides.
    pub config: ConfigVersion,
    /// Who calls.
    pub agent: AgentName,
    /// The agent's workspace.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workspace: Option<WorkspaceName>,
    /// The workspace's tenant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tenant: Option<TenantName>,
    /// Where its calls may go; absent: anywhere.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub regions: Option<Vec<String>>,
    /// The API that is spoken.
    pub api: &'static str,
    /// The model that is asked for.
    pub model: String,
    /// What the call is a step of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step: Option<String>,
    /// What it is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub purpose: Option<String>,
    /// Its tier.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tier: Option<String>,
    /// What it needs of the model.
    pub needs: Vec<&'static str>,
    /// The estimated tokens of the input.
    pub input_tokens: Tokens,
    /// The rules that were looked at, and then the pools with conditions, in order; the last one took the call unless
    /// all say why not.
    pub rules: Vec<RuleReport>,
    /// The rule that chose the pool; absent: the model's own pool, or none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule: Option<RuleName>,
    /// The pool.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pool: Option<PoolName>,
    /// How the pool orders its members.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub routing: Option<&'static str>,
    /// How many attempts may follow the first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failover: Option<u32>,
    /// Every member of the pool, in the order of the document.
    pub members: Vec<MemberReport>,
    /// What the agent would be told instead of an answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refusal: Option<RefusalReport>,
}

/// A refusal as the agent would get it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RefusalReport {
    /// The HTTP status.
    pub status: u16,
    /// The code.
    pub code: &'static str,
    /// The body.
    pub body: Value,
}

impl RefusalReport {
    /// What a caller of `dialect` would get.
    #[must_use]
    pub fn of(refusal: &Refusal, dialect: Dialect) -> Self {
        let reply = refusal.reply(dialect, "");
        Self {
            status: reply.status,
            code: refusal.code(),
            body: serde_json::from_slice(&reply.body).unwrap_or_default(),
        }
    }
}

/// Decides a call and says why; fails if its body is no request.
pub fn explain(snapshot: &Snapshot, question: Question<'_>) -> Result<Explanation, Refusal> {
    let Question {
        agent,
        format,
        endpoint,
        headers,
        body,
        input,
        random,
        now,
        conditions,
    } = question;
    let request = decision::read(snapshot, agent, endpoint, format, headers, body)?;
    // What workers remember is in Envoy; here everybody is well.
    let moment = Moment {
        now,
        random,
        store: &Empty,
        worker: &Worker::default(),
    };
    let asked = Asked {
        agent,
        format,
        endpoint,
        headers,
        body,
        request: &request,
        input: input.unwrap_or_else(|| decision::estimate_input(snapshot, &request, moment)),
    };
    let api = Api::of(format, endpoint);
    let workspace = agent.workspace.as_deref();
    let stated = Stated::of(agent, headers, Some(&request.metadata));
    let owned = |text: Option<&str>| text.map(str::to_owned);
    let mut explanation = Explanation {
        config: snapshot.version.clone(),
        agent: agent.name.clone(),
        workspace: workspace.map(|workspace| workspace.name.clone()),
        tenant: workspace.and_then(|workspace| workspace.tenant.clone()),
        regions: workspace.and_then(|workspace| workspace.regions.clone()),
        api: api.as_str(),
        model: request.model.clone(),
        step: owned(stated.step),
        purpose: owned(stated.purpose),
        tier: owned(stated.tier),
        needs: request.needs.iter().map(Capability::as_str).collect(),
        input_tokens: asked.input,
        rules: Vec::new(),
        rule: None,
        pool: None,
        routing: None,
        failover: None,
        members: Vec::new(),
        refusal: None,
    };
    let refusal = match decision::decide(snapshot, asked, moment) {
        Err(refusal) => {
            // A name that nothing knows is refused before any rule is looked at.
            if snapshot.knows_model(&request.model) {
                explanation.rules = rules::report(snapshot, asked);
            }
            Some(refusal)
        }
        Ok(decision) => {
            explanation.rules = rules::report(snapshot, asked);
            explanation.members = members::report(snapshot, asked, &decision, now, conditions);
            explanation.rule.clone_from(&decision.resolution.rule);
            explanation.pool = Some(decision.resolution.pool.name.clone());
            explanation.routing = Some(decision.resolution.pool.strategy.as_str());
            explanation.failover = Some(decision.resolution.pool.failover);
            decision.refusal
        }
    };
    explanation.refusal = refusal.map(|refusal| RefusalReport::of(&refusal, api.dialect()));
    Ok(explanation)
}

#[cfg(test)]
mod tests;
