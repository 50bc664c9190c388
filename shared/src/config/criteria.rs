//! What a rule or a pool asks of a call: `match` and `match_when`.

use super::mistake::nearest;
use super::reader::Reader;

/// The parts of a call that criteria may name without a prefix, beside the attributes of agents.
const FACTS: [&str; 5] = ["request.model", "context.tokens", "agent", "workspace", "tenant"];

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
    /// The agent's name.
    Agent,
    /// The workspace's name.
    Workspace,
    /// The tenant's name.
    Tenant,
    /// A request header, its name in lower case.
    Header(String),
    /// An attribute of the agent. `step` and `purpose` may also come with the call.
    Attribute(String),
}

/// What the subject must be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Test {
    /// One of these texts.
    OneOf(Vec<String>),
    /// In this relation to a number.
    Compare(Comparison),
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
        let (number, factor) = match rest.to_ascii_lowercase() {
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
        Some(Self {
            operator,
            bound: whole.checked_add(fraction.checked_mul(factor)? / scale)?,
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

fn subject(key: &str, value: &Reader<'_>, attributes: &[&str]) -> Option<Subject> {
    match key {
        "request.model" => return Some(Subject::RequestModel),
        "context.tokens" => return Some(Subject::ContextTokens),
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
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn comparisons_are_read_with_their_unit() {
        for (text, operator, bound) in [
            (">100k", Operator::More, 100_000),
            (">= 1.5m", Operator::AtLeast, 1_500_000),
            ("<2000", Operator::Less, 2_000),
            (" <= 0.25K ", Operator::AtMost, 250),
        ] {
            assert_eq!(
                Comparison::parse(text),
                Some(Comparison { operator, bound }),
                "{text}"
            );
        }
        for text in [
            "100k",
            ">",
            ">k",
            ">1.k2",
            ">-5",
            "> 1 2",
            "=>3",
            ">99999999999999999999",
            ">1..2",
        ] {
            assert_eq!(Comparison::parse(text), None, "{text}");
        }
    }

    #[test]
    fn the_bound_itself_is_in_or_out_as_written() {
        let holds = |text, number| Comparison::parse(text).unwrap().holds(number);
        assert!(!holds(">100k", 100_000) && holds(">100k", 100_001));
        assert!(holds(">=100k", 100_000) && holds("<=100k", 100_000) && !holds("<100k", 100_000));
    }
}
