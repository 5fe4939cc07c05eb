//! The accept loop.

use std::sync::Arc;

use irsa_net::drain::DrainWatch;
use irsa_net::listen::Listener;

use crate::database::Database;
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
        database.metrics.connections.inc();
        let (database, guard) = (Arc::clone(&database), drain.guard());
        let (drain, cut) = (drain.clone(), cut.clone());
        tokio::spawn(async move {
            let active = database.metrics.active.clone();
            active.inc();
            session::serve(database, accepted, drain, cut).await;
            active.dec();
            drop(guard);
        });
    }
}
