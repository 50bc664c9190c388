//! The providers' keys must be there before Envoy starts: it would wait for a missing one without a word.

use std::path::Path;

use anyhow::{Result, bail};
use shared::config::{Connection, CredentialSource};

use crate::document::plural;

/// Reports every key that is missing. No key is kept or shown.
pub fn check(connections: &[Connection], config: &Path, secrets: Option<&Path>) -> Result<()> {
    let base = config.parent().unwrap_or(Path::new("."));
    let missing: Vec<String> =
        connections.iter().filter_map(|connection| problem(connection, base, secrets)).collect();
    if missing.is_empty() {
        return Ok(());
    }
    bail!("{} missing:\n{}", plural(missing.len(), "credential"), missing.join("\n"))
}

fn problem(connection: &Connection, base: &Path, secrets: Option<&Path>) -> Option<String> {
    let provider = &connection.provider;
    match connection.credential.as_ref()? {
        CredentialSource::Environment(variable) => {
            let is_set = std::env::var_os(variable).is_some_and(|value| !value.is_empty());
            (!is_set).then(|| format!("{provider}: the environment variable {variable} is not set"))
        }
        CredentialSource::File(path) => {
            file_problem(&base.join(path)).map(|problem| format!("{provider}: {problem}"))
        }
        CredentialSource::Sds(name) => match secrets {
            Some(folder) => file_problem(&folder.join(format!("{name}.yaml")))
                .map(|problem| format!("{provider}: {problem}")),
            None => Some(format!("{provider}: name the folder of the secret {name} with --secrets")),
        },
    }
}

fn file_problem(path: &Path) -> Option<String> {
    match std::fs::metadata(path) {
        Ok(file) if file.len() > 0 => None,
        Ok(_) => Some(format!("the file {} is empty", path.display())),
        Err(error) => Some(format!("cannot read {}: {error}", path.display())),
    }
}
