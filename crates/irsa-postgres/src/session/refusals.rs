//! Clients that get no session: what they are sent, what is logged and counted.

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

/// How long a client without a session may take to read its last message.
const PARTING: Duration = Duration::from_secs(5);

pub(super) fn refusal(database: &Database, user: &str, error: &LoginError) -> ErrorResponse {
    let now = database.identity.aws_time(database.clock.now());
    let age = error.token().map(|token| token.age(now));
    let facts = database.facts(user, age);
    database.metrics.refused(error.link(), error.cause());
    if let Some(link) = error.link() {
        let (at, said) = (database.clock.now(), error.to_string());
        database.last_use.failed(link, error.cause(), &said, at);
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

/// Nobody will read it, and the server is not to blame.
pub(super) fn client_left(how: &str) -> ErrorResponse {
    tracing::debug!("a client left before its login was over: {how}");
    ErrorResponse::fatal(SqlState::CONNECTION_FAILURE, "irsa: the client is gone")
}

/// PostgreSQL's own words for it (`authentication_timeout`).
pub(super) fn authentication_timed_out() -> ErrorResponse {
    ErrorResponse::fatal(
        SqlState::QUERY_CANCELED,
        "canceling authentication due to timeout",
    )
    .hint("answer sooner, or raise `--startup-timeout`")
}

pub(super) fn not_let_in(database: &Database, user: &str, peer: &Peer, response: &ErrorResponse) {
    // A client that has to ask for its password leaves, and comes back with it.
    if response.code == SqlState::CONNECTION_FAILURE {
        return;
    }
    database.metrics.refused(None, None);
    if let Some(unlogged) = database.log_limit.may_log("client-refused") {
        let upstream = &database.upstream;
        tracing::warn!(%upstream, user, ?peer, unlogged, "client refused: {}", response.message);
    }
}

/// Refuses a client that has said nothing yet: with 53300, as PostgreSQL does at its limit.
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
    .hint("retry later; look for clients that connect and do not log in");
    part(&mut client, Some(&response)).await;
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

/// Ends the connection of a client whose startup failed. Most of these clients are sent nothing, so the log says why.
pub(super) async fn refuse_start(
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
    part(&mut client, fault.response().as_ref()).await;
}

/// Sends the last message, if there is one, and ends the connection, for a client that reads within [`PARTING`].
pub(super) async fn part(client: &mut Transport, response: Option<&ErrorResponse>) {
    let parting = async {
        if let Some(response) = response {
            let mut message = BytesMut::new();
            response.encode(&mut message);
            client.send_all(&message).await?;
        }
        client.close().await
    };
    // A client that is gone or does not read has lost nothing but the reason.
    let _ = timeout(PARTING, parting).await;
}
