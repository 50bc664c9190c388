//! What is wrong in policies, with its place.

use std::fmt;

use miette::Diagnostic;

use super::Source;
use crate::config::Mistake;
use crate::policy::program::{Action, PolicyId, Scope};

/// A place in a source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The file or the key of the configuration.
    pub origin: String,
    /// The scope of the source.
    pub scope: Scope,
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
    /// The policy, where it could be read that far.
    pub policy: Option<PolicyId>,
}

/// One mistake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyMistake {
    /// Where it is.
    pub place: Place,
    /// What is wrong and what would be right.
    pub problem: String,
    /// The nearest name that would have been right.
    pub nearest: Option<String>,
}

impl Place {
    pub(super) fn of(source: &Source<'_>, offset: usize) -> Self {
        let before = source.text.get(..offset).unwrap_or(source.text);
        let line_start = before.rfind('\n').map_or(0, |end| end + 1);
        let in_line = before.get(line_start..).unwrap_or_default();
        Self {
            origin: source.origin.to_owned(),
            scope: source.scope.clone(),
            line: before.matches('\n').count() + 1,
            column: in_line.chars().count() + 1,
            policy: None,
        }
    }

    pub(super) fn of_policy(self, policy: &PolicyId) -> Self {
        Self {
            policy: Some(policy.clone()),
            ..self
        }
    }

    pub(super) fn mistake(self, problem: String) -> PolicyMistake {
        PolicyMistake {
            place: self,
            problem,
            nearest: None,
        }
    }
}

impl PolicyMistake {
    /// The shipped schema is wrong, which its tests rule out.
    pub(super) fn of_schema(problem: String) -> Self {
        let source = Source {
            origin: "schema.cedarschema",
            scope: &Scope::Global,
            text: "",
        };
        Place::of(&source, 0).mistake(problem)
    }

    pub(super) fn nearest(self, nearest: Option<String>) -> Self {
        Self { nearest, ..self }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}:{}: ", self.origin, self.line, self.column)?;
        if let Some(policy) = &self.policy {
            write!(formatter, "policy `{policy}`")?;
            if self.scope != Scope::Global {
                write!(formatter, " ({})", self.scope)?;
            }
            formatter.write_str(": ")?;
        }
        Ok(())
    }
}

impl fmt::Display for PolicyMistake {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}{}", self.place, self.problem)?;
        if let Some(nearest) = &self.nearest {
            write!(formatter, "; did you mean `{nearest}`?")?;
        }
        Ok(())
    }
}

/// As one of the configuration's.
impl From<PolicyMistake> for Mistake {
    fn from(mistake: PolicyMistake) -> Self {
        let PolicyMistake {
            place,
            problem,
            nearest,
        } = mistake;
        let policy = place.policy.as_ref();
        Self {
            path: format!("{}:{}:{}", place.origin, place.line, place.column),
            value: String::new(),
            problem: match policy {
                Some(policy) => format!("policy `{policy}`: {problem}"),
                None => problem,
            },
            nearest,
        }
    }
}

/// Where Cedar points to, in bytes from the beginning of the policy.
pub(super) fn offset(diagnostic: &dyn Diagnostic) -> Option<usize> {
    let labels = diagnostic.labels()?;
    labels.map(|label| label.offset()).min()
}

/// What Cedar says, its advice included.
pub(super) fn describe(diagnostic: &dyn Diagnostic) -> String {
    let mut text = diagnostic.to_string();
    let expected = diagnostic
        .labels()
        .and_then(|mut labels| labels.find_map(|label| label.label().map(str::to_owned)));
    for advice in [expected, diagnostic.help().map(|help| help.to_string())] {
        if let Some(advice) = advice.filter(|advice| !advice.is_empty()) {
            text.push_str("; ");
            text.push_str(&advice);
        }
    }
    text
}

/// Without what the place says already, and without the action: what is wrong for one is mostly wrong for both.
pub(super) fn without_place(description: &str, id: &PolicyId) -> String {
    let mut text = description.replace(&format!("for policy `{id}`, "), "");
    for action in Action::ALL {
        text = text.replace(&format!(" for Action::\"{}\"", action.as_str()), "");
    }
    text
}
