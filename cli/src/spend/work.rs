//! Many workers on many lines.

use std::path::PathBuf;
use std::sync::mpsc::{Receiver, sync_channel};
use std::sync::{Mutex, PoisonError};
use std::thread;

use anyhow::Result;

use super::input;
use super::line::{self, Query};
use super::progress::Progress;
use super::sums::Found;

/// Adds up all lines of the logs, on as many threads as there are processors.
pub fn add_up(files: &[PathBuf], query: &Query) -> Result<Found> {
    let workers = thread::available_parallelism().map_or(1, usize::from);
    let mut progress = Progress::of(files);
    // What waits is bounded, so that a slow worker slows the reading down rather than fill the memory.
    let (sender, receiver) = sync_channel::<Vec<u8>>(workers);
    let receiver = Mutex::new(receiver);
    thread::scope(|scope| {
        let work = || add_blocks(&receiver, query);
        let handles: Vec<_> = (0..workers).map(|_| scope.spawn(work)).collect();
        let read = input::read(files, &mut progress, |block| sender.send(block).is_ok());
        drop(sender);
        let mut found = Found::default();
        for handle in handles {
            match handle.join() {
                Ok(part) => found.merge(&part),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        progress.end();
        read.map(|()| found)
    })
}

fn add_blocks(blocks: &Mutex<Receiver<Vec<u8>>>, query: &Query) -> Found {
    let mut found = Found::default();
    let mut key = String::new();
    let next = || blocks.lock().unwrap_or_else(PoisonError::into_inner).recv();
    while let Ok(block) = next() {
        add_block(&block, query, &mut key, &mut found);
    }
    found
}

/// Adds up the lines of a block.
pub fn add_block(block: &[u8], query: &Query, key: &mut String, found: &mut Found) {
    let mut start = 0;
    let ends = memchr::memchr_iter(b'\n', block).chain([block.len()]);
    for end in ends {
        let line = block.get(start..end).unwrap_or_default().trim_ascii();
        start = end + 1;
        if line.is_empty() {
            continue;
        }
        found.lines += 1;
        if !line::add(line, query, key, found) {
            found.no_records += 1;
        }
    }
}
