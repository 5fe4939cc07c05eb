//! The reference's applications: through irsa as they are, and in their own way.

mod demo;
mod guides;
mod keycloak;
mod search_clients;
mod web_modeler;

use std::time::Duration;

use tokio::time::{Instant, sleep};

/// What is waited for takes seconds, several lives of a session at most.
const PATIENCE: Duration = Duration::from_mins(3);
/// How often something that will come is looked for.
const POLL: Duration = Duration::from_millis(50);

/// Waits for something that has to come.
async fn until(what: &str, is_there: impl Fn() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !is_there() {
        assert!(Instant::now() < deadline, "{what}: not after {PATIENCE:?}");
        sleep(POLL).await;
    }
}
