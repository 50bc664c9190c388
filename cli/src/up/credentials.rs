//! The providers' keys and the listener's certificate must be there before Envoy starts: it would wait for a missing one without a word.

use std::path::Path;

use anyhow::{Result, bail};
use shared::config::{AwsKeys, Connection, CredentialSource, ListenerTls, Loaded};
use shared::ids::ProviderName;

use crate::document::plural;

/// Reports every key that is missing. No key is kept or shown.
pub fn check(loaded: &Loaded, config: &Path, secrets: Option<&Path>) -> Result<()> {
    let base = config.parent().unwrap_or(Path::new("."));
    let missing: Vec<String> = loaded
        .connections
        .iter()
        .filter_map(|connection| problem(connection, base, secrets))
        .chain(loaded.listener.iter().flat_map(|tls| tls_problems(tls, base)))
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    bail!(
        "{} missing:\n{}",
        plural(missing.len(), "credential"),
        missing.join("\n")
    )
}

fn problem(connection: &Connection, base: &Path, secrets: Option<&Path>) -> Option<String> {
    source_problem(
        &connection.provider,
        connection.credential.as_ref()?,
        base,
        secrets,
    )
}

fn source_problem(
    provider: &ProviderName,
    source: &CredentialSource,
    base: &Path,
    secrets: Option<&Path>,
) -> Option<String> {
    match source {
        // What it is fetched with is Google's to give.
        CredentialSource::Gcp(_) => None,
        CredentialSource::OAuth2(client) => source_problem(provider, &client.client_secret, base, secrets),
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
            None => Some(format!(
                "{provider}: name the folder of the secret {name} with --secrets"
            )),
        },
        CredentialSource::Aws(account) => match &account.keys {
            // Envoy looks in more places than can be checked here, and goes on looking.
            AwsKeys::Found => None,
            AwsKeys::File { path, .. } | AwsKeys::Role { token_file: path, .. } => {
                file_problem(&base.join(path)).map(|problem| format!("{provider}: {problem}"))
            }
        },
    }
}

fn tls_problems(tls: &ListenerTls, base: &Path) -> Vec<String> {
    let files = [Some(&tls.certificate), Some(&tls.key), tls.client_ca.as_ref()];
    let problems = files
        .into_iter()
        .flatten()
        .filter_map(|path| file_problem(&base.join(path)));
    problems
        .map(|problem| format!("listener.tls: {problem}"))
        .collect()
}

fn file_problem(path: &Path) -> Option<String> {
    match std::fs::metadata(path) {
        Ok(file) if file.len() > 0 => None,
        Ok(_) => Some(format!("the file {} is empty", path.display())),
        Err(error) => Some(format!("cannot read {}: {error}", path.display())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document;

    const DOCUMENT: &str =
        "providers:\n  - {name: a, kind: openai, endpoint: \"http://a\", credential: {sds: vault}}\n";

    fn checked(secrets: Option<&Path>) -> Result<(), String> {
        let config = Path::new("broker.yaml");
        let document = document::parse(DOCUMENT, config).unwrap();
        check(&document.loaded, config, secrets).map_err(|error| error.to_string())
    }

    #[test]
    fn what_something_else_delivers_must_be_in_the_folder_of_secrets() {
        let folder = tempfile::tempdir().unwrap();
        let unnamed = checked(None).unwrap_err();
        assert_eq!(
            unnamed,
            "1 credential missing:\na: name the folder of the secret vault with --secrets"
        );
        assert!(checked(Some(folder.path())).unwrap_err().contains("vault.yaml"));
        let file = folder.path().join("vault.yaml");
        std::fs::write(&file, "").unwrap();
        assert!(checked(Some(folder.path())).unwrap_err().ends_with("is empty"));
        std::fs::write(&file, "resources: []").unwrap();
        assert_eq!(checked(Some(folder.path())), Ok(()));
    }
}
