//! Cancel requests on their way to the server.

use std::sync::Arc;
use std::time::Instant;

use bytes::BytesMut;
use irsa_net::listen::Peer;
use irsa_pgwire::startup::CancelKey;
use tokio::time::timeout;

use crate::cancel::CancelTarget;
use crate::database::Database;
use crate::login::{LoginError, open_tls};
use crate::transport::{Receipt, Transport};

/// Passes a client's cancel request on. The client gets no answer but the end of its connection, and that only when the
/// server has taken the request (PostgreSQL docs, "Canceling Requests in Progress").
pub(super) async fn answer_cancel_request(
    database: &Arc<Database>,
    mut client: Transport,
    peer: &Peer,
    key: &CancelKey,
) {
    if let Some(target) = target(database, peer, key) {
        pass_on(database, &target).await;
    }
    // The end of TLS must be said: libpq 17 and later report a cancel without it as failed.
    let _ = timeout(database.limits.startup_timeout, client.close()).await;
}

/// Sends a cancel request to the instance of the session, and returns once the server has taken it.
pub(super) async fn send_cancel(
    database: &Database,
    target: &CancelTarget,
) -> Result<(), LoginError> {
    let (mut server, _) = open_tls(database, Some(target.address)).await?;
    let mut request = BytesMut::new();
    target.key.encode_request(&mut request);
    server.send_all(&request).await?;
    while server.fill().await? == Receipt::Data {}
    // The server has taken the request: that it may be gone by now is no failure.
    let _ = server.close().await;
    Ok(())
}

fn target(database: &Database, peer: &Peer, key: &CancelKey) -> Option<CancelTarget> {
    let now = Instant::now();
    if !database.unknown_cancel_keys.allow(peer, now) {
        database.metrics.cancels_unknown.inc();
        tracing::debug!(
            ?peer,
            "too many cancel requests with unknown keys: ignored one more"
        );
        return None;
    }
    let target = database.cancel_keys.target(key);
    if target.is_none() {
        database.metrics.cancels_unknown.inc();
        database.unknown_cancel_keys.count(peer, now);
        tracing::debug!(?peer, "a cancel request names no session of this proxy");
    }
    target
}

async fn pass_on(database: &Database, target: &CancelTarget) {
    let sending = send_cancel(database, target);
    match timeout(database.limits.login_timeout, sending).await {
        Ok(Ok(())) => {
            database.metrics.cancels.inc();
        }
        Ok(Err(error)) => warn_not_passed_on(database, &error.to_string()),
        Err(_) => warn_not_passed_on(database, "the server did not take it in time"),
    }
}

fn warn_not_passed_on(database: &Database, error: &str) {
    if let Some(unlogged) = database.log_limit.may_log("cancel-failed") {
        let upstream = &database.upstream;
        tracing::warn!(%upstream, error, unlogged, "a cancel request could not be passed on");
    }
}
