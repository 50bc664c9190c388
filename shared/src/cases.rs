//! Calls that an operator writes down with the decision that they expect, so that policies can be tested before they are
//! in force. They are decided by the filter's own code.

mod decided;
mod judge;
mod read;

use crate::config::Agent;
use crate::headers::Headers;
use crate::policy::PolicyId;
use crate::units::{Timestamp, Tokens};
use crate::wire::Format;

pub use decided::{Decided, DecidedMember, Decision, Standing};
pub use judge::Failure;
pub use read::read;

/// A call and what is expected of it.
#[derive(Clone, Debug)]
pub struct Case {
    /// What it is about, in the operator's words.
    pub name: Option<String>,
    /// Who calls, with the attributes that it has in this case.
    pub agent: Agent,
    /// The request's headers.
    pub headers: Headers,
    /// When it is made; `None`: whenever it is decided.
    pub at: Option<Timestamp>,
    /// What the agent does.
    pub deed: Deed,
    /// What is expected.
    pub expected: Expectation,
}

/// What an agent does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Deed {
    /// It calls a model.
    Invoke {
        /// The format that it speaks.
        format: Format,
        /// The request's body.
        body: Vec<u8>,
        /// The tokens of the input, where they are not to be estimated.
        input: Option<Tokens>,
    },
    /// It asks for the list of models: whether this one is on it.
    List {
        /// The name of the model.
        model: String,
    },
}

/// What is expected of a decision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expectation {
    /// What is decided.
    pub decision: Decision,
    /// Policies that are among those that determine it.
    pub policies: Vec<PolicyId>,
    /// What becomes of members, as `provider/model`.
    pub members: Vec<(String, Standing)>,
}

#[cfg(test)]
#[cfg(feature = "cedar")]
mod tests;
