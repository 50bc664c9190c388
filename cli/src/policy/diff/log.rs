//! Access logs, however long: one line at a time.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

use anyhow::{Context as _, Result};

/// Hands over each line of a file that is not blank; `-` is standard input.
pub fn each_line(path: &Path, take: impl FnMut(&[u8])) -> Result<()> {
    let cannot_read = || format!("cannot read {}", path.display());
    if path == Path::new("-") {
        return lines(std::io::stdin().lock(), take).context("cannot read standard input");
    }
    let file = File::open(path).with_context(cannot_read)?;
    lines(BufReader::with_capacity(1 << 20, file), take).with_context(cannot_read)
}

fn lines(mut reader: impl BufRead, mut take: impl FnMut(&[u8])) -> std::io::Result<()> {
    let mut line = Vec::new();
    while reader.read_until(b'\n', &mut line)? > 0 {
        let text = line.trim_ascii();
        if !text.is_empty() {
            take(text);
        }
        line.clear();
    }
    Ok(())
}
