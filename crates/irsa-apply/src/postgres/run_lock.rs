//! One run at a time on a cluster.

use std::time::Duration;

use irsa_chain::untrusted::quoted;

use super::session::Session;
use crate::{ApplyError, Steps};

/// The key of the advisory lock: `irsa sql` in ASCII.
pub(super) const KEY: i64 = i64::from_be_bytes(*b"irsa sql");

/// Waits for other runs to end, for at most `limit`. The lock is held until the session ends, even if this process is
/// killed.
pub(super) async fn acquire(
    session: &Session,
    limit: Duration,
    steps: &mut Steps<'_>,
) -> Result<(), ApplyError> {
    if try_acquire(session).await? {
        return Ok(());
    }
    let holder = holder(session).await?;
    let seconds = limit.as_secs();
    steps.note(
        format!("waiting up to {seconds} s for {holder}, which holds the lock of `irsa apply sql`"),
        Vec::new(),
    );
    let millis = limit.as_millis().max(1);
    session
        .run_all(&[
            format!("SET lock_timeout = {millis}"),
            "SET statement_timeout = 0".to_owned(),
        ])
        .await?;
    let locked = session.lock(KEY, limit).await;
    if let Err(error) = locked {
        return Err(ApplyError::new(format!(
            "{holder} still holds the lock of `irsa apply sql` after {seconds} s: {error}"
        ))
        .with_remedy("wait for the other run, or end its session by pg_terminate_backend"));
    }
    session.reset_limits().await
}

async fn try_acquire(session: &Session) -> Result<bool, ApplyError> {
    let row = session
        .first("SELECT pg_try_advisory_lock($1)", &[&KEY])
        .await?;
    Ok(row.is_some_and(|row| row.get(0)))
}

/// Names the session that holds the lock.
async fn holder(session: &Session) -> Result<String, ApplyError> {
    let sql = "SELECT l.pid, coalesce(a.usename::text, '')
        FROM pg_locks l LEFT JOIN pg_stat_activity a USING (pid)
        WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1
          AND ((l.classid::bigint << 32) | l.objid::bigint) = $1";
    let row = session.first(sql, &[&KEY]).await?;
    Ok(row.map_or_else(
        || "another session".to_owned(),
        |row| {
            let (pid, user): (i32, String) = (row.get(0), row.get(1));
            format!("the session of user {} with PID {pid}", quoted(&user))
        },
    ))
}
