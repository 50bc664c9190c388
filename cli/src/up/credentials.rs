//! The providers' keys must be there before Envoy starts: it would wait for a missing one without a word.

use std::path::Path;

use anyhow::{Result, bail};
use shared::config::{Connection, CredentialSource};

use crate::document::plural;

/// Reports every key that is missing. No key is kept or shown.
pub fn check(connections: &[Connection], config: &Path) -> Result<()> {
    let base = config.parent().unwrap_or(Path::new("."));
    let missing: Vec<String> = connections.iter().filter_map(|connection| problem(connection, base)).collect();
    if missing.is_empty() {
        return Ok(());
    }
    bail!("{} missing:\n{}", plural(missing.len(), "credential"), missing.join("\n"))
}

fn problem(connection: &Connection, base: &Path) -> Option<String> {
    let provider = &connection.provider;
    match connection.credential.as_ref()? {
        CredentialSource::Environment(variable) => {
            let is_set = std::env::var_os(variable).is_some_and(|value| !value.is_empty());
            (!is_set).then(|| format!("{provider}: the environment variable {variable} is not set"))
        }
        CredentialSource::File(path) => {
            let path = base.join(path);
            match std::fs::metadata(&path) {
                Ok(file) if file.len() > 0 => None,
                Ok(_) => Some(format!("{provider}: the file {} is empty", path.display())),
                Err(error) => Some(format!("{provider}: cannot read {}: {error}", path.display())),
            }
        }
        CredentialSource::Sds(_) => None,
    }
}
