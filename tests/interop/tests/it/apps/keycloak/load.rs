//! Users who log in continuously, and their results.

use std::mem::take;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use irsa_demo::reference_apps::keycloak::{ADA, Keycloak};
use tokio::task::JoinHandle;
use tokio::time::{Instant, MissedTickBehavior, interval};

/// Pause between logins: four per second.
const PAUSE: Duration = Duration::from_millis(250);

/// A steady load. It ends when this value is dropped.
pub(super) struct Load {
    seen: Arc<Mutex<Seen>>,
    task: JoinHandle<()>,
}

/// The results of the logins.
#[derive(Debug, Default)]
pub(super) struct Seen {
    /// Number of successful logins.
    pub(super) logins: usize,
    /// Failed logins.
    pub(super) errors: Vec<String>,
    /// Time from the first error to the next successful login.
    pub(super) outage: Duration,
    broken_since: Option<Instant>,
}

impl Load {
    pub(super) fn start(keycloak: &Arc<Keycloak>) -> Self {
        let seen = Arc::default();
        let task = tokio::spawn(log_in(Arc::clone(keycloak), Arc::clone(&seen)));
        Self { seen, task }
    }

    /// Returns the results so far.
    pub(super) fn seen(&self) -> MutexGuard<'_, Seen> {
        lock(&self.seen)
    }

    /// Ends the load and returns its results.
    pub(super) async fn stop(self) -> Seen {
        self.task.abort();
        let _ = self.task.await;
        take(&mut *lock(&self.seen))
    }
}

async fn log_in(keycloak: Arc<Keycloak>, seen: Arc<Mutex<Seen>>) {
    let mut tick = interval(PAUSE);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tick.tick().await;
        let token = keycloak.token(&ADA).await;
        let mut seen = lock(&seen);
        match token {
            Ok(_) => {
                seen.logins += 1;
                let outage = seen.broken_since.take().map(|since| since.elapsed());
                seen.outage += outage.unwrap_or_default();
            }
            Err(error) => {
                seen.broken_since.get_or_insert_with(Instant::now);
                seen.errors.push(error.to_string());
            }
        }
    }
}

fn lock(seen: &Mutex<Seen>) -> MutexGuard<'_, Seen> {
    seen.lock().unwrap_or_else(PoisonError::into_inner)
}
