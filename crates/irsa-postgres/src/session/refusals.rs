//! Refusals of clients: error messages, logs and metrics.

use std::time::Duration;

use bytes::BytesMut;
use irsa_chain::{Cause, Link};
use irsa_net::limit::TooManyUnauthenticated;
use irsa_net::listen::Peer;
use irsa_pgwire::error_response::ErrorResponse;
use irsa_pgwire::sqlstate::SqlState;
use tokio::time::timeout;

use crate::client::ClientFault;
use crate::database::Database;
use crate::login::LoginError;
use crate::transport::Transport;

/// The timeout for sending the last message to a client without a session.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(5);

/// Counts and logs a failed login and returns the error for the client.
pub(super) fn login_refusal(database: &Database, user: &str, error: &LoginError) -> ErrorResponse {
    let now = database.identity.aws_time(database.clock.now());
    let age = error.token().map(|token| token.age(now));
    let facts = database.facts(user, age);
    database.metrics.refused(error.link(), error.cause());
    if let Some(link) = error.link() {
        let (at, text) = (database.clock.now(), error.to_string());
        database.last_use.failed(link, error.cause(), &text, at);
    }
    let unlogged = database.log_limit.may_log(error.log_kind());
    if let Some(unlogged) = unlogged {
        tracing::warn!(
            upstream = %database.upstream,
            user,
            link = error.link().map(Link::id),
            cause = error.cause().map(Cause::id),
            sqlstate = %error.sqlstate(),
            remedy = error.remedy_for(user),
            detail = %facts,
            unlogged,
            "login refused: {error}"
        );
    } else {
        tracing::debug!(upstream = %database.upstream, user, detail = %facts, "login refused: {error}");
    }
    error.response(&facts)
}

/// Returns the error for a client that disconnected. The client does not read it, and it is not counted as a refusal.
pub(super) fn client_left(how: &str) -> ErrorResponse {
    tracing::debug!("a client left before its login was complete: {how}");
    ErrorResponse::fatal(
        SqlState::CONNECTION_FAILURE,
        "irsa: the client disconnected",
    )
}

/// Returns PostgreSQL's error for `authentication_timeout`.
pub(super) fn authentication_timed_out() -> ErrorResponse {
    ErrorResponse::fatal(
        SqlState::QUERY_CANCELED,
        "canceling authentication due to timeout",
    )
    .hint("authenticate faster, or raise `--startup-timeout`")
}

/// Counts and logs a client that failed to authenticate.
pub(super) fn log_client_refusal(
    database: &Database,
    user: &str,
    peer: &Peer,
    response: &ErrorResponse,
) {
    // Interactive clients disconnect to ask for the password and then connect again.
    if response.code == SqlState::CONNECTION_FAILURE {
        return;
    }
    database.metrics.refused(None, None);
    if let Some(unlogged) = database.log_limit.may_log("client-refused") {
        let upstream = &database.upstream;
        tracing::warn!(%upstream, user, ?peer, unlogged, "client refused: {}", response.message);
    }
}

/// Refuses a client that has not sent anything yet, with 53300 like PostgreSQL at its connection limit.
pub(super) async fn refuse_unauthenticated(
    database: &Database,
    mut client: Transport,
    peer: &Peer,
    error: TooManyUnauthenticated,
) {
    database.metrics.unauthenticated_refusals.inc();
    if let Some(unlogged) = database.log_limit.may_log("too_many_unauthenticated") {
        let upstream = &database.upstream;
        tracing::warn!(%upstream, ?peer, unlogged, "client refused: {error}");
    }
    let response = ErrorResponse::fatal(
        SqlState::TOO_MANY_CONNECTIONS,
        format!("irsa: sorry, too many clients already: {error}"),
    )
    .hint("retry later, and look for clients that connect without logging in");
    close(&mut client, Some(&response)).await;
}

pub(super) fn too_many_connections(database: &Database) -> ErrorResponse {
    let limit = database.limits.max_connections;
    database.metrics.refused(None, None);
    if let Some(unlogged) = database.log_limit.may_log("too-many-connections") {
        let upstream = &database.upstream;
        tracing::warn!(%upstream, limit, unlogged, "client refused: too many connections");
    }
    ErrorResponse::fatal(
        SqlState::TOO_MANY_CONNECTIONS,
        format!("irsa: sorry, too many clients already (limit {limit})"),
    )
    .hint("close idle connections in the application's pool, or raise --max-connections")
}

/// Closes the connection of a client whose startup failed. Most of these clients get no error, so the reason is logged.
pub(super) async fn refuse_startup(
    database: &Database,
    mut client: Transport,
    peer: &Peer,
    fault: &ClientFault,
) {
    tracing::debug!(?peer, %fault, "a client's startup failed");
    let kind = fault.log_kind();
    if let Some(unlogged) = kind.and_then(|kind| database.log_limit.may_log(kind)) {
        let upstream = &database.upstream;
        tracing::warn!(%upstream, ?peer, unlogged, "closed a client's connection: {fault}");
    }
    close(&mut client, fault.response().as_ref()).await;
}

/// Sends the last message, if there is one, and closes the connection within [`CLOSE_TIMEOUT`].
pub(super) async fn close(client: &mut Transport, response: Option<&ErrorResponse>) {
    let closing = async {
        if let Some(response) = response {
            let mut message = BytesMut::new();
            response.encode(&mut message);
            client.send_all(&message).await?;
        }
        client.close().await
    };
    // A client that is gone or does not read misses only the reason.
    let _ = timeout(CLOSE_TIMEOUT, closing).await;
}
