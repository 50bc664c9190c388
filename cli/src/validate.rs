//! `broker validate`

use std::path::Path;

use anyhow::Result;

use crate::document::{self, plural};

pub fn run(path: &Path) -> Result<()> {
    let document = document::load(path)?;
    document::print_warnings(&document.loaded.warnings);
    let snapshot = &document.loaded.snapshot;
    println!(
        "{} holds: {}, {}, {}, {}; version {}",
        path.display(),
        plural(snapshot.providers.len(), "provider"),
        plural(snapshot.pools.len(), "pool"),
        plural(snapshot.models.len(), "model"),
        plural(snapshot.rules.len(), "rule"),
        snapshot.version
    );
    Ok(())
}
