//! Reading an answer as it comes.

use std::time::{Duration, Instant};

use reqwest::Response;

/// Bytes that came together.
#[derive(Clone, Debug)]
pub struct TimedRead {
    /// When they came, counted from the start of reading.
    pub at: Duration,
    /// What came.
    pub bytes: Vec<u8>,
}

/// Reads to the end. The second value is the error if the answer broke off.
pub async fn timed_reads(mut response: Response) -> (Vec<TimedRead>, Option<reqwest::Error>) {
    let started = Instant::now();
    let mut reads = Vec::new();
    loop {
        match response.chunk().await {
            Ok(Some(bytes)) => reads.push(TimedRead {
                at: started.elapsed(),
                bytes: bytes.to_vec(),
            }),
            Ok(None) => return (reads, None),
            Err(error) => return (reads, Some(error)),
        }
    }
}
