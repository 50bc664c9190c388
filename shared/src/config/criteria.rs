//! What a rule or a pool asks of a call: `match` and `match_when`.

use std::fmt;

use super::mistake::nearest;
use super::reader::Reader;

/// The parts of a call that criteria may name without a prefix, beside the attributes of agents.
const FACTS: [&str; 8] = [
    "request.model",
    "context.tokens",
    "stream",
    "tools",
    "images",
    "agent",
    "workspace",
    "tenant",
];

/// The facts that no attribute may be named as, each with what it is in conditions.
pub(super) const NO_ATTRIBUTES: [(&str, &str); 6] = [
    ("agent", "the agent's name"),
    ("workspace", "the workspace's name"),
    ("tenant", "the tenant's name"),
    ("stream", "whether the answer is to be a stream"),
    ("tools", "whether the call has tools"),
    ("images", "whether the call has images"),
];

/// Attributes that exist even if no agent of this configuration has them.
const COMMON_ATTRIBUTES: [&str; 4] = ["tier", "classification", "step", "purpose"];

/// One condition; a rule matches when all of its conditions hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Criterion {
    /// What is looked at.
    pub subject: Subject,
    /// What it must be.
    pub test: Test,
}

/// What a criterion looks at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    /// The model that the agent asked for.
    RequestModel,
    /// The estimated tokens of the input.
    ContextTokens,
    /// Whether the answer is to be a stream.
    Stream,
    /// Whether the model may call tools.
    Tools,
    /// Whether the messages hold images.
    Images,
    /// The agent's name.
    Agent,
    /// The workspace's name.
    Workspace,
    /// The tenant's name.
    Tenant,
    /// A request header, its name in lower case.
    Header(String),
    /// An attribute of the agent. `step`, `purpose` and `tier` may also come with the call.
    Attribute(String),
}

/// What the subject must be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Test {
    /// One of these texts.
    OneOf(Vec<String>),
    /// In this relation to a number.
    Compare(Comparison),
    /// The case, or not.
    Is(bool),
}

/// A relation to a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Comparison {
    /// The relation.
    pub operator: Operator,
    /// The number on its right side.
    pub bound: u64,
}

/// A relation between two numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    /// `<`
    Less,
    /// `<=`
    AtMost,
    /// `>`
    More,
    /// `>=`
    AtLeast,
}

impl Comparison {
    /// Reads `>100k`, `<= 2000`, `>=1.5m`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let (operator, rest) = [
            (">=", Operator::AtLeast),
            ("<=", Operator::AtMost),
            (">", Operator::More),
            ("<", Operator::Less),
        ]
        .into_iter()
        .find_map(|(sign, operator)| text.strip_prefix(sign).map(|rest| (operator, rest.trim())))?;
        Some(Self {
            operator,
            bound: read_count(rest)?,
        })
    }

    /// Whether the relation holds for `number` on its left side.
    #[must_use]
    pub fn holds(self, number: u64) -> bool {
        match self.operator {
            Operator::Less => number < self.bound,
            Operator::AtMost => number <= self.bound,
            Operator::More => number > self.bound,
            Operator::AtLeast => number >= self.bound,
        }
    }
}

/// Reads a number with its unit: `2000`, `100k`, `1.5m`.
pub(super) fn read_count(text: &str) -> Option<u64> {
    let (number, factor) = match text.trim().to_ascii_lowercase() {
        lower if lower.ends_with('k') => (lower.trim_end_matches('k').to_owned(), 1_000),
        lower if lower.ends_with('m') => (lower.trim_end_matches('m').to_owned(), 1_000_000),
        lower => (lower, 1),
    };
    let (whole, fraction) = number.split_once('.').unwrap_or((number.as_str(), ""));
    if whole.is_empty() || fraction.len() > 6 || !fraction.chars().all(|c| c.is_ascii_digit()) {
        return None;
    }
    let whole = whole.parse::<u64>().ok()?.checked_mul(factor)?;
    let scale = 10u64.checked_pow(u32::try_from(fraction.len()).ok()?)?;
    let fraction = if fraction.is_empty() {
        0
    } else {
        fraction.parse::<u64>().ok()?
    };
    whole.checked_add(fraction.checked_mul(factor)? / scale)
}

/// Reads the conditions of one `match` or `match_when`; `attributes` are those that agents have.
pub(super) fn read(reader: &Reader<'_>, attributes: &[&str]) -> Option<Vec<Criterion>> {
    let entries = reader.entries();
    if entries.is_empty() && reader.value().is_object() {
        return reader.mistake("must have at least one condition; leave it out to match every call");
    }
    let criteria: Vec<_> = entries
        .iter()
        .filter_map(|(key, value)| {
            let subject = subject(key, value, attributes)?;
            let test = test(&subject, value)?;
            Some(Criterion { subject, test })
        })
        .collect();
    (criteria.len() == entries.len()).then_some(criteria)
}

impl fmt::Display for Subject {
    /// As the document spells it.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::RequestModel => "request.model",
            Self::ContextTokens => "context.tokens",
            Self::Stream => "stream",
            Self::Tools => "tools",
            Self::Images => "images",
            Self::Agent => "agent",
            Self::Workspace => "workspace",
            Self::Tenant => "tenant",
            Self::Header(name) => return write!(formatter, "header.{name}"),
            Self::Attribute(name) => name,
        })
    }
}

impl fmt::Display for Test {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OneOf(choices) => formatter.write_str(&choices.join(" or ")),
            Self::Compare(Comparison { operator, bound }) => {
                let sign = match operator {
                    Operator::Less => "<",
                    Operator::AtMost => "<=",
                    Operator::More => ">",
                    Operator::AtLeast => ">=",
                };
                write!(formatter, "{sign}{bound}")
            }
            Self::Is(is) => write!(formatter, "{is}"),
        }
    }
}

fn subject(key: &str, value: &Reader<'_>, attributes: &[&str]) -> Option<Subject> {
    match key {
        "request.model" => return Some(Subject::RequestModel),
        "context.tokens" => return Some(Subject::ContextTokens),
        "stream" => return Some(Subject::Stream),
        "tools" => return Some(Subject::Tools),
        "images" => return Some(Subject::Images),
        "agent" => return Some(Subject::Agent),
        "workspace" => return Some(Subject::Workspace),
        "tenant" => return Some(Subject::Tenant),
        _ => {}
    }
    if let Some(name) = key.strip_prefix("header.") {
        return Some(Subject::Header(name.to_ascii_lowercase()));
    }
    if COMMON_ATTRIBUTES.contains(&key) || attributes.contains(&key) {
        return Some(Subject::Attribute(key.to_owned()));
    }
    let further = attributes.iter().filter(|name| !COMMON_ATTRIBUTES.contains(name));
    let known = || {
        FACTS
            .iter()
            .chain(&COMMON_ATTRIBUTES)
            .chain(further.clone())
            .copied()
    };
    let mut problem = format!(
        "is no condition: use {}, `header.NAME` or an attribute that an agent has",
        known()
            .map(|name| format!("`{name}`"))
            .collect::<Vec<_>>()
            .join(", ")
    );
    if let Some(nearest) = nearest(key, known()) {
        problem = format!("{problem}; did you mean `{nearest}`?");
    }
    value.mistake(problem)
}

fn test(subject: &Subject, value: &Reader<'_>) -> Option<Test> {
    if *subject == Subject::ContextTokens {
        let comparison = value.value().as_str().and_then(Comparison::parse);
        return match comparison {
            Some(comparison) => Some(Test::Compare(comparison)),
            None => value.mistake("must be a comparison such as \">100k\" or \"<= 2000\""),
        };
    }
    if matches!(subject, Subject::Stream | Subject::Tools | Subject::Images) {
        return match value.value().as_bool() {
            Some(is) => Some(Test::Is(is)),
            None => value.mistake("must be `true` or `false`"),
        };
    }
    let choices = value.one_or_many();
    if choices.is_empty() {
        return value.mistake("must have at least one value");
    }
    let texts: Vec<_> = choices
        .iter()
        .filter_map(|choice| choice.string().map(str::to_owned))
        .collect();
    (texts.len() == choices.len()).then_some(Test::OneOf(texts))
}

#[cfg(test)]
mod tests;
