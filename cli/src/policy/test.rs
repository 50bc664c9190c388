//! `broker policy test`: whether policies decide as an operator wrote down, for CI.

mod report;

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, anyhow, bail};
use clap::Args;
use serde_json::{Value, json};
use shared::cases::{self, Case, Decided, Failure};
use shared::config::{self, Audience, Snapshot};
use shared::policy::{ContextAttribute, Mode};
use shared::units::Timestamp;

use super::Finding;
use crate::document::{self, Document, plural};
use crate::printed;

#[derive(Args)]
pub struct Options {
    /// The cases, YAML: a list of calls and what is expected of each.
    #[arg(value_name = "CASES")]
    cases: PathBuf,
    /// The broker's configuration, YAML.
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// A case and what became of it.
struct Tested {
    /// What it is called; its place where it has no name.
    title: String,
    decided: Decided,
    failures: Vec<Failure>,
}

pub fn run(options: &Options) -> Result<Finding> {
    let document = enforced(document::load(&options.config)?)?;
    let snapshot = &document.loaded.snapshot;
    let cases = load(&options.cases, snapshot)?;
    for warning in warnings(snapshot, &cases) {
        eprintln!("warning: {warning}");
    }
    let tested = test(&cases, &document, document::now());
    let is_good = tested.iter().all(|tested| tested.failures.is_empty());
    if options.json {
        printed::json(&report::json(&tested))?;
    } else {
        printed::text(&report::text(&tested))?;
    }
    Ok(if is_good { Finding::Good } else { Finding::Bad })
}

/// The configuration as if its policies counted: in audit mode they are tested before they do.
fn enforced(mut document: Document) -> Result<Document> {
    if document.loaded.snapshot.policy_mode == Mode::Audit {
        if let Some(members) = document.value.as_object_mut() {
            members.insert("policy_mode".to_owned(), json!(Mode::Enforce.as_str()));
        }
        document.loaded =
            config::load(&document.value, Audience::Operator).map_err(|mistakes| anyhow!(mistakes))?;
    }
    Ok(document)
}

fn load(path: &Path, snapshot: &Snapshot) -> Result<Vec<Case>> {
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    parse(&text, path, snapshot)
}

fn parse(text: &str, path: &Path, snapshot: &Snapshot) -> Result<Vec<Case>> {
    let value: Value =
        document::read(text).with_context(|| format!("{} is not valid YAML", path.display()))?;
    let read_file =
        |file: &str| std::fs::read(document::beside(path, file)).map_err(|error| error.to_string());
    match cases::read(&value, snapshot, read_file) {
        Ok(cases) => Ok(cases),
        Err(mistakes) => {
            let count = plural(mistakes.0.len(), "mistake");
            bail!("{} has {count}:\n{mistakes}", path.display())
        }
    }
}

/// What would let a case pass or fail for another reason than the one that its author thinks of.
fn warnings(snapshot: &Snapshot, cases: &[Case]) -> Vec<String> {
    let Some(policies) = snapshot.policies.as_deref() else {
        return vec!["the configuration has no policies, so every call is permitted".to_owned()];
    };
    let times = [
        ContextAttribute::Now,
        ContextAttribute::Hour,
        ContextAttribute::Minute,
        ContextAttribute::Weekday,
    ];
    let timeless = cases.iter().filter(|case| case.at.is_none()).count();
    if timeless > 0 && times.into_iter().any(|time| policies.looks_at(time)) {
        let cases = plural(timeless, "case");
        return vec![format!(
            "policies look at the time, and {cases} without `at` may be decided otherwise at another time"
        )];
    }
    Vec::new()
}

fn test(cases: &[Case], document: &Document, now: Timestamp) -> Vec<Tested> {
    let tested = |(number, case): (usize, &Case)| {
        let decided = case.decide(&document.loaded.snapshot, now, &document.conditions);
        Tested {
            title: case
                .name
                .clone()
                .unwrap_or_else(|| format!("case {}", number + 1)),
            failures: case.expected.failures(&decided),
            decided,
        }
    };
    cases.iter().enumerate().map(tested).collect()
}

#[cfg(test)]
mod tests;
