//! Early renewal of a session that AWS reports as expired, because AWS's clock decides.

use std::sync::PoisonError;
use std::time::Duration;

use tokio::time::Instant;

use super::Identity;
use crate::SessionCredentials;
use crate::state::Snapshot;

/// The minimum time between two renewals of sessions that AWS reports as expired. Otherwise every request could cause
/// one if a renewal does not help.
const RENEWAL_PAUSE: Duration = Duration::from_secs(10);

impl Identity {
    /// Reports that AWS considers these credentials expired. This starts one exchange for all callers that report the
    /// same credentials, but none within 10 s of the last one. Returns whether there are different credentials, or may
    /// be after the exchange.
    pub fn report_expired(&self, credentials: &SessionCredentials) -> bool {
        let inner = &self.0;
        let snapshot = inner.snapshots.borrow();
        let held = snapshot.held.as_ref().map(|held| &held.credentials);
        if held.is_some_and(|held| held.access_key_id() != credentials.access_key_id()) {
            return true;
        }
        let number = snapshot.counters.succeeded;
        let is_failing = snapshot.failure.is_some();
        drop(snapshot);
        if *inner.expired.borrow() == number && !is_failing {
            return true;
        }
        if !self.may_ask() {
            return false;
        }
        inner.expired.send_replace(number);
        if is_failing {
            inner.wake.notify_one();
        }
        true
    }

    /// Calls [`Identity::report_expired`] and returns the credentials that replace these. Returns `None` if the
    /// exchange yields no others, or takes longer than [`Timeouts::wait`].
    pub async fn renew(&self, expired: &SessionCredentials) -> Option<SessionCredentials> {
        let mut snapshots = self.0.snapshots.clone();
        let before = ended_exchanges(&snapshots.borrow_and_update());
        if !self.report_expired(expired) {
            return None;
        }
        let replacement = async {
            loop {
                {
                    let snapshot = snapshots.borrow_and_update();
                    let held = snapshot.valid_at(self.now()).map(|held| &held.credentials);
                    let key = expired.access_key_id();
                    if let Some(held) = held.filter(|held| held.access_key_id() != key) {
                        return Some(held.clone());
                    }
                    if ended_exchanges(&snapshot) != before {
                        return None;
                    }
                }
                snapshots.changed().await.ok()?;
            }
        };
        let outcome = tokio::time::timeout(self.0.timeouts.wait, replacement).await;
        outcome.unwrap_or_default()
    }

    /// Returns whether a renewal is allowed now, and records it.
    fn may_ask(&self) -> bool {
        let asked = self.0.renewal_asked.lock();
        let mut asked = asked.unwrap_or_else(PoisonError::into_inner);
        if asked.is_some_and(|asked| asked.elapsed() < RENEWAL_PAUSE) {
            return false;
        }
        *asked = Some(Instant::now());
        true
    }
}

fn ended_exchanges(snapshot: &Snapshot) -> u64 {
    snapshot.counters.succeeded + snapshot.counters.failed
}
