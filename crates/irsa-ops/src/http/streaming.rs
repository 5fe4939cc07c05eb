//! The server under all others: the accept loop, TLS, keep-alive, the drain.

use std::error::Error;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use hyper::body::{Body, Incoming};
use irsa_net::drain::DrainWatch;
use irsa_net::limit::{ConnectionLimit, Permit};
use irsa_net::listen::{Accepted, Listener, Peer};
use irsa_net::rustls::ServerConfig;
use tokio::task::JoinSet;

use super::connection::Service;

/// The bounds of [`serve_streaming`].
#[derive(Clone, Debug)]
pub struct StreamingOptions {
    /// Whether connections are encrypted.
    pub tls: Tls,
    /// The limit for the TLS handshake, and again for a request's header, which is also how long a
    /// connection may stay idle.
    pub header_timeout: Duration,
    /// Connections at once, of this listener and others that share the limit; more wait to be
    /// accepted.
    pub limit: ConnectionLimit,
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
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    let limit = options.limit.clone();
    let service = Arc::new(Service {
        handler,
        options,
        drain: drain.clone(),
    });
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            biased;
            () = drain.signaled() => break,
            Some(_) = connections.join_next() => {}
            accepted = accept(&listener, &limit) => match accepted {
                Ok((accepted, permit)) => {
                    let service = Arc::clone(&service);
                    connections.spawn(async move {
                        service.connection(accepted).await;
                        drop(permit);
                    });
                }
                Err(error) => {
                    tracing::error!(%error, "no longer listening");
                    break;
                }
            },
        }
    }
    drop(listener);
    while connections.join_next().await.is_some() {}
}

async fn accept(listener: &Listener, limit: &ConnectionLimit) -> io::Result<(Accepted, Permit)> {
    let permit = limit.acquire().await;
    Ok((listener.accept().await?, permit))
}

#[cfg(test)]
mod tests;
