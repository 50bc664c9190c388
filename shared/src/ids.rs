//! Names that an operator gives to things, each with its own type so that no two can be swapped.

use std::borrow::Borrow;
use std::fmt;
use std::sync::Arc;

use serde::{Serialize, Serializer};

macro_rules! name_types {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(Arc<str>);

        impl $name {
            /// The name as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(Arc::from(text))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str(&self.0)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }
    )+};
}

name_types! {
    /// An agent: whoever calls the broker with a token of its own.
    AgentName,
    /// A workspace: a group of agents.
    WorkspaceName,
    /// A tenant: a group of workspaces.
    TenantName,
    /// A provider account, and the Envoy cluster of the same name.
    ProviderName,
    /// A pool of provider accounts.
    PoolName,
    /// A rule, by its own name or by its place in the configuration.
    RuleName,
    /// A budget.
    BudgetName,
    /// What an agent asks for in `model`.
    LogicalModelName,
    /// What a provider calls the model that serves an attempt.
    UpstreamModelName,
    /// A short hash of the configuration that decided.
    ConfigVersion,
}
