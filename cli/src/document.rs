//! The configuration file.

mod zones;

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use serde_json::Value;
use shared::config::{self, Audience, Loaded, Mistake, Mistakes};
use shared::policy;
use shared::units::Timestamp;

/// A configuration that holds.
pub struct Document {
    /// The document as it is written, but for its policies, which are compiled, and its time zones, which are looked up.
    pub value: Value,
    /// What it says.
    pub loaded: Loaded,
    /// The conditions of each policy in Cedar's words.
    pub conditions: Vec<Vec<String>>,
    /// What is spent of its budgets when the filter starts, as `broker spend carry` writes it.
    pub opening_balances: Option<Value>,
}

/// Reads and checks a configuration; the error lists every mistake.
pub fn load(path: &Path) -> Result<Document> {
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    parse(&text, path)
}

/// Checks the text of a configuration; `path` is for messages.
pub fn parse(text: &str, path: &Path) -> Result<Document> {
    let value = read(text).with_context(|| format!("{} is not valid YAML", path.display()))?;
    let mut bundle = policy::bundle(&value, |file| {
        std::fs::read_to_string(beside(path, file)).map_err(|error| error.to_string())
    });
    bundle
        .mistakes
        .extend(zones::look_up(&mut bundle.document, now()));
    let loaded = config::load(&bundle.document, Audience::Operator);
    match loaded {
        Ok(mut loaded) if bundle.mistakes.is_empty() => {
            loaded.warnings.extend(bundle.warnings);
            loaded.warnings.extend(loaded.expired(now()));
            Ok(Document {
                value: bundle.document,
                loaded,
                conditions: bundle.conditions,
                opening_balances: None,
            })
        }
        loaded => {
            let mut mistakes = loaded.err().map_or_else(Vec::new, |mistakes| mistakes.0);
            mistakes.extend(bundle.mistakes);
            let count = plural(mistakes.len(), "mistake");
            bail!("{} has {count}:\n{}", path.display(), Mistakes(mistakes))
        }
    }
}

/// The time.
pub fn now() -> Timestamp {
    let since_epoch = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let nanos = since_epoch
        .ok()
        .and_then(|elapsed| u64::try_from(elapsed.as_nanos()).ok());
    Timestamp(nanos.unwrap_or_default())
}

/// The files that a configuration names; none if it is no YAML.
pub fn files(text: &str, path: &Path) -> Vec<PathBuf> {
    let value = read(text).unwrap_or_default();
    let mut names = policy::files(&value);
    names.extend(config::key_set_file(&value));
    names.iter().map(|file| beside(path, file)).collect()
}

/// Reads YAML.
pub fn read(text: &str) -> Result<Value> {
    // The lines around an error are not shown: they may hold a secret.
    let options = serde_saphyr::options! { strict_booleans: true, with_snippet: false };
    Ok(serde_saphyr::from_str_with_options(text, options)?)
}

/// A file's path, which is told from the configuration's folder.
pub fn beside(path: &Path, file: &str) -> PathBuf {
    path.parent().unwrap_or(Path::new("")).join(file)
}

/// Tells the operator what is allowed but probably not meant.
pub fn print_warnings(warnings: &[Mistake]) {
    for warning in warnings {
        eprintln!("warning: {warning}");
    }
}

/// `1 mistake`, `2 mistakes`.
pub fn plural(count: usize, noun: &str) -> String {
    plural_of(count as u64, noun)
}

/// The same of a count that may be larger than memory.
pub fn plural_of(count: u64, noun: &str) -> String {
    if count == 1 {
        format!("1 {noun}")
    } else {
        format!("{count} {noun}s")
    }
}

#[cfg(test)]
mod tests;
