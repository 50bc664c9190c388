//! Many workers on many lines.

use std::path::PathBuf;
use std::sync::mpsc::{Receiver, sync_channel};
use std::sync::{Mutex, PoisonError};
use std::thread;

use anyhow::Result;

use super::input;
use super::progress::Progress;

/// Something that is added up line by line, in any order.
pub trait Tally: Send {
    /// What is to be added up.
    type Query: Sync;

    /// One that has seen nothing yet.
    fn new(query: &Self::Query) -> Self;
    /// Adds a line that has something on it.
    fn add(&mut self, line: &[u8], query: &Self::Query);
    /// Adds what another one has seen.
    fn merge(&mut self, other: Self);
}

/// Adds up all lines of the logs, on as many threads as there are processors.
pub fn add_up<T: Tally>(files: &[PathBuf], query: &T::Query) -> Result<T> {
    let workers = thread::available_parallelism().map_or(1, usize::from);
    let mut progress = Progress::of(files);
    // What waits is bounded, so that a slow worker slows the reading down rather than fill the memory.
    let (sender, receiver) = sync_channel::<Vec<u8>>(workers);
    let receiver = Mutex::new(receiver);
    thread::scope(|scope| {
        let work = || add_blocks::<T>(&receiver, query);
        let handles: Vec<_> = (0..workers).map(|_| scope.spawn(work)).collect();
        let read = input::read(files, &mut progress, |block| sender.send(block).is_ok());
        drop(sender);
        let mut found = T::new(query);
        for handle in handles {
            match handle.join() {
                Ok(part) => found.merge(part),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        progress.end();
        read.map(|()| found)
    })
}

fn add_blocks<T: Tally>(blocks: &Mutex<Receiver<Vec<u8>>>, query: &T::Query) -> T {
    let mut found = T::new(query);
    let next = || blocks.lock().unwrap_or_else(PoisonError::into_inner).recv();
    while let Ok(block) = next() {
        add_block(&block, query, &mut found);
    }
    found
}

/// Adds up the lines of a block.
pub fn add_block<T: Tally>(block: &[u8], query: &T::Query, found: &mut T) {
    let mut start = 0;
    let ends = memchr::memchr_iter(b'\n', block).chain([block.len()]);
    for end in ends {
        let line = block.get(start..end).unwrap_or_default().trim_ascii();
        start = end + 1;
        if !line.is_empty() {
            found.add(line, query);
        }
    }
}
