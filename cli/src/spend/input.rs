//! Access logs as blocks of whole lines.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use flate2::read::MultiGzDecoder;

use super::progress::Progress;

/// How much is read before it is handed to a worker: enough that handing over costs nothing, little enough that all
/// workers have something to do at the end.
const BLOCK: usize = 4 << 20;

/// The longest line. Records have some hundred bytes to some thousand; what is longer is cut, and no record then.
const MAX_LINE: usize = 64 << 20;

/// Reads every log in turn and hands its lines over in blocks; stops early if nobody takes them any more.
pub fn read(files: &[PathBuf], progress: &mut Progress, hand_over: impl Fn(Vec<u8>) -> bool) -> Result<()> {
    let standard = [PathBuf::from("-")];
    let files = if files.is_empty() { &standard } else { files };
    for path in files {
        let (source, name): (Box<dyn Read>, _) = if path == Path::new("-") {
            (Box::new(io::stdin().lock()), "standard input".to_owned())
        } else {
            let name = path.display().to_string();
            let file = File::open(path).with_context(|| format!("cannot read {name}"))?;
            (Box::new(file), name)
        };
        let is_taken =
            read_one(source, progress, &hand_over).with_context(|| format!("cannot read {name}"))?;
        if !is_taken {
            break;
        }
    }
    Ok(())
}

fn read_one(
    source: Box<dyn Read + '_>,
    progress: &mut Progress,
    hand_over: &impl Fn(Vec<u8>) -> bool,
) -> io::Result<bool> {
    let mut source = Counted { source, progress };
    let mut magic = Vec::new();
    source.by_ref().take(2).read_to_end(&mut magic)?;
    let is_gzip = magic == [0x1f, 0x8b];
    let whole = io::Cursor::new(magic).chain(source);
    if is_gzip {
        split(
            MultiGzDecoder::new(BufReader::with_capacity(1 << 18, whole)),
            hand_over,
        )
    } else {
        split(whole, hand_over)
    }
}

/// Hands blocks over that end where a line does.
fn split(mut source: impl Read, hand_over: &impl Fn(Vec<u8>) -> bool) -> io::Result<bool> {
    let mut block = Vec::with_capacity(BLOCK + BLOCK / 8);
    loop {
        let wanted = u64::try_from(BLOCK).unwrap_or(u64::MAX);
        if source.by_ref().take(wanted).read_to_end(&mut block)? == 0 {
            return Ok(block.is_empty() || hand_over(block));
        }
        let end = match memchr::memrchr(b'\n', &block) {
            Some(newline) => newline + 1,
            None if block.len() > MAX_LINE => block.len(),
            None => continue,
        };
        let mut rest = Vec::with_capacity(BLOCK + BLOCK / 8);
        rest.extend(block.drain(end..));
        if !hand_over(std::mem::replace(&mut block, rest)) {
            return Ok(false);
        }
    }
}

/// A source whose bytes are counted as they are read.
struct Counted<'a, R> {
    source: R,
    progress: &'a mut Progress,
}

impl<R: Read> Read for Counted<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.source.read(buffer)?;
        self.progress.advance(count);
        Ok(count)
    }
}
