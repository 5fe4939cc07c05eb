//! Forwarding of cancel requests to the server.

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

/// Forwards a client's cancel request. The only response to the client is the end of its connection, after the server
/// has processed the request (PostgreSQL docs, "Canceling Requests in Progress").
pub(super) async fn answer_cancel_request(
    database: &Arc<Database>,
    mut client: Transport,
    peer: &Peer,
    key: &CancelKey,
) {
    if let Some(target) = target(database, peer, key) {
        forward(database, &target).await;
    }
    // Close TLS properly: libpq 17 and later report a failed cancel request without close_notify.
    let _ = timeout(database.limits.startup_timeout, client.close()).await;
}

/// Sends a cancel request to the instance of the session and waits until the server has processed it.
pub(super) async fn send_cancel(
    database: &Database,
    target: &CancelTarget,
) -> Result<(), LoginError> {
    let (mut server, _) = open_tls(database, Some(target.address), None).await?;
    let mut request = BytesMut::new();
    target.key.encode_request(&mut request);
    server.send_all(&request).await?;
    while server.fill().await? == Receipt::Data {}
    // The server has processed the request, so errors no longer matter.
    let _ = server.close().await;
    Ok(())
}

fn target(database: &Database, peer: &Peer, key: &CancelKey) -> Option<CancelTarget> {
    let now = Instant::now();
    if !database.unknown_cancel_keys.allow(peer, now) {
        database.metrics.cancels_unknown.inc();
        tracing::debug!(
            ?peer,
            "cancel request ignored: the client sent too many unknown keys"
        );
        return None;
    }
    let target = database.cancel_keys.target(key);
    if target.is_none() {
        database.metrics.cancels_unknown.inc();
        database.unknown_cancel_keys.count(peer, now);
        tracing::debug!(?peer, "cancel request ignored: unknown key");
    }
    target
}

async fn forward(database: &Database, target: &CancelTarget) {
    let sending = send_cancel(database, target);
    match timeout(database.limits.login_timeout, sending).await {
        Ok(Ok(())) => {
            database.metrics.cancels.inc();
        }
        Ok(Err(error)) => warn_not_forwarded(database, &error.to_string()),
        Err(_) => warn_not_forwarded(database, "the server did not respond in time"),
    }
}

fn warn_not_forwarded(database: &Database, error: &str) {
    if let Some(unlogged) = database.log_limit.may_log("cancel-failed") {
        let upstream = &database.upstream;
        tracing::warn!(%upstream, error, unlogged, "cannot forward a cancel request");
    }
}
