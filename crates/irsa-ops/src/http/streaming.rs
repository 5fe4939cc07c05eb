//! The server under all others: the accept loop, TLS, keep-alive, the drain.

use std::error::Error;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use hyper::body::{Body, Incoming};
use irsa_net::drain::DrainWatch;
use irsa_net::listen::{Accepted, Listener, Peer};
use irsa_net::rustls::ServerConfig;
use prometheus_client::metrics::counter::Counter;
use tokio::task::JoinSet;

use super::connection::Service;
use super::connections::{Connections, Listed};

/// The bounds of [`serve_streaming`].
#[derive(Clone, Debug)]
pub struct StreamingOptions {
    /// Whether connections are encrypted.
    pub tls: Tls,
    /// The limit for the TLS handshake, and for a request's header from its first byte. A client
    /// that has to authenticate must do so within this time after it connected.
    pub header_timeout: Duration,
    /// How long a connection may stay idle.
    pub idle_timeout: IdleTimeout,
    /// How long a connection may last, whatever happens on it. `None` sets no limit.
    pub total_timeout: Option<Duration>,
    /// The connections of this listener and others that share the limits.
    pub connections: Connections,
    /// Counts connections that end because what came is not an HTTP request, or has too large a header. The handler does
    /// not see those.
    pub malformed: Counter,
}

/// How long a connection may stay idle before it is closed.
///
/// Responses announce times of more than 10 s in `Keep-Alive: timeout`, 5 s less than they are, so
/// that a client does not send a request while the connection is being closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IdleTimeout {
    /// For clients on loopback addresses and Unix sockets.
    pub local: Duration,
    /// For all others.
    pub remote: Duration,
}

/// Whether connections are encrypted.
#[derive(Clone, Debug)]
pub enum Tls {
    /// None is.
    Off,
    /// All are.
    Required(Arc<ServerConfig>),
    /// Those are whose first byte begins a TLS handshake. Unix sockets never are.
    Offered(Arc<ServerConfig>),
}

/// Who sent a request, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Client {
    /// The other end.
    pub peer: Peer,
    /// The address that it connected to; `None` for a Unix socket.
    pub local: Option<SocketAddr>,
    /// Whether the connection is encrypted.
    pub is_tls: bool,
}

/// Serves HTTP/1.1 until the drain starts and the requests that are under way then are answered.
/// Each connection holds a guard of the drain.
///
/// Bodies stream both ways: a response whose body fails ends its connection, so that nobody takes
/// a part for the whole. Dropping the future cuts all connections.
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
    let mut connections = JoinSet::new();
    accept_until_drain(&listener, &service, &mut connections).await;
    drop(listener);
    while connections.join_next().await.is_some() {}
}

async fn accept_until_drain<F, Fut, B>(
    listener: &Listener,
    service: &Arc<Service<F>>,
    connections: &mut JoinSet<()>,
) where
    F: Fn(Request<Incoming>, Client) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Response<B>> + Send + 'static,
    B: Body<Data = Bytes> + Send + Unpin + 'static,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    let places = &service.options.connections;
    // Pinned outside of the loop: a client that was accepted and waits for a place must not be lost.
    let mut accepting = pin!(accept(listener, places));
    loop {
        tokio::select! {
            biased;
            () = service.drain.signaled() => return,
            Some(_) = connections.join_next() => {}
            accepted = accepting.as_mut() => match accepted {
                Ok((accepted, listed)) => {
                    let service = Arc::clone(service);
                    connections.spawn(async move { service.connection(accepted, listed).await });
                    accepting.set(accept(listener, places));
                }
                Err(error) => return tracing::error!(%error, "no longer listening"),
            },
        }
    }
}

async fn accept(listener: &Listener, places: &Connections) -> io::Result<(Accepted, Listed)> {
    loop {
        places.take_turns().await;
        let accepted = listener.accept_or(|| places.free_descriptor()).await?;
        if let Some(listed) = places.admit(&accepted.peer).await {
            return Ok((accepted, listed));
        }
    }
}

// === impl IdleTimeout ===

impl IdleTimeout {
    /// The same time for all clients.
    pub fn same(timeout: Duration) -> Self {
        Self {
            local: timeout,
            remote: timeout,
        }
    }

    pub(super) fn for_peer(self, peer: &Peer) -> Duration {
        match peer.remote_address() {
            None => self.local,
            Some(_) => self.remote,
        }
    }
}

#[cfg(test)]
mod tests;
