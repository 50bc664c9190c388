//! The facts of a call as its record holds them.

use serde::Deserialize;

use crate::config::Agent;
use crate::health::delay;
use crate::provider::{Capabilities, Capability};
use crate::routing::Stated;
use crate::units::{Timestamp, Tokens};

/// A call that was made.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RecordedCall {
    /// Who called.
    pub agent: String,
    /// What made it known: the certificate, the JWT or the token.
    pub identity: Option<String>,
    /// Its workspace.
    pub workspace: Option<String>,
    /// Its classification of what it handles.
    pub classification: Option<String>,
    /// The model that was asked for.
    pub model: String,
    /// What it was a step of.
    pub step: Option<String>,
    /// What it was for.
    pub purpose: Option<String>,
    /// Its tier.
    pub tier: Option<String>,
    /// The estimated tokens of the input.
    pub input: Tokens,
    /// What it needed of the model, as far as that is recorded.
    pub needs: Capabilities,
    /// Whether the record says what it needed; if not, only whether it was a stream is known.
    pub has_needs: bool,
    /// When it was made.
    pub at: Timestamp,
    /// The configuration that decided it.
    pub config: String,
}

/// Why a line holds no call that could be decided anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoCall {
    /// The line is none of the broker's.
    #[error("it is no record")]
    NotARecord,
    /// Nobody known asked for a model: the call was refused before, or was about something else.
    #[error("it is the record of a call without an agent or a model")]
    NoModel,
}

/// What a line may hold; everything else in it is passed over.
#[derive(Deserialize)]
struct Line {
    time: Option<String>,
    #[serde(rename = "llm.config")]
    config: Option<String>,
    #[serde(rename = "llm.agent")]
    agent: Option<String>,
    #[serde(rename = "llm.identity")]
    identity: Option<String>,
    #[serde(rename = "llm.workspace")]
    workspace: Option<String>,
    #[serde(rename = "llm.classification")]
    classification: Option<String>,
    #[serde(rename = "llm.model.requested")]
    model: Option<String>,
    #[serde(rename = "llm.step")]
    step: Option<String>,
    #[serde(rename = "llm.purpose")]
    purpose: Option<String>,
    #[serde(rename = "llm.tier")]
    tier: Option<String>,
    #[serde(rename = "llm.stream")]
    stream: Option<bool>,
    #[serde(rename = "llm.needs")]
    needs: Option<Vec<String>>,
    #[serde(rename = "llm.context.tokens")]
    input: Option<u64>,
}

impl RecordedCall {
    /// Reads a line of the access log.
    pub fn read(line: &[u8]) -> Result<Self, NoCall> {
        let line: Line = serde_json::from_slice(line).map_err(|_| NoCall::NotARecord)?;
        let at = line.time.as_deref().and_then(delay::moment);
        let (Some(config), Some(at)) = (line.config, at) else {
            return Err(NoCall::NotARecord);
        };
        let (Some(agent), Some(model)) = (line.agent, line.model) else {
            return Err(NoCall::NoModel);
        };
        let has_needs = line.needs.is_some();
        let named = line.needs.unwrap_or_default();
        let named = named.iter().filter_map(|name| Capability::named(name));
        let stream = line
            .stream
            .is_some_and(|is_stream| is_stream)
            .then_some(Capability::Streaming);
        Ok(Self {
            agent,
            identity: line.identity,
            workspace: line.workspace,
            classification: line.classification,
            model,
            step: line.step,
            purpose: line.purpose,
            tier: line.tier,
            input: Tokens(line.input.unwrap_or_default()),
            needs: named.chain(stream).collect(),
            has_needs,
            at,
            config,
        })
    }

    /// What the call said of itself, were it a call of this agent. The record does not tell what the call said from
    /// what was its agent's attribute: a tier is the agent's where it has one, as ever, and step and purpose are those of
    /// the record.
    pub(super) fn stated<'a>(&'a self, agent: &'a Agent) -> Stated<'a> {
        let granted = |name: &str| agent.attributes.get(name).map(String::as_str);
        Stated {
            step: self.step.as_deref().or_else(|| granted("step")),
            purpose: self.purpose.as_deref().or_else(|| granted("purpose")),
            tier: granted("tier").or(self.tier.as_deref()),
            // Nothing decides by it.
            feature: None,
        }
    }
}
