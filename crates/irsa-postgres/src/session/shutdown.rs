//! Termination of sessions when irsa shuts down, so that clients learn the outcome of their last request.

use std::future::{pending, poll_fn};
use std::time::Duration;

use irsa_pgwire::error_response::ErrorResponse;
use irsa_pgwire::sqlstate::SqlState;
use tokio::time::{MissedTickBehavior, interval, sleep, timeout};

use super::cancel_request::send_cancel;
use super::termination::{shutting_down, termination_notice};
use crate::cancel::CancelTarget;
use crate::database::Database;
use crate::relay::Relay;

/// The interval at which an unanswered request is canceled again: a cancel request ends at most one statement of a
/// pipeline, and it has no effect between two statements.
const CANCEL_INTERVAL: Duration = Duration::from_millis(500);

/// Cancels the running statement of a session, waits for the response, and returns the notice for the client.
///
/// A session without unanswered requests gets 57P01 immediately, even within a transaction, which the server rolls
/// back. If the response does not arrive in time, the client gets 08007, because the statement may still take effect.
pub(super) async fn shut_down(
    database: &Database,
    relay: &mut Relay,
    target: Option<CancelTarget>,
) -> Option<ErrorResponse> {
    tokio::select! {
        biased;
        ended = poll_fn(|cx| relay.poll_until_answered(cx)) => match ended {
            None => Some(shutting_down()),
            Some(end) => termination_notice(database, &end),
        },
        () = sleep(answer_time(database.limits.termination_time)) => {
            database.metrics.unresolved.inc();
            if let Some(unlogged) = database.log_limit.may_log("outcome-unknown") {
                tracing::warn!(
                    upstream = %database.upstream,
                    unlogged,
                    "a session was closed before the server answered its last request: the outcome is unknown"
                );
            }
            Some(outcome_unknown())
        }
        () = cancel_repeatedly(database, target) => None,
    }
}

/// Returns the time to wait for the response. The rest of the termination time is for sending the notice.
fn answer_time(termination_time: Duration) -> Duration {
    termination_time * 3 / 4
}

/// Never returns.
async fn cancel_repeatedly(database: &Database, target: Option<CancelTarget>) {
    let Some(target) = target else {
        return pending().await;
    };
    let mut interval = interval(CANCEL_INTERVAL);
    interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        interval.tick().await;
        let _permit = database.limits.shutdown_cancels.acquire().await;
        match timeout(CANCEL_INTERVAL, send_cancel(database, &target)).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::debug!(%error, "cannot send a cancel request"),
            Err(_) => tracing::debug!("the server did not respond to a cancel request in time"),
        }
    }
}

fn outcome_unknown() -> ErrorResponse {
    ErrorResponse::fatal(
        SqlState::TRANSACTION_RESOLUTION_UNKNOWN,
        "terminating connection: irsa is shutting down, and the server did not respond in time",
    )
    .detail("The last request may or may not take effect.")
    .hint("check whether it took effect before repeating it")
}
