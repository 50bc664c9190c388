//! How far the reading has come, on a terminal.

use std::fmt::Write as _;
use std::io::{IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// How often the bar is drawn.
const INTERVAL: Duration = Duration::from_millis(200);

const WIDTH: u64 = 30;

/// A bar on standard error, where that is a terminal.
pub struct Progress {
    is_shown: bool,
    read: u64,
    /// All there is to read; `None` where nobody can tell.
    total: Option<u64>,
    started: Instant,
    drawn: Instant,
}

impl Progress {
    pub fn of(files: &[PathBuf]) -> Self {
        let size = |path: &PathBuf| {
            let metadata = std::fs::metadata(path).ok()?;
            (path != Path::new("-") && metadata.is_file()).then_some(metadata.len())
        };
        let sizes: Option<Vec<u64>> = files.iter().map(size).collect();
        let now = Instant::now();
        Self {
            is_shown: std::io::stderr().is_terminal(),
            read: 0,
            total: sizes
                .filter(|sizes| !sizes.is_empty())
                .map(|sizes| sizes.iter().sum()),
            started: now,
            drawn: now,
        }
    }

    /// So many bytes more are read.
    pub fn advance(&mut self, bytes: usize) {
        self.read = self.read.saturating_add(u64::try_from(bytes).unwrap_or(u64::MAX));
        if self.is_shown && self.drawn.elapsed() >= INTERVAL {
            self.drawn = Instant::now();
            show(&bar(self.read, self.total, self.started.elapsed()));
        }
    }

    /// Everything is read: the bar makes room.
    pub fn end(&self) {
        if self.is_shown {
            show("");
        }
    }
}

/// Progress that cannot be shown is none that anybody misses.
fn show(text: &str) {
    let mut stderr = std::io::stderr().lock();
    let _shown = write!(stderr, "\r{text}\u{1b}[K").and_then(|()| stderr.flush());
}

fn bar(read: u64, total: Option<u64>, took: Duration) -> String {
    let megabytes = |bytes: u64| bytes / 1_000_000;
    let seconds = took.as_secs();
    let mut text = String::new();
    // Writing to a text cannot fail.
    let _written = match total {
        Some(total) => {
            let percent = read
                .saturating_mul(100)
                .checked_div(total)
                .unwrap_or(100)
                .min(100);
            let full = percent * WIDTH / 100;
            for place in 0..WIDTH {
                text.push(if place < full { '#' } else { '.' });
            }
            let (read, total) = (megabytes(read), megabytes(total));
            write!(text, " {percent:3}%  {read} of {total} MB  {seconds} s")
        }
        None => write!(text, "{} MB  {seconds} s", megabytes(read)),
    };
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bar_is_as_full_as_the_part_that_is_read() {
        let took = Duration::from_secs(12);
        assert_eq!(
            bar(3_000_000, Some(10_000_000), took),
            "#########.....................  30%  3 of 10 MB  12 s"
        );
        assert_eq!(
            bar(5, Some(0), took),
            format!("{} 100%  0 of 0 MB  12 s", "#".repeat(30))
        );
        assert_eq!(bar(7_000_000, None, took), "7 MB  12 s");
    }
}
