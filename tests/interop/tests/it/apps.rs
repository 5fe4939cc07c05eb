//! The reference's applications, through irsa and with their own signing.

mod demo;
mod guides;
mod keycloak;
mod search_clients;
mod web_modeler;

use std::time::Duration;

use tokio::time::{Instant, sleep};

/// Time limit for waits, which take seconds or at most several session lifetimes.
const PATIENCE: Duration = Duration::from_mins(3);
/// Interval between checks.
const POLL: Duration = Duration::from_millis(50);

/// Waits until a condition holds.
async fn until(what: &str, is_there: impl Fn() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !is_there() {
        assert!(
            Instant::now() < deadline,
            "{what}: timed out after {PATIENCE:?}"
        );
        sleep(POLL).await;
    }
}
