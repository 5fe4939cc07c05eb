//! The notices to clients at the end of a session.

use irsa_pgwire::error_response::ErrorResponse;
use irsa_pgwire::sqlstate::SqlState;

use crate::database::Database;
use crate::relay::End;

pub(super) fn shutting_down() -> ErrorResponse {
    ErrorResponse::fatal(
        SqlState::ADMIN_SHUTDOWN,
        "terminating connection: irsa is shutting down",
    )
}

/// Returns the notice for the client, if it needs one, and logs a lost connection to the server.
pub(super) fn termination_notice(database: &Database, end: &End) -> Option<ErrorResponse> {
    match end {
        End::Client | End::Server => None,
        End::Terminated => Some(shutting_down()),
        End::Idle => Some(idle_timeout()),
        End::ServerLost(error) => {
            if let Some(unlogged) = database.log_limit.may_log("server-lost") {
                let error = error.as_ref().map(tracing::field::display);
                let upstream = &database.upstream;
                tracing::warn!(%upstream, error, unlogged, "the connection to the server was lost");
            }
            let response = ErrorResponse::fatal(
                SqlState::CONNECTION_FAILURE,
                "irsa: the server closed the connection unexpectedly".to_owned(),
            );
            Some(response.hint("the instance may have failed over or restarted: connect again"))
        }
    }
}

fn idle_timeout() -> ErrorResponse {
    ErrorResponse::fatal(
        SqlState::IDLE_SESSION_TIMEOUT,
        "terminating connection due to irsa's idle timeout",
    )
    .hint("let the application's pool retire idle connections sooner, or raise `--idle-timeout`")
}
