//! The end of a session when irsa shuts down: the client learns the outcome of its last request.

use std::future::{pending, poll_fn};
use std::time::Duration;

use irsa_pgwire::error_response::ErrorResponse;
use irsa_pgwire::sqlstate::SqlState;
use tokio::time::{MissedTickBehavior, interval, sleep, timeout};

use super::cancel_request::send_cancel;
use super::termination::{farewell, shutting_down};
use crate::cancel::CancelTarget;
use crate::database::Database;
use crate::relay::Relay;

/// The interval at which an unanswered request is canceled again: a cancel request ends one statement of a pipeline at
/// most, and one that comes between two statements ends none.
const CANCEL_INTERVAL: Duration = Duration::from_millis(500);

/// Cancels what the session's server is doing, waits for its answer, and returns the notice for the client.
///
/// A session with nothing unanswered gets 57P01 immediately, also within a transaction, which the server rolls back. If
/// the answer does not come in time, the client gets 08007, since the statement may still take effect.
pub(super) async fn shut_down(
    database: &Database,
    relay: &mut Relay,
    target: Option<CancelTarget>,
) -> Option<ErrorResponse> {
    tokio::select! {
        biased;
        ended = poll_fn(|cx| relay.poll_answered(cx)) => match ended {
            None => Some(shutting_down()),
            Some(end) => farewell(database, &end),
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

/// The time for the answer. The rest of the termination time is for saying so.
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
            Ok(Err(error)) => tracing::debug!(%error, "a session could not be canceled"),
            Err(_) => tracing::debug!("the server did not take a cancel request in time"),
        }
    }
}

fn outcome_unknown() -> ErrorResponse {
    ErrorResponse::fatal(
        SqlState::TRANSACTION_RESOLUTION_UNKNOWN,
        "terminating connection: irsa is shutting down, and the server has not answered in time",
    )
    .detail("The last request may or may not take effect.")
    .hint("check whether it took effect before repeating it")
}
