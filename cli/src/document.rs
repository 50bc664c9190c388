//! The configuration file.

use std::path::Path;

use anyhow::{Context as _, Result, bail};
use serde_json::Value;
use shared::config::{self, Audience, Loaded, Mistake};
use shared::units::Timestamp;

/// A configuration that holds.
pub struct Document {
    /// The document as it is written.
    pub value: Value,
    /// What it says.
    pub loaded: Loaded,
}

/// Reads and checks a configuration; the error lists every mistake.
pub fn load(path: &Path) -> Result<Document> {
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    parse(&text, path)
}

/// Checks the text of a configuration; `path` is for messages.
pub fn parse(text: &str, path: &Path) -> Result<Document> {
    // The lines around an error are not shown: they may hold a secret.
    let options = serde_saphyr::options! { strict_booleans: true, with_snippet: false };
    let value: Value = serde_saphyr::from_str_with_options(text, options)
        .with_context(|| format!("{} is not valid YAML", path.display()))?;
    match config::load(&value, Audience::Operator) {
        Ok(mut loaded) => {
            loaded.warnings.extend(loaded.expired(now()));
            Ok(Document { value, loaded })
        }
        Err(mistakes) => {
            let count = mistakes.0.len();
            bail!("{} has {}:\n{mistakes}", path.display(), plural(count, "mistake"))
        }
    }
}

fn now() -> Timestamp {
    let since_epoch = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let nanos = since_epoch
        .ok()
        .and_then(|elapsed| u64::try_from(elapsed.as_nanos()).ok());
    Timestamp(nanos.unwrap_or_default())
}

/// Tells the operator what is allowed but probably not meant.
pub fn print_warnings(warnings: &[Mistake]) {
    for warning in warnings {
        eprintln!("warning: {warning}");
    }
}

/// `1 mistake`, `2 mistakes`.
pub fn plural(count: usize, noun: &str) -> String {
    if count == 1 {
        format!("1 {noun}")
    } else {
        format!("{count} {noun}s")
    }
}

#[cfg(test)]
mod tests;
