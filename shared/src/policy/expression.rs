//! The conditions of policies as trees. Chains of `&&` and `||` are flat, so that a tree is as deep as its text is nested.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::program::EntityType;

/// A condition or a part of one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Expr {
    /// `true` or `false`.
    Bool(bool),
    /// A number.
    Long(i64),
    /// A text.
    Text(Arc<str>),
    /// A point in time, in milliseconds since 1970.
    Datetime(i64),
    /// A duration in milliseconds.
    Duration(i64),
    /// An entity by its name.
    Entity(EntityType, Arc<str>),
    /// One of the call's own entities.
    Variable(Variable),
    /// An attribute of the context.
    Context(Arc<str>),
    /// `[…]`.
    Set(Vec<Expr>),
    /// `{…}`, by name.
    Record(Vec<(Arc<str>, Expr)>),
    /// All hold, looked at in order until one does not.
    And(Vec<Expr>),
    /// One holds, looked at in order until one does.
    Or(Vec<Expr>),
    /// `if … then … else …`.
    If(Box<[Expr; 3]>),
    /// An operator with one operand.
    Unary(UnaryOp, Box<Expr>),
    /// An operator with two operands.
    Binary(BinaryOp, Box<[Expr; 2]>),
    /// `….name`.
    Attribute(Box<Expr>, Arc<str>),
    /// `… has name`.
    Has(Box<Expr>, Arc<str>),
    /// `context has name`.
    ContextHas(Arc<str>),
    /// `… like "…"`: the texts between the wildcards, empty ones included.
    Like(Box<Expr>, Vec<Arc<str>>),
    /// `… is Type`.
    Is(Box<Expr>, EntityType),
}

/// The entities of a call that conditions may name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Variable {
    /// The agent.
    Principal,
    /// What it does.
    Action,
    /// The target.
    Resource,
}

/// Operators with one operand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UnaryOp {
    /// `!`
    Not,
    /// `-`
    Negate,
    /// `.isEmpty()`
    IsEmpty,
    /// `.toDate()`
    ToDate,
    /// `.toTime()`
    ToTime,
    /// `.toMilliseconds()`
    ToMilliseconds,
    /// `.toSeconds()`
    ToSeconds,
    /// `.toMinutes()`
    ToMinutes,
    /// `.toHours()`
    ToHours,
    /// `.toDays()`
    ToDays,
}

/// Operators with two operands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BinaryOp {
    /// `==`
    Equal,
    /// `!=`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterEqual,
    /// `+`
    Add,
    /// `-`
    Subtract,
    /// `*`
    Multiply,
    /// `in`
    In,
    /// `.contains()`
    Contains,
    /// `.containsAll()`
    ContainsAll,
    /// `.containsAny()`
    ContainsAny,
    /// `.getTag()`
    GetTag,
    /// `.hasTag()`
    HasTag,
    /// `.offset()`
    Offset,
    /// `.durationSince()`
    DurationSince,
}

impl Expr {
    /// How deep the tree is.
    #[must_use]
    pub fn depth(&self) -> usize {
        let deepest = |parts: &[Self]| parts.iter().map(Self::depth).max().unwrap_or(0);
        let below = match self {
            Self::Bool(_)
            | Self::Long(_)
            | Self::Text(_)
            | Self::Datetime(_)
            | Self::Duration(_)
            | Self::Entity(..)
            | Self::Variable(_)
            | Self::Context(_)
            | Self::ContextHas(_) => 0,
            Self::Set(parts) | Self::And(parts) | Self::Or(parts) => deepest(parts),
            Self::Record(members) => members.iter().map(|(_, value)| value.depth()).max().unwrap_or(0),
            Self::If(parts) => deepest(parts.as_slice()),
            Self::Binary(_, parts) => deepest(parts.as_slice()),
            Self::Unary(_, inner)
            | Self::Attribute(inner, _)
            | Self::Has(inner, _)
            | Self::Like(inner, _)
            | Self::Is(inner, _) => inner.depth(),
        };
        below + 1
    }
}
