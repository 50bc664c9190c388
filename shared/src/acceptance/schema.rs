//! JSON schemas, as far as answers are asked to fit them: what the structured output of providers knows, and the rest
//! of what is in common use. Work is bounded, for a schema may come with a request.
//!
//! The keywords: <https://json-schema.org/draft/2020-12/json-schema-validation>

mod check;
mod compile;

use serde_json::Value;

use super::pattern::{Pattern, PatternError};
use crate::limits::MAX_SCHEMA_NODES;

pub use check::Misfit;

/// A compiled schema.
#[derive(Clone, Debug)]
pub struct Schema {
    /// The first one is the whole.
    nodes: Vec<Node>,
}

/// Whose schema it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Author {
    /// The operator: what cannot be checked is a mistake.
    Operator,
    /// An agent: what cannot be checked is left to the provider, and so are patterns, which cost time.
    Agent,
}

/// What is wrong with a schema.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{place}` {problem}")]
pub struct SchemaError {
    /// Where in the schema.
    pub place: String,
    /// What is wrong there.
    pub problem: SchemaProblem,
}

/// What can be wrong with a schema.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SchemaProblem {
    /// A schema is an object, or true or false.
    #[error("must be a schema: a mapping, or true or false")]
    NoSchema,
    /// A keyword that cannot be checked.
    #[error("is no keyword that answers can be checked by")]
    Unsupported,
    /// A keyword with a value that it cannot have.
    #[error("must be {0}")]
    Malformed(&'static str),
    /// A reference out of the schema.
    #[error("must refer to a place in the same schema, as `#/$defs/name`")]
    Reference,
    /// It has more than [`MAX_SCHEMA_NODES`] schemas in it.
    #[error("must not have more than {MAX_SCHEMA_NODES} schemas in it")]
    TooLarge,
    /// A pattern.
    #[error("{0}")]
    Pattern(#[from] PatternError),
}

/// A place among the nodes of a schema.
type Id = usize;

/// A schema within a schema.
#[derive(Clone, Debug)]
enum Node {
    /// `true`, or nothing that limits anything.
    Anything,
    /// `false`.
    Nothing,
    /// What must hold.
    Rules(Box<Rules>),
}

/// What must hold of a value. Absent: no limit.
#[derive(Clone, Debug, Default)]
struct Rules {
    types: Option<Vec<Type>>,
    constant: Option<Value>,
    enumeration: Option<Vec<Value>>,
    // All that applies to the value itself.
    all_of: Vec<Id>,
    any_of: Option<Vec<Id>>,
    one_of: Option<Vec<Id>>,
    not: Option<Id>,
    // Objects.
    properties: Vec<(String, Id)>,
    required: Vec<String>,
    additional: Option<Id>,
    properties_count: Bounds<usize>,
    // Arrays.
    prefix_items: Vec<Id>,
    items: Option<Id>,
    items_count: Bounds<usize>,
    unique_items: bool,
    // Strings.
    length: Bounds<usize>,
    pattern: Option<Pattern>,
    // Numbers.
    range: Bounds<f64>,
    exclusive_range: Bounds<f64>,
    multiple_of: Option<f64>,
}

/// From where to where.
#[derive(Clone, Copy, Debug)]
struct Bounds<T> {
    least: Option<T>,
    most: Option<T>,
}

impl<T> Default for Bounds<T> {
    fn default() -> Self {
        Self {
            least: None,
            most: None,
        }
    }
}

impl<T: PartialOrd + Copy> Bounds<T> {
    fn hold(self, value: T) -> bool {
        self.least.is_none_or(|least| value >= least) && self.most.is_none_or(|most| value <= most)
    }

    fn hold_strictly(self, value: T) -> bool {
        self.least.is_none_or(|least| value > least) && self.most.is_none_or(|most| value < most)
    }
}

/// What kind of value it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Type {
    Null,
    Boolean,
    Object,
    Array,
    Number,
    Integer,
    String,
}

impl Schema {
    /// Compiles a schema.
    pub fn new(schema: &Value, author: Author) -> Result<Self, SchemaError> {
        compile::compile(schema, author).map(|nodes| Self { nodes })
    }

    /// Whether a value fits.
    pub fn check(&self, value: &Value) -> Result<(), Misfit> {
        check::check(&self.nodes, value)
    }
}

#[cfg(test)]
mod tests;
