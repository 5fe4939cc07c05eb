//! The server that all others are built on: the accept loop, TLS, keep-alive and the drain.

use std::error::Error;
use std::io;
use std::pin::pin;
use std::sync::Arc;

use bytes::Bytes;
use http::{Request, Response};
use hyper::body::{Body, Incoming};
use irsa_net::drain::DrainWatch;
use irsa_net::listen::{Accepted, Listener};
use tokio::task::JoinSet;

use super::connection::Service;
use super::connections::{Connections, Registration};
use super::options::{Client, StreamingOptions};

/// Serves HTTP/1.1 until the drain starts and the requests in progress have completed. Each connection holds a guard of
/// the drain.
///
/// Bodies are streamed in both directions. A response whose body fails closes its connection, so that no client
/// mistakes a partial response for a complete one. Dropping the future closes all connections.
pub async fn serve_streaming<F, Fut, B>(
    listener: Listener,
    options: StreamingOptions,
    handler: F,
    drain: DrainWatch,
) where
    F: Fn(Request<Incoming>, Client) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Response<B>> + Send + 'static,
    B: Body<Data = Bytes> + Send + Unpin + 'static,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    let service = Arc::new(Service {
        handler,
        options,
        drain,
    });
    let mut tasks = JoinSet::new();
    accept_until_drain(&listener, &service, &mut tasks).await;
    drop(listener);
    while tasks.join_next().await.is_some() {}
}

async fn accept_until_drain<F, Fut, B>(
    listener: &Listener,
    service: &Arc<Service<F>>,
    tasks: &mut JoinSet<()>,
) where
    F: Fn(Request<Incoming>, Client) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Response<B>> + Send + 'static,
    B: Body<Data = Bytes> + Send + Unpin + 'static,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    let connections = &service.options.connections;
    // Pinned outside of the loop, so that an accepted client that waits for a slot is not lost.
    let mut accepting = pin!(accept(listener, connections));
    loop {
        tokio::select! {
            biased;
            () = service.drain.signaled() => return,
            Some(_) = tasks.join_next() => {}
            accepted = accepting.as_mut() => match accepted {
                Ok((accepted, listed)) => {
                    let service = Arc::clone(service);
                    tasks.spawn(async move { service.connection(accepted, listed).await });
                    accepting.set(accept(listener, connections));
                }
                Err(error) => return tracing::error!(%error, "cannot accept connections any more; the listener is closed"),
            },
        }
    }
}

async fn accept(
    listener: &Listener,
    connections: &Connections,
) -> io::Result<(Accepted, Registration)> {
    loop {
        connections.take_turns().await;
        let accepted = listener.accept_or(|| connections.free_descriptor()).await?;
        if let Some(listed) = connections.admit(&accepted.peer).await {
            return Ok((accepted, listed));
        }
    }
}

#[cfg(test)]
mod tests;
