//! A small HTTP/1.1 server: whole requests in, whole responses out ([`serve`]), for what is small
//! and local: the services of the lab.
//!
//! Requests are bounded in size and time, connections in number. Under it lies
//! [`serve_streaming`], whose handlers read and write bodies piece by piece: the admin listeners,
//! which read none, and the proxy for OpenSearch.

mod admission;
mod body;
mod connection;
mod connections;
mod lifetime;
mod member;
mod streaming;
mod watched;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
pub use http::{Method, Request, Response, StatusCode, header};
use http_body_util::Full;
use hyper::body::Incoming;
use irsa_net::drain::DrainWatch;
use irsa_net::listen::{Listener, Peer};
use irsa_net::rustls::ServerConfig;
use prometheus_client::metrics::counter::Counter;

pub use self::admission::{Admission, TooManyConnections};
pub use self::connections::Connections;
pub use self::streaming::{Client, IdleTimeout, StreamingOptions, Tls, serve_streaming};

/// The bounds of [`serve_with`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServeOptions {
    /// The limit for the TLS handshake, and again for a request's header, which is also how long a
    /// connection may stay idle. Default 10 s.
    pub header_timeout: Duration,
    /// The limit for a request's body to arrive; later is answered with 408. Default 30 s.
    pub body_timeout: Duration,
    /// The limit of a body's size in bytes; more is answered with 413. Default 1 MiB.
    pub max_body: usize,
    /// The limit of open connections; at the limit the one that has been idle longest is closed for
    /// a new one, which otherwise waits. Default 256.
    pub max_connections: usize,
}

impl Default for ServeOptions {
    fn default() -> Self {
        Self {
            header_timeout: Duration::from_secs(10),
            body_timeout: Duration::from_secs(30),
            max_body: 1024 * 1024,
            max_connections: 256,
        }
    }
}

/// [`serve_with`] the default options.
pub async fn serve<F, Fut>(
    listener: Listener,
    tls: Option<Arc<ServerConfig>>,
    handler: F,
    drain: DrainWatch,
) where
    F: Fn(Request<Bytes>, Peer) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Response<Bytes>> + Send + 'static,
{
    serve_with(listener, tls, ServeOptions::default(), handler, drain).await;
}

/// Serves HTTP/1.1, over TLS where `tls` is given, until the drain starts and the requests that
/// are under way then are answered. Each connection holds a guard of the drain.
///
/// Dropping the future cuts all connections. `HEAD` reaches the handler as it is; the body of its
/// response stays behind.
pub async fn serve_with<F, Fut>(
    listener: Listener,
    tls: Option<Arc<ServerConfig>>,
    options: ServeOptions,
    handler: F,
    drain: DrainWatch,
) where
    F: Fn(Request<Bytes>, Peer) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Response<Bytes>> + Send + 'static,
{
    let streaming = StreamingOptions {
        tls: tls.map_or(Tls::Off, Tls::Required),
        header_timeout: options.header_timeout,
        idle_timeout: IdleTimeout::same(options.header_timeout),
        total_timeout: None,
        connections: Connections::new(options.max_connections),
        malformed: Counter::default(),
    };
    let whole = Arc::new((handler, options));
    let handler = move |request: Request<Incoming>, client: Client| {
        let whole = Arc::clone(&whole);
        async move {
            let (handler, options) = &*whole;
            let (parts, body) = request.into_parts();
            let response = match body::collect(body, options).await {
                Ok(body) => handler(Request::from_parts(parts, body), client.peer).await,
                Err(refusal) => refusal.response(),
            };
            response.map(Full::new)
        }
    };
    serve_streaming(listener, streaming, handler, drain).await;
}

/// A text response: `text/plain`, with a line end.
pub fn text(status: StatusCode, text: impl std::fmt::Display) -> Response<Bytes> {
    let mut response = Response::new(format!("{text}\n").into());
    *response.status_mut() = status;
    let kind = header::HeaderValue::from_static("text/plain; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    response
}

#[cfg(test)]
mod tests;
