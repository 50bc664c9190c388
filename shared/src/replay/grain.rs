//! How exactly the time of a call matters, so that calls that only differ in it are decided once.

use crate::config::Snapshot;
use crate::policy::ContextAttribute;
use crate::units::Timestamp;

/// How exactly a configuration looks at the time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Grain {
    /// Not at all.
    Never,
    /// At the hour, the minute or the day of the week.
    Minute,
    /// At the moment itself.
    Exact,
}

impl Grain {
    /// How exactly the policies of a configuration look at the time; nothing else of a decision does.
    #[must_use]
    pub fn of(snapshot: &Snapshot) -> Self {
        let Some(policies) = snapshot.policies.as_deref() else {
            return Self::Never;
        };
        let looks_at = |attributes: &[ContextAttribute]| {
            let mut attributes = attributes.iter();
            attributes.any(|attribute| policies.looks_at(*attribute))
        };
        if looks_at(&[ContextAttribute::Now]) {
            Self::Exact
        } else if looks_at(&[
            ContextAttribute::Hour,
            ContextAttribute::Minute,
            ContextAttribute::Weekday,
        ]) {
            Self::Minute
        } else {
            Self::Never
        }
    }

    /// A time that is decided as `at` is.
    #[must_use]
    pub fn round(self, at: Timestamp) -> Timestamp {
        const MINUTE: u64 = 60_000_000_000;
        match self {
            Self::Never => Timestamp(0),
            Self::Minute => Timestamp(at.0 / MINUTE * MINUTE),
            Self::Exact => at,
        }
    }
}
