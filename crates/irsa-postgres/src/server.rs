//! The accept loop, and what it does with each connection.

use std::sync::Arc;

use irsa_net::drain::DrainWatch;
use irsa_net::listen::{Accepted, Listener};

use crate::database::Database;
use crate::panic::caught;
use crate::session;

/// Serves clients of `listener` until `drain` is signaled, and their sessions until they end or
/// `cut` is signaled. Sessions are tasks of the current runtime and hold a guard of `drain`.
pub async fn serve(
    database: Arc<Database>,
    listener: Listener,
    drain: DrainWatch,
    cut: DrainWatch,
) {
    // A connection that was accepted as the drain began is among those that it waits for.
    let _accepting = drain.guard();
    loop {
        let accepted = tokio::select! {
            () = drain.signaled() => return,
            accepted = listener.accept() => accepted,
        };
        let accepted = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::error!(%error, "the listener failed");
                return;
            }
        };
        tokio::spawn(serve_client(
            Arc::clone(&database),
            accepted,
            drain.clone(),
            cut.clone(),
        ));
    }
}

/// Serves one client until its session ends or `cut` is signaled. `drain` waits for it from the call on.
pub fn serve_client(
    database: Arc<Database>,
    accepted: Accepted,
    drain: DrainWatch,
    cut: DrainWatch,
) -> impl Future<Output = ()> + Send {
    let guard = drain.guard();
    database.metrics.connections.inc();
    async move {
        let active = database.metrics.active.clone();
        active.inc();
        // The connection count stays right whatever happens in the session.
        let panics = database.metrics.panics.clone();
        let _ = caught(&panics, session::serve(database, accepted, drain, cut)).await;
        active.dec();
        drop(guard);
    }
}
