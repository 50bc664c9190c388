//! Responses that a provider keeps: <https://platform.openai.com/docs/guides/conversation-state>
//!
//! Only the account that made a response knows it. Nothing of that is remembered here: on its way to the agent the id of a
//! response gets a tag that says which account keeps it, for whom, and of which model it was asked. An id that comes
//! back leads the call to that account, which gets it without the tag. So every Envoy of a fleet knows them all, after any
//! restart.
//!
//! The tag is no secret. It keeps ids from being taken for what they are not, and an id that was passed on from being of
//! use in another workspace; whoever has learned one and knows these lines could write another tag to it.

mod keeper;
mod labeller;

pub use keeper::Keeper;
pub use labeller::{Labeller, Place, Shape};

use sha2::{Digest, Sha256};

use crate::config::{Agent, ProviderKind, Snapshot};
use crate::ids::{LogicalModelName, ProviderName};
use crate::wire::opaque::hex;
use json::Span;
use json::splice::Edit;

/// What the ids of responses begin with, at OpenAI as at Azure.
const PREFIX: &str = "resp_";

/// What a tag begins with.
const MARK: &str = "broker_";

/// What stands between a tag and the rest of the provider's id.
const END: &str = "_";

/// How many hexadecimal digits tell the account, and the model.
const SHORT: usize = 8;

/// How many hexadecimal digits tell the owner.
const LONG: usize = 16;

/// What a request says of responses that are kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Keeping {
    /// The response that it goes on with, or is about.
    pub named: Option<Named>,
    /// Whether the answer is to be kept, as far as the request says.
    pub is_wanted: bool,
}

/// A response that a request names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// The id that the agent gives it.
    pub id: String,
    /// Where it stands in the body, quotes included; empty if it stands in the path.
    pub span: Span,
}

/// What the broker puts into the id of a response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tag {
    account: [u8; SHORT],
    model: [u8; SHORT],
    owner: [u8; LONG],
}

impl Tag {
    /// The tag of what an account keeps for an agent; `model`: the name that the agent asked for.
    #[must_use]
    pub fn new(account: &ProviderName, agent: &Agent, model: &str) -> Self {
        Self {
            account: account_digits(account),
            model: digits("model", model),
            owner: owner_digits(agent),
        }
    }

    /// What stands in an id after its prefix.
    #[must_use]
    pub fn text(&self) -> String {
        let parts: [&[u8]; 3] = [&self.account, &self.model, &self.owner];
        let digits = parts.concat();
        [MARK, &String::from_utf8_lossy(&digits), END].concat()
    }

    /// Whether it is of what this account keeps.
    #[must_use]
    pub fn is_of(&self, account: &ProviderName) -> bool {
        self.account == account_digits(account)
    }

    /// Whether it is of what is kept for the workspace of this agent, or for itself if it has none.
    #[must_use]
    pub fn belongs_to(&self, agent: &Agent) -> bool {
        self.owner == owner_digits(agent)
    }

    /// The name that the agent asked for, if it is still one.
    #[must_use]
    pub fn model<'s>(&self, snapshot: &'s Snapshot) -> Option<&'s str> {
        let logical = snapshot.models.keys().map(LogicalModelName::as_str);
        let others = snapshot.offered_models.iter().chain(&snapshot.upstream_models);
        let mut names = logical.chain(others.map(String::as_str));
        names.find(|name| digits("model", name) == self.model)
    }
}

impl Named {
    /// The tag of the id, and the provider's id; `None` if the broker did not give it.
    #[must_use]
    pub fn read(&self) -> Option<(Tag, String)> {
        let (account, rest) = self
            .id
            .strip_prefix(PREFIX)?
            .strip_prefix(MARK)?
            .split_at_checked(SHORT)?;
        let (model, rest) = rest.split_at_checked(SHORT)?;
        let (owner, rest) = rest.split_at_checked(LONG)?;
        let rest = rest.strip_prefix(END)?;
        let are_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_hexdigit());
        if ![account, model, owner].into_iter().all(are_digits) {
            return None;
        }
        let tag = Tag {
            account: account.as_bytes().try_into().ok()?,
            model: model.as_bytes().try_into().ok()?,
            owner: owner.as_bytes().try_into().ok()?,
        };
        Some((tag, [PREFIX, rest].concat()))
    }

    /// Puts the provider's id where the agent's stands in a body.
    #[must_use]
    pub fn edit(&self) -> Option<Edit> {
        let (_, id) = self.read()?;
        Some(Edit::replace(self.span, serde_json::to_vec(&id).ok()?))
    }
}

impl ProviderKind {
    /// Whether a provider of this kind keeps responses, and is asked for them in their own format.
    #[must_use]
    pub fn keeps_responses(self) -> bool {
        matches!(self, Self::OpenAi | Self::AzureOpenAi)
    }
}

/// The id of the response that a path after `/v1` is about.
#[must_use]
pub fn id_in(path: &str) -> Option<&str> {
    path.strip_prefix("/responses/")?.split('/').next()
}

/// The path with the provider's id in the place of the agent's.
#[must_use]
pub fn providers_path(path: &str) -> String {
    let found = id_in(path).and_then(|id| {
        let named = Named {
            id: id.to_owned(),
            span: Span::default(),
        };
        let rest = path.strip_prefix("/responses/")?.strip_prefix(id)?;
        Some(["/responses/", &named.read()?.1, rest].concat())
    });
    found.unwrap_or_else(|| path.to_owned())
}

fn account_digits(account: &ProviderName) -> [u8; SHORT] {
    digits("account", account.as_str())
}

/// Agents of one workspace share what is kept for them, as they share its budgets.
fn owner_digits(agent: &Agent) -> [u8; LONG] {
    match &agent.workspace {
        Some(workspace) => digits("workspace", workspace.name.as_str()),
        None => digits("agent", agent.name.as_str()),
    }
}

/// The first hexadecimal digits of the SHA-256 of a name, which is one of `what`.
fn digits<const N: usize>(what: &str, name: &str) -> [u8; N] {
    let digest = hex(&Sha256::digest(
        [what.as_bytes(), b"\0", name.as_bytes()].concat(),
    ));
    let mut digits = [b'0'; N];
    digits
        .iter_mut()
        .zip(digest.bytes())
        .for_each(|(slot, digit)| *slot = digit);
    digits
}

#[cfg(test)]
mod tests;
