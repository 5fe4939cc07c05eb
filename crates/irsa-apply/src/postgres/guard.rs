//! Takes a grant of `rds_iam` back on the server, unless the proof ends it.
//!
//! Between the grant and the proof, this process may be killed, and the administrator may be locked out. A statement that
//! runs on the server runs on when its client is gone.

use std::time::{Duration, Instant};

use irsa_stack::sql::{UserObject, literal};
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

use super::ADMIN_DATABASE;
use super::admin::Admin;
use super::session::Session;
use crate::{ApplyError, Steps};

/// Time from the start of the guard until it takes the grant back. The grant and the proof take less.
pub(super) const DELAY: Duration = Duration::from_mins(2);
/// Time limit for the start and the end of a guard.
const LIMIT: Duration = Duration::from_secs(30);
/// Time between two looks at the start.
const POLL: Duration = Duration::from_millis(10);
/// The key of the advisory lock of a guard: `irsa grd` in ASCII.
const KEY: i64 = i64::from_be_bytes(*b"irsa grd");

/// The limits of a session do not end the guard, and neither does the end of its client.
const SETTINGS: &str = "SELECT set_config(name, '0', false) FROM pg_settings WHERE name IN
    ('statement_timeout', 'transaction_timeout', 'client_connection_check_interval')";

/// A statement that waits and takes the grant back.
pub(super) struct Guard {
    pid: i32,
    statement: JoinHandle<Result<(), ApplyError>>,
}

/// Waits until no guard of an earlier run that was interrupted is left.
pub(super) async fn wait_for_others(
    session: &Session,
    steps: &mut Steps<'_>,
) -> Result<(), ApplyError> {
    let free = "SELECT pg_try_advisory_lock($1)";
    if session
        .first(free, &[&KEY])
        .await?
        .is_some_and(|row| row.get(0))
    {
        return unlock(session).await;
    }
    let seconds = DELAY.as_secs();
    steps.note(
        format!(
            "waiting up to {seconds} s until the server has taken back the last grant of rds_iam of a run that was \
             interrupted"
        ),
        Vec::new(),
    );
    wait(session, DELAY + LIMIT).await
}

async fn wait(session: &Session, limit: Duration) -> Result<(), ApplyError> {
    let millis = limit.as_millis();
    session
        .run_unbroken(&format!("SET lock_timeout = {millis}"))
        .await?;
    session.lock(KEY, limit).await?;
    unlock(session).await?;
    session.reset_limits().await
}

async fn unlock(session: &Session) -> Result<(), ApplyError> {
    session
        .query("SELECT pg_advisory_unlock($1)", &[&KEY])
        .await?;
    Ok(())
}

// === impl Guard ===

impl Guard {
    /// Starts the statement in a separate session. `session` sees that it runs.
    pub(super) async fn start(
        admin: &Admin,
        session: &Session,
        user: &UserObject,
    ) -> Result<Self, ApplyError> {
        let own = Session::open(admin, ADMIN_DATABASE).await?;
        own.query(SETTINGS, &[]).await?;
        let row = own.first("SELECT pg_backend_pid()", &[]).await?;
        let pid = row.map_or(0, |row| row.get(0));
        let text = statement(user, admin.guard_delay());
        let statement = tokio::spawn(async move { own.run_without_limit(&text).await });
        let guard = Self { pid, statement };
        guard.wait_for_start(session).await?;
        Ok(guard)
    }

    async fn wait_for_start(&self, session: &Session) -> Result<(), ApplyError> {
        let sql = "SELECT FROM pg_locks WHERE locktype = 'advisory' AND granted AND pid = $1";
        let started = Instant::now();
        while session.first(sql, &[&self.pid]).await?.is_none() {
            if self.statement.is_finished() || started.elapsed() > LIMIT {
                return Err(ApplyError::new(
                    "the statement that takes rds_iam back if this run is interrupted did not start",
                )
                .with_remedy("nothing was granted; run the command again"));
            }
            sleep(POLL).await;
        }
        Ok(())
    }

    /// Ends the statement. If it was faster, the grant was taken back.
    pub(super) async fn cancel(self, session: &Session) -> Result<(), ApplyError> {
        session
            .query("SELECT pg_cancel_backend($1)", &[&self.pid])
            .await?;
        wait(session, LIMIT).await?;
        let _ = timeout(LIMIT, self.statement).await;
        Ok(())
    }
}

/// The lock is released with the transaction.
fn statement(user: &UserObject, delay: Duration) -> String {
    let block = format!(
        "BEGIN PERFORM pg_advisory_xact_lock({KEY}); PERFORM pg_sleep({}); {}; END",
        delay.as_secs_f64(),
        user.revoke_iam()
    );
    format!("DO {}", literal(&block))
}
