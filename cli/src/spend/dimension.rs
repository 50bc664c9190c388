//! What spending can be added up by.

use clap::ValueEnum;

/// What tells calls apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Dimension {
    /// Who called.
    Agent,
    /// The agent's workspace.
    Workspace,
    /// The workspace's tenant.
    Tenant,
    /// The feature that the call said it is for.
    Feature,
    /// The pool that took the call.
    Pool,
    /// The account that was asked; each attempt counts for its own.
    Provider,
    /// The model that was asked, by the provider's name; each attempt counts for its own.
    Model,
    /// The day on which the call began, UTC.
    Day,
    /// The month in which it began, UTC.
    Month,
}

impl Dimension {
    /// Its name in titles.
    pub fn name(self) -> &'static str {
        match self {
            Self::Agent => "agent",
            Self::Workspace => "workspace",
            Self::Tenant => "tenant",
            Self::Feature => "feature",
            Self::Pool => "pool",
            Self::Provider => "provider",
            Self::Model => "model",
            Self::Day => "day",
            Self::Month => "month",
        }
    }

    /// Whether attempts of one call may differ in it.
    pub fn is_of_attempts(self) -> bool {
        matches!(self, Self::Provider | Self::Model)
    }

    /// Whether it has an order of its own.
    pub fn is_time(self) -> bool {
        matches!(self, Self::Day | Self::Month)
    }
}
