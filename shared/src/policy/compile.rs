//! Reads policies as text: Cedar parses and validates, and what is left of each is lowered into a small tree.
//!
//! All mistakes of all sources are reported together.

mod bounds;
mod known;
mod lower;
mod mistake;
mod schema;
mod statement;
#[cfg(test)]
mod tests;

use std::collections::HashMap;

use cedar_policy::ValidationError;
pub use known::KnownNames;
pub use mistake::{Place, PolicyMistake};
pub use schema::SCHEMA;

use super::program::{Action, Effect, Policy, PolicyId, Program, SCHEMA_VERSION, Scope};
use crate::limits::{MAX_POLICIES, MAX_POLICY_NAME, MAX_POLICY_SOURCE};
use lower::Lowered;
use statement::Statement;

/// A text with policies.
#[derive(Clone, Copy, Debug)]
pub struct Source<'a> {
    /// The file or the key of the configuration, for messages and for the names of policies without an `@id`.
    pub origin: &'a str,
    /// Whose calls its policies are about.
    pub scope: &'a Scope,
    /// The text.
    pub text: &'a str,
}

/// Policies that hold.
#[derive(Clone, Debug)]
pub struct Compiled {
    /// What the filter evaluates.
    pub program: Program,
    /// The conditions of each policy in Cedar's words, in the order in which the program has them.
    pub conditions: Vec<Vec<String>>,
    /// What is allowed but probably not meant.
    pub warnings: Vec<PolicyMistake>,
}

/// Reads and checks policies.
pub fn compile(sources: &[Source<'_>], names: &KnownNames<'_>) -> Result<Compiled, Vec<PolicyMistake>> {
    stacker::grow(STACK, || {
        let mut compiler = Compiler::new(names)?;
        for source in sources {
            compiler.read(source);
        }
        compiler.end()
    })
}

/// Cedar goes as deep as a policy nests. In a debug build it takes 30 kB for a level, of which `bounds` lets 500 pass.
const STACK: usize = 32 << 20;

struct Compiler<'a> {
    validator: &'static cedar_policy::Validator,
    names: &'a KnownNames<'a>,
    policies: Vec<Policy>,
    conditions: Vec<Vec<String>>,
    places: HashMap<PolicyId, Place>,
    /// Where the first source begins.
    first: Option<Place>,
    mistakes: Vec<PolicyMistake>,
    warnings: Vec<PolicyMistake>,
}

impl<'a> Compiler<'a> {
    fn new(names: &'a KnownNames<'a>) -> Result<Self, Vec<PolicyMistake>> {
        let validator = schema::validator().map_err(|problem| vec![PolicyMistake::of_schema(problem)])?;
        Ok(Self {
            validator,
            names,
            policies: Vec::new(),
            conditions: Vec::new(),
            places: HashMap::new(),
            first: None,
            mistakes: Vec::new(),
            warnings: Vec::new(),
        })
    }

    fn read(&mut self, source: &Source<'_>) {
        self.first.get_or_insert_with(|| Place::of(source, 0));
        if source.text.len() > MAX_POLICY_SOURCE {
            let problem = format!(
                "the text has {} bytes; at most {MAX_POLICY_SOURCE} are taken: split it",
                source.text.len()
            );
            return self.mistakes.push(Place::of(source, 0).mistake(problem));
        }
        for statement in statement::split(source.text) {
            if self.policies.len() >= MAX_POLICIES {
                let problem = format!("there are too many policies; at most {MAX_POLICIES} are taken");
                return self
                    .mistakes
                    .push(Place::of(source, statement.start).mistake(problem));
            }
            self.read_statement(source, &statement);
        }
    }

    fn read_statement(&mut self, source: &Source<'_>, statement: &Statement<'_>) {
        let place = Place::of(source, statement.start);
        if let Err(problem) = bounds::check(statement.text) {
            return self.mistakes.push(place.mistake(problem.to_string()));
        }
        let parsed = match cedar_policy::Policy::parse(None, statement.text) {
            Ok(parsed) => parsed,
            Err(errors) => {
                let mistakes = errors.iter().map(|error| {
                    let offset = mistake::offset(error).unwrap_or(0);
                    Place::of(source, statement.start + offset).mistake(mistake::describe(error))
                });
                return self.mistakes.extend(mistakes);
            }
        };
        let named = parsed.annotation("id").map(str::to_owned);
        let id = named.unwrap_or_else(|| format!("{}:{}", source.origin, place.line));
        let id = PolicyId::from(id.as_str());
        if !is_name(id.as_str()) {
            let problem = format!(
                "the `@id` must be 1 to {MAX_POLICY_NAME} characters that can be shown: it stands in every record"
            );
            return self.mistakes.push(place.mistake(problem));
        }
        let place = place.of_policy(&id);
        if let Some(other) = self.places.insert(id.clone(), place.clone()) {
            let problem = format!(
                "the policy at {}:{} has the same name; records need to tell them apart",
                other.origin, other.line
            );
            self.mistakes.push(place.clone().mistake(problem));
        }
        let parsed = parsed.new_id(cedar_policy::PolicyId::new(id.as_str()));
        if self.validate(source, statement, &id, &parsed) {
            self.lower(source, &place, &id, &parsed);
        }
    }

    /// Whether Cedar's validator takes it.
    fn validate(
        &mut self,
        source: &Source<'_>,
        statement: &Statement<'_>,
        id: &PolicyId,
        parsed: &cedar_policy::Policy,
    ) -> bool {
        let place = |diagnostic: &dyn miette::Diagnostic| {
            let offset = mistake::offset(diagnostic).unwrap_or(0);
            Place::of(source, statement.start + offset).of_policy(id)
        };
        let Ok(set) = cedar_policy::PolicySet::from_policies([parsed.clone()]) else {
            let problem = "Cedar does not take this policy".to_owned();
            let start = Place::of(source, statement.start).of_policy(id);
            self.mistakes.push(start.mistake(problem));
            return false;
        };
        let result = self
            .validator
            .validate(&set, cedar_policy::ValidationMode::Strict);
        for error in result.validation_errors() {
            // Cedar's guess at what was meant is a different one each time.
            let described = match error {
                ValidationError::UnrecognizedActionId(_) => {
                    format!("{error}; there are `invoke`, `list` and, for both, `use`")
                }
                ValidationError::UnrecognizedEntityType(_) => {
                    format!("{error}; there are Tenant, Workspace, Agent, Model, Pool, Provider and Target")
                }
                _ => mistake::describe(error),
            };
            let described = mistake::without_place(&described, id);
            let mistake = place(error).mistake(described);
            if self.mistakes.last() != Some(&mistake) {
                self.mistakes.push(mistake);
            }
        }
        for warning in result.validation_warnings() {
            let described = match warning {
                cedar_policy::ValidationWarning::ImpossiblePolicy(_) => {
                    "can never match: its conditions hold for no call".to_owned()
                }
                other => mistake::without_place(&mistake::describe(other), id),
            };
            self.warnings.push(place(warning).mistake(described));
        }
        result.validation_passed()
    }

    fn lower(&mut self, source: &Source<'_>, place: &Place, id: &PolicyId, parsed: &cedar_policy::Policy) {
        let lowered = parsed
            .to_pst()
            .map_err(|error| error.to_string())
            .and_then(|policy| {
                let lowered = lower::policy(id, source.scope, policy.body());
                lowered.map_err(|error| error.to_string())
            });
        match lowered {
            Ok(Lowered { policy, conditions }) => {
                for entity in parsed.entity_literals() {
                    if let Some((problem, nearest)) = self.names.check(&entity) {
                        self.warnings
                            .push(place.clone().mistake(problem).nearest(nearest));
                    }
                }
                self.policies.push(policy);
                self.conditions.push(conditions);
            }
            Err(problem) => self.mistakes.push(place.clone().mistake(problem)),
        }
    }

    fn end(self) -> Result<Compiled, Vec<PolicyMistake>> {
        if !self.mistakes.is_empty() {
            return Err(self.mistakes);
        }
        let permits = |action| {
            let mut permits = self
                .policies
                .iter()
                .filter(|policy| policy.effect == Effect::Permit);
            permits.any(|policy| policy.actions.has(action))
        };
        let mut warnings = self.warnings;
        if let Some(place) = self
            .first
            .filter(|_| permits(Action::Invoke) && !permits(Action::List))
        {
            let problem = "no policy permits `list`, so that /v1/models shows nobody a model; \
                           `action in Action::\"use\"` permits both"
                .to_owned();
            warnings.push(place.mistake(problem));
        }
        Ok(Compiled {
            program: Program {
                schema: SCHEMA_VERSION,
                policies: self.policies,
            },
            conditions: self.conditions,
            warnings,
        })
    }
}

fn is_name(id: &str) -> bool {
    (1..=MAX_POLICY_NAME).contains(&id.chars().count()) && !id.chars().any(char::is_control)
}
