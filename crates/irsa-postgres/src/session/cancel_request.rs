//! A client that comes to cancel what another session does.

use std::sync::Arc;

use bytes::BytesMut;
use irsa_pgwire::startup::CancelKey;
use tokio::time::timeout;

use crate::database::Database;
use crate::login::{LoginError, open_tls};
use crate::transport::Receipt;

/// Passes a cancel request on. The client gets no answer but the end of its connection, and that
/// only when the server has taken the request (PostgreSQL docs, "Canceling Requests in Progress").
pub(super) async fn cancel(database: &Arc<Database>, key: &CancelKey) {
    let Some(target) = database.cancel_keys.target(key) else {
        tracing::debug!("a cancel request names no session of this proxy");
        return;
    };
    let sending = async {
        let (mut server, _) = open_tls(database, Some(target.address)).await?;
        let mut request = BytesMut::new();
        target.key.encode_request(&mut request);
        server.send_all(&request).await?;
        while server.fill().await? == Receipt::Data {}
        Ok::<(), LoginError>(())
    };
    match timeout(database.limits.login_timeout, sending).await {
        Ok(Ok(())) => {
            database.metrics.cancels.inc();
        }
        Ok(Err(error)) => tracing::warn!(%error, "a cancel request could not be passed on"),
        Err(_) => tracing::warn!("a cancel request was not taken in time"),
    }
}
