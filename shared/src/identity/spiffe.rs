//! The SPIFFE id of a client's certificate, and which part of it names the agent.

use super::claimed::Claimed;
use super::{Arrival, IdentityError, forwarded};
use crate::headers::{Lookup, X_FORWARDED_CLIENT_CERT};
use crate::limits::MAX_SPIFFE_ID;

/// How an agent's certificate names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spiffe {
    /// What the ids of agents look like.
    pub agent: SpiffeTemplate,
    /// Who is believed when it says in `x-forwarded-client-cert` which certificate it was shown.
    pub forwarded: Forwarded,
}

/// Who may say of another's certificate.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Forwarded {
    /// Nobody.
    #[default]
    Never,
    /// Whoever reaches the listener, since only a proxy can.
    Always,
    /// Proxies whose own certificate has one of these ids; they are no agents.
    By(Vec<String>),
}

/// A SPIFFE id with names to be filled in, as `spiffe://mesh/ns/{workspace}/sa/{agent}`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpiffeTemplate(Vec<Segment>);

/// What stands between two slashes.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Segment {
    Literal(String),
    Agent,
    Workspace,
    Tenant,
}

/// Why a text is no template.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    /// It is of another scheme, or has no trust domain or path.
    #[error("must be a SPIFFE id such as `spiffe://mesh/ns/{{workspace}}/sa/{{agent}}`")]
    NoId,
    /// A segment is empty or has characters that no id has.
    #[error(
        "must have segments of letters, digits, `.`, `_` and `-`, or one of `{{agent}}`, `{{workspace}}`, `{{tenant}}`, each a whole segment"
    )]
    BadSegment,
    /// `{agent}` is missing, or a name is there twice.
    #[error("must have `{{agent}}` once, and `{{workspace}}` and `{{tenant}}` at most once")]
    Names,
}

const SCHEME: &str = "spiffe://";

impl SpiffeTemplate {
    /// Reads a template.
    pub fn parse(text: &str) -> Result<Self, TemplateError> {
        let rest = text.strip_prefix(SCHEME).ok_or(TemplateError::NoId)?;
        if !rest.contains('/') {
            return Err(TemplateError::NoId);
        }
        let segments = rest.split('/').map(|segment| match segment {
            "{agent}" => Ok(Segment::Agent),
            "{workspace}" => Ok(Segment::Workspace),
            "{tenant}" => Ok(Segment::Tenant),
            literal if is_segment(literal) => Ok(Segment::Literal(literal.to_owned())),
            _ => Err(TemplateError::BadSegment),
        });
        let segments: Vec<Segment> = segments.collect::<Result<_, _>>()?;
        let count = |wanted: &Segment| segments.iter().filter(|segment| *segment == wanted).count();
        if count(&Segment::Agent) != 1 || count(&Segment::Workspace) > 1 || count(&Segment::Tenant) > 1 {
            return Err(TemplateError::Names);
        }
        Ok(Self(segments))
    }

    /// Whether ids of this form name a workspace.
    #[must_use]
    pub fn names_workspace(&self) -> bool {
        self.0.contains(&Segment::Workspace)
    }

    /// Whom an id names; `None` if it is not of this form.
    pub(super) fn matches(&self, id: &str) -> Option<Claimed> {
        if id.len() > MAX_SPIFFE_ID {
            return None;
        }
        let mut given = id.strip_prefix(SCHEME)?.split('/');
        let mut claimed = Claimed::default();
        for segment in &self.0 {
            let given = given.next().filter(|given| is_segment(given))?;
            match segment {
                Segment::Literal(literal) if literal == given => {}
                Segment::Literal(_) => return None,
                Segment::Agent => given.clone_into(&mut claimed.agent),
                Segment::Workspace => claimed.workspace = Some(given.to_owned()),
                Segment::Tenant => claimed.tenant = Some(given.to_owned()),
            }
        }
        given.next().is_none().then_some(claimed)
    }
}

/// A segment as the SPIFFE standard has it: no escapes, and not the dots that mean another folder.
fn is_segment(text: &str) -> bool {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    !matches!(text, "" | "." | "..") && text.bytes().all(is_allowed)
}

impl Spiffe {
    /// Whom the certificate of the call names; `None` if there is none, or it is not an agent's.
    pub(super) fn read(&self, arrival: Arrival<'_>) -> Result<Option<Claimed>, IdentityError> {
        let own = || {
            let uri = arrival.verified.certificate_uri();
            uri.and_then(|id| String::from_utf8(id).ok())
        };
        let id = match &self.forwarded {
            Forwarded::Never => own(),
            Forwarded::Always => forwarded_id(arrival)?.or_else(own),
            Forwarded::By(proxies) => match own() {
                Some(id) if proxies.contains(&id) => forwarded_id(arrival)?,
                id => id,
            },
        };
        Ok(id.and_then(|id| self.agent.matches(&id)))
    }
}

/// The id that the nearest proxy in front was shown.
fn forwarded_id(arrival: Arrival<'_>) -> Result<Option<String>, IdentityError> {
    match arrival.headers.lookup(X_FORWARDED_CLIENT_CERT) {
        Lookup::Absent => Ok(None),
        Lookup::Repeated => Err(IdentityError::BadForwardedCertificate),
        Lookup::Once(value) => {
            forwarded::last_uri(value).map_err(|forwarded::Unreadable| IdentityError::BadForwardedCertificate)
        }
    }
}

#[cfg(test)]
mod tests;
