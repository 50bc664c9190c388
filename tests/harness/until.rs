//! Waiting for a condition instead of for a time.

use std::time::Duration;

use tokio::time::Instant;

/// How long a test waits for what should come soon.
pub const PATIENCE: Duration = Duration::from_secs(15);

/// Asks until there is an answer, and gives it.
///
/// # Panics
/// If there is none before the deadline; `what` says in the message what was waited for.
pub async fn until<T>(deadline: Duration, what: &str, mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    let started = Instant::now();
    loop {
        if let Some(answer) = ask().await {
            return answer;
        }
        assert!(
            started.elapsed() < deadline,
            "waited {deadline:?} in vain for {what}"
        );
        tokio::time::sleep(Duration::from_millis(15)).await;
    }
}
