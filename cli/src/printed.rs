//! What a command prints. Its reader may close the pipe early, as `head` does: that is the reader's good right.

use std::io::{self, ErrorKind, Write};

use anyhow::{Context, Result};
use serde::Serialize;

/// Prints a report as it is.
pub fn text(report: &str) -> Result<()> {
    let mut out = io::stdout().lock();
    match out.write_all(report.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        written => written.context("cannot print the report"),
    }
}

/// Prints a report as JSON.
pub fn json(report: &impl Serialize) -> Result<()> {
    let mut line = serde_json::to_string_pretty(report)?;
    line.push('\n');
    text(&line)
}
