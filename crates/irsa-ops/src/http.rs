//! A small HTTP/1.1 server for local services such as those of the lab: handlers get whole requests and return whole
//! responses ([`serve`]).
//!
//! The size and time of requests and the number of connections are limited. It is built on [`serve_streaming`], whose
//! handlers stream bodies. The admin listeners and the OpenSearch proxy use that directly.

mod admission;
mod body;
mod connection;
mod connection_state;
mod connections;
mod lifetime;
mod options;
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
pub use self::options::{Client, IdleTimeout, StreamingOptions, Tls};
pub use self::streaming::serve_streaming;

/// The limits of [`serve_with`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServeOptions {
    /// Maximum time for the TLS handshake, for the headers of a request, and between requests. Default 10 s.
    pub header_timeout: Duration,
    /// Maximum time for a request body to arrive. A slower one is rejected with 408. Default 30 s.
    pub body_timeout: Duration,
    /// Maximum size of a request body in bytes. A larger one is rejected with 413. Default 1 MiB.
    pub max_body: usize,
    /// Maximum number of open connections. At the limit, the connection that has been idle longest is closed for a new
    /// one; if none is idle, the new one waits. Default 256.
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

/// Calls [`serve_with`] with the default options.
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

/// Serves HTTP/1.1, over TLS if `tls` is given, until the drain starts and the requests in progress have completed.
/// Each connection holds a guard of the drain.
///
/// Dropping the future closes all connections. The handler gets `HEAD` requests unchanged; the body of its response is
/// not sent.
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
                Err(error) => error.response(),
            };
            response.map(Full::new)
        }
    };
    serve_streaming(listener, streaming, handler, drain).await;
}

/// Creates a `text/plain` response that ends with a line break.
pub fn text(status: StatusCode, text: impl std::fmt::Display) -> Response<Bytes> {
    let mut response = Response::new(format!("{text}\n").into());
    *response.status_mut() = status;
    let kind = header::HeaderValue::from_static("text/plain; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    response
}

#[cfg(test)]
mod tests;
