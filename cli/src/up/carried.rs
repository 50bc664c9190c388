//! What is spent already when Envoy starts: its counters begin anew with it, but its access log tells.

use std::fs::{File, OpenOptions};
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, Result};
use serde_json::Value;
use shared::config::Snapshot;

use crate::document::{self, plural};
use crate::spend;

/// The balances of the budgets' open windows; `None` where there is nothing to count or nothing to read.
pub fn balances(snapshot: &Arc<Snapshot>, log: &Path, earlier: &[PathBuf]) -> Result<Option<Value>> {
    let has_budgets = !snapshot.budgets.is_empty()
        || snapshot
            .providers
            .iter()
            .any(|provider| provider.budget.is_some());
    if !has_budgets {
        return Ok(None);
    }
    let mut files = distinct(earlier, log);
    match std::fs::metadata(log) {
        Ok(metadata) if metadata.is_file() => {
            end_last_line(log)?;
            files.push(log.to_owned());
        }
        Ok(_) => eprintln!(
            "warning: the access log {} cannot be read again: budgets begin anew with every start. Name a file with \
             --access-log",
            log.display()
        ),
        // There is none yet.
        Err(_) => {}
    }
    if files.is_empty() {
        return Ok(None);
    }
    let now = document::now();
    let balances = spend::carried_over(snapshot, &files, now)?;
    if balances.count() > 0 {
        println!(
            "broker carries over what {} spent",
            plural(balances.count(), "counter")
        );
    }
    Ok(Some(balances.document(now)))
}

/// The earlier files, each once and without the log itself: what they say would be counted twice.
fn distinct(earlier: &[PathBuf], log: &Path) -> Vec<PathBuf> {
    let whole = |path: &Path| std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let mut seen = vec![whole(log)];
    let is_new = |path: &&PathBuf| {
        let path = whole(path);
        let is_new = !seen.contains(&path);
        seen.push(path);
        is_new
    };
    earlier.iter().filter(is_new).cloned().collect()
}

/// An Envoy that was killed may have left half a line, which must not spoil the first one that follows.
fn end_last_line(log: &Path) -> Result<()> {
    let end = |log: &Path| -> std::io::Result<()> {
        let mut file = File::open(log)?;
        if file.metadata()?.len() == 0 {
            return Ok(());
        }
        file.seek(SeekFrom::End(-1))?;
        let mut last = [0];
        file.read_exact(&mut last)?;
        if last != *b"\n" {
            OpenOptions::new().append(true).open(log)?.write_all(b"\n")?;
        }
        Ok(())
    };
    end(log).with_context(|| format!("cannot read the access log {}", log.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_file_is_carried_twice() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        for name in ["access.log", "access.log.1"] {
            std::fs::write(path(name), "{}\n").unwrap();
        }
        std::os::unix::fs::symlink(path("access.log.1"), path("linked")).unwrap();
        let earlier = [
            "access.log.1",
            "./access.log",
            "linked",
            "access.log.1",
            "missing",
        ]
        .map(path);
        let carried = distinct(&earlier, &path("access.log"));
        assert_eq!(carried, [path("access.log.1"), path("missing")]);
    }

    #[test]
    fn half_a_line_is_ended_and_a_whole_one_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("access.log");
        for (before, after) in [("", ""), ("{}\n", "{}\n"), ("{}\n{\"ti", "{}\n{\"ti\n")] {
            std::fs::write(&log, before).unwrap();
            end_last_line(&log).unwrap();
            assert_eq!(std::fs::read_to_string(&log).unwrap(), after);
        }
    }
}
