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
    Context(ContextAttribute),
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
    ContextHas(ContextAttribute),
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

/// The attributes of the context.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ContextAttribute {
    /// How secret it is.
    Classification,
    /// What the call is a step of.
    Step,
    /// What it is for.
    Purpose,
    /// Its tier.
    Tier,
    /// Where the agent is at home.
    Region,
    /// The estimated tokens of the input.
    EstimatedTokens,
    /// Whether the answer is to be a stream.
    Stream,
    /// Whether it has tools.
    Tools,
    /// Whether it has images.
    Images,
    /// Whether the answer must have a shape.
    Json,
    /// The time.
    Now,
    /// The hour of the day.
    Hour,
    /// The minute of the hour.
    Minute,
    /// The day of the week.
    Weekday,
    /// What is left of the budget.
    BudgetLeftUsd,
}

impl ContextAttribute {
    /// All attributes.
    pub const ALL: [Self; 15] = [
        Self::Classification,
        Self::Step,
        Self::Purpose,
        Self::Tier,
        Self::Region,
        Self::EstimatedTokens,
        Self::Stream,
        Self::Tools,
        Self::Images,
        Self::Json,
        Self::Now,
        Self::Hour,
        Self::Minute,
        Self::Weekday,
        Self::BudgetLeftUsd,
    ];

    /// The attribute as policies spell it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Classification => "classification",
            Self::Step => "step",
            Self::Purpose => "purpose",
            Self::Tier => "tier",
            Self::Region => "region",
            Self::EstimatedTokens => "estimated_tokens",
            Self::Stream => "stream",
            Self::Tools => "tools",
            Self::Images => "images",
            Self::Json => "json",
            Self::Now => "now",
            Self::Hour => "hour",
            Self::Minute => "minute",
            Self::Weekday => "weekday",
            Self::BudgetLeftUsd => "budget_left_usd",
        }
    }

    /// The attribute of a name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|attribute| attribute.as_str() == name)
    }
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
        1 + self.parts().map(Self::depth).max().unwrap_or(0)
    }

    /// Whether it may look at the target, or at its account.
    #[must_use]
    pub fn looks_at_target(&self) -> bool {
        match self {
            Self::Variable(Variable::Resource) | Self::Entity(EntityType::Provider, _) => true,
            _ => self.parts().any(Self::looks_at_target),
        }
    }

    /// Whether it looks at an attribute of the context.
    #[must_use]
    pub fn looks_at(&self, attribute: ContextAttribute) -> bool {
        match self {
            Self::Context(of) | Self::ContextHas(of) => *of == attribute,
            _ => self.parts().any(|part| part.looks_at(attribute)),
        }
    }

    /// What it is made of.
    fn parts(&self) -> impl Iterator<Item = &Self> {
        let (list, members): (&[Self], &[(Arc<str>, Self)]) = match self {
            Self::Bool(_)
            | Self::Long(_)
            | Self::Text(_)
            | Self::Datetime(_)
            | Self::Duration(_)
            | Self::Entity(..)
            | Self::Variable(_)
            | Self::Context(_)
            | Self::ContextHas(_) => (&[], &[]),
            Self::Set(parts) | Self::And(parts) | Self::Or(parts) => (parts, &[]),
            Self::Record(members) => (&[], members),
            Self::If(parts) => (parts.as_slice(), &[]),
            Self::Binary(_, parts) => (parts.as_slice(), &[]),
            Self::Unary(_, inner)
            | Self::Attribute(inner, _)
            | Self::Has(inner, _)
            | Self::Like(inner, _)
            | Self::Is(inner, _) => (std::slice::from_ref(&**inner), &[]),
        };
        list.iter().chain(members.iter().map(|(_, value)| value))
    }
}
