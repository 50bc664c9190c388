//! What is written in the configuration's files.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use crate::document;

/// The text of the configuration and of the files that it names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    pub text: String,
    /// The files, and what is in those that can be read.
    files: Vec<(PathBuf, Option<String>)>,
}

impl Written {
    /// Reads the configuration. `before`: what was written there, whose names need not be found again.
    pub fn read(path: &Path, before: Option<&Self>) -> Result<Self> {
        let text =
            std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        let names = match before.filter(|before| before.text == text) {
            Some(before) => before.files.iter().map(|(name, _)| name.clone()).collect(),
            None => document::files(&text, path),
        };
        let files = names.into_iter().map(|name| {
            let content = std::fs::read_to_string(&name).ok();
            (name, content)
        });
        Ok(Self {
            text,
            files: files.collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_of_a_file_that_is_named_is_a_change() {
        let folder = tempfile::tempdir().unwrap();
        let (config, policies) = (folder.path().join("broker.yaml"), folder.path().join("a.cedar"));
        std::fs::write(
            &config,
            "policies: [{file: a.cedar}, 'permit(principal, action, resource);']",
        )
        .unwrap();
        let first = Written::read(&config, None).unwrap();
        assert_eq!(Written::read(&config, Some(&first)).unwrap(), first);
        std::fs::write(&policies, "forbid(principal, action, resource);").unwrap();
        let second = Written::read(&config, Some(&first)).unwrap();
        assert_ne!(second, first);
        std::fs::write(&config, "policies: []").unwrap();
        assert!(Written::read(&config, Some(&second)).unwrap().files.is_empty());
    }
}
