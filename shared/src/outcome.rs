//! How an attempt went: what calls, the health of accounts and records all speak of.

use std::borrow::Cow;

use serde::{Serialize, Serializer};

use crate::acceptance::Unmet;
use crate::wire::Flaw;

/// How an attempt went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The provider answered with this status.
    Status(u16),
    /// No connection.
    ConnectFailure,
    /// The connection broke before an answer.
    Reset,
    /// No answer in time.
    Timeout,
    /// Envoy's own health check knows that there would be none.
    Unhealthy,
    /// The answer began with a success and turned out to be none, before the agent saw any of it.
    Flawed(Flaw),
    /// The answer was one, but not what the pool accepts, and made room for the next rung.
    NotAccepted(Unmet),
}

impl Outcome {
    /// Whether the provider did what was asked.
    #[must_use]
    pub fn is_success(self) -> bool {
        matches!(self, Self::Status(200..=299))
    }

    /// What Envoy's response flags say of an attempt that a hop inside Envoy gave up:
    /// <https://www.envoyproxy.io/docs/envoy/latest/configuration/observability/access_log/usage>
    #[must_use]
    pub fn from_response_flags(flags: &[u8]) -> Self {
        let mut flags = flags.split(|byte| *byte == b',');
        flags
            .find_map(|flag| match flag {
                b"UT" | b"SI" => Some(Self::Timeout),
                b"UF" => Some(Self::ConnectFailure),
                b"UH" => Some(Self::Unhealthy),
                _ => None,
            })
            .unwrap_or(Self::Reset)
    }

    /// The failure's name; a status has none.
    fn failure(self) -> Option<&'static str> {
        match self {
            Self::Status(_) => None,
            Self::ConnectFailure => Some("connect_failure"),
            Self::Reset => Some("reset"),
            Self::Timeout => Some("timeout"),
            Self::Unhealthy => Some("unhealthy"),
            Self::Flawed(flaw) => Some(flaw.as_str()),
            Self::NotAccepted(_) => Some("not_accepted"),
        }
    }

    /// The status or the failure's name, for a metric's label.
    #[must_use]
    pub fn label(self) -> Cow<'static, str> {
        match self {
            Self::Status(200) => Cow::Borrowed("200"),
            Self::Status(status) => Cow::Owned(status.to_string()),
            _ => Cow::Borrowed(self.failure().unwrap_or_default()),
        }
    }
}

/// A status as a number, a failure as its name.
impl Serialize for Outcome {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Status(status) => serializer.serialize_u16(*status),
            _ => serializer.serialize_str(self.failure().unwrap_or_default()),
        }
    }
}
