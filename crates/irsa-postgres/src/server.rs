//! The accept loop.

use std::sync::Arc;

use irsa_net::drain::DrainWatch;
use irsa_net::listen::{Accepted, Listener};

use crate::database::Database;
use crate::panic::caught;
use crate::session;

/// Accepts clients until `drain` is signaled. Sessions run until they end or `terminate` is signaled, as tasks of the
/// current runtime that hold a guard of `drain`.
pub async fn serve(
    database: Arc<Database>,
    listener: Listener,
    drain: DrainWatch,
    terminate: DrainWatch,
) {
    // Makes the drain wait for a connection that is accepted while it starts.
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
            terminate.clone(),
        ));
    }
}

/// Serves one client until its session ends or `terminate` is signaled. `drain` waits for it from the time of the call.
pub fn serve_client(
    database: Arc<Database>,
    accepted: Accepted,
    drain: DrainWatch,
    terminate: DrainWatch,
) -> impl Future<Output = ()> + Send {
    let guard = drain.guard();
    database.metrics.connections.inc();
    async move {
        let active = database.metrics.active.clone();
        active.inc();
        // The gauge is decremented even if the session panics.
        let panics = database.metrics.panics.clone();
        let _ = caught(
            &panics,
            session::serve(database, accepted, drain, terminate),
        )
        .await;
        active.dec();
        drop(guard);
    }
}
