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
        let (database, cut, guard) = (Arc::clone(&database), cut.clone(), drain.guard());
        tokio::spawn(async move {
            let active = database.metrics.active.clone();
            active.inc();
            session::serve(database, accepted, cut).await;
            active.dec();
            drop(guard);
        });
    }
}
