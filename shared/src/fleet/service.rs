//! The rate limit service as the configuration names it.

use crate::units::Millis;

/// A rate limit service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Service {
    /// Envoy's cluster of it.
    pub cluster: String,
    /// Which of the service's configurations is meant.
    pub domain: String,
    /// What becomes of calls that it does not count.
    pub when_down: WhenDown,
    /// How long a call may wait for it, all in all.
    pub timeout: Millis,
}

/// What becomes of calls that the service does not count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum WhenDown {
    /// Each Envoy counts by itself, from where the fleet was.
    #[default]
    Local,
    /// They are refused.
    Closed,
}

impl WhenDown {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Local, Self::Closed];

    /// The choice as the document spells it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Local => "local",
            Self::Closed => "closed",
        }
    }
}
