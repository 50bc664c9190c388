//! Writing files that Envoy watches.

use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::Path;

use anyhow::{Context as _, Result};
use serde_json::Value;

/// Writes a document as YAML, beside the old one and then over it: Envoy notices moves, and never sees a half-written
/// file. One that would be the same is left alone, so that Envoy is not made to reload. Others cannot read it.
pub fn write_if_changed(path: &Path, document: &Value) -> Result<()> {
    write(path, document, 0o600).with_context(|| format!("cannot write {}", path.display()))
}

/// The same for a file without secrets, which a service of another user may read.
pub fn write_readable(path: &Path, document: &Value) -> Result<()> {
    write(path, document, 0o644).with_context(|| format!("cannot write {}", path.display()))
}

fn write(path: &Path, document: &Value, mode: u32) -> Result<()> {
    let text = serde_saphyr::to_string(document)?;
    if std::fs::read_to_string(path).is_ok_and(|current| current == text) {
        return Ok(());
    }
    let folder = path.parent().unwrap_or(Path::new("."));
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)?;
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(text.as_bytes())?;
    file.as_file()
        .set_permissions(std::fs::Permissions::from_mode(mode))?;
    file.persist(path)?;
    Ok(())
}
