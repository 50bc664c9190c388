//! `accept` of a pool: what the answers of a cascade must be.

use crate::acceptance::{Acceptance, Author, Case, FinishReason, Json, Pattern, Schema};
use crate::config::reader::Reader;
use crate::limits::{MAX_JUDGED_ANSWER, MAX_REFUSAL_PATTERNS};
use crate::routing::Strategy;
use crate::units::Tokens;

/// `strategy`: how the pool orders its members, if that is without a mistake.
pub(super) fn read_acceptance(reader: &Reader<'_>, strategy: Option<Strategy>) -> Option<Acceptance> {
    let mut section = reader.section()?;
    if strategy.is_some_and(|strategy| strategy != Strategy::Cascade) {
        reader.withheld::<()>("is for pools with `routing: cascade`: only they go on to another member");
    }
    let finish_reasons = section
        .optional("finish_reason")
        .map(|reasons| read_reasons(&reasons));
    let json = section.optional("json").and_then(|json| read_json(&json));
    let most = MAX_JUDGED_ANSWER as u64;
    let mut number = |key| section.optional(key).and_then(|number| number.integer(1..=most));
    let min_output_tokens = number("min_output_tokens");
    let min_characters = number("min_characters");
    let refusal_patterns = section
        .optional("refusal_patterns")
        .map(|patterns| read_patterns(&patterns));
    section.end();
    Some(Acceptance {
        finish_reasons,
        json,
        min_output_tokens: min_output_tokens.map(Tokens),
        min_characters: min_characters.and_then(|number| usize::try_from(number).ok()),
        refusal_patterns: refusal_patterns.unwrap_or_default(),
    })
}

fn read_reasons(reader: &Reader<'_>) -> Vec<FinishReason> {
    let known = FinishReason::ALL.map(FinishReason::as_str);
    let read = |entry: &Reader<'_>| {
        let text = entry.string()?;
        let found = FinishReason::ALL
            .into_iter()
            .find(|reason| reason.as_str() == text);
        found.or_else(|| {
            entry.unknown_name(
                format!("is no reason to end (known: {})", known.join(", ")),
                known,
            )
        })
    };
    let entries = reader.one_or_many();
    if entries.is_empty() {
        reader.mistake::<()>("must name a reason: no answer would be accepted");
    }
    entries.iter().filter_map(read).collect()
}

/// `valid`, `schema`, `always`, or `{schema: …}`.
fn read_json(reader: &Reader<'_>) -> Option<Json> {
    if reader.value().is_object() {
        let mut section = reader.section()?;
        let schema = section.required("schema");
        section.end();
        let schema = schema?;
        return match Schema::new(schema.value(), Author::Operator) {
            Ok(compiled) => Some(Json::Fitting(compiled)),
            Err(error) => schema.withheld(error.to_string()),
        };
    }
    match reader.value().as_str() {
        Some("valid") => Some(Json::Valid),
        Some("schema") => Some(Json::Requested),
        Some("always") => Some(Json::Always),
        _ => reader.unknown_name(
            "must be `valid`, `schema`, `always` or `{schema: …}`",
            ["valid", "schema", "always"],
        ),
    }
}

fn read_patterns(reader: &Reader<'_>) -> Vec<Pattern> {
    let read = |entry: &Reader<'_>| match Pattern::telling(entry.string()?, Case::Insensitive) {
        Ok(pattern) => Some(pattern),
        Err(error) => entry.mistake(error.to_string()),
    };
    let entries = reader.one_or_many();
    if entries.len() > MAX_REFUSAL_PATTERNS {
        reader.withheld::<()>(format!("must be at most {MAX_REFUSAL_PATTERNS} patterns"));
    }
    entries.iter().filter_map(read).collect()
}
