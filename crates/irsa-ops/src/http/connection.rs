//! One connection of the server.

use std::convert::Infallible;
use std::error::Error;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;

use bytes::Bytes;
use http::{Request, Response};
use hyper::body::{Body, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use irsa_net::drain::DrainWatch;
use irsa_net::listen::{Accepted, Peer, Stream};
use irsa_net::rustls::ServerConfig;
use irsa_net::tls::explain_io;
use irsa_net::tokio_rustls::TlsAcceptor;
use irsa_net::tokio_rustls::server::TlsStream;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::timeout;

use super::streaming::{Client, StreamingOptions, Tls};

/// A request's header, all lines together, in bytes: well over what a signed request has.
const MAX_HEADER: usize = 64 * 1024;

/// The first byte of a TLS record that holds a handshake (RFC 8446, section 5.1).
const TLS_HANDSHAKE: u8 = 0x16;

/// What all connections of a server share.
pub(super) struct Service<F> {
    pub(super) handler: F,
    pub(super) options: StreamingOptions,
    pub(super) drain: DrainWatch,
}

impl<F, Fut, B> Service<F>
where
    F: Fn(Request<Incoming>, Client) -> Fut,
    Fut: Future<Output = Response<B>>,
    B: Body<Data = Bytes> + 'static,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    pub(super) async fn connection(&self, accepted: Accepted) {
        let _guard = self.drain.guard();
        let Accepted { stream, peer } = accepted;
        let config = match &self.options.tls {
            Tls::Off => None,
            Tls::Required(config) => Some(config),
            Tls::Offered(config) => match self.begins_with_tls(&stream).await {
                Some(is_tls) => is_tls.then_some(config),
                None => return,
            },
        };
        let client = Client {
            peer,
            local: local_address(&stream),
            is_tls: config.is_some(),
        };
        match config {
            None => self.requests(stream, client).await,
            Some(config) => {
                if let Some(stream) = self.handshake(Arc::clone(config), stream, peer).await {
                    self.requests(stream, client).await;
                }
            }
        }
    }

    /// `None` when nothing came.
    async fn begins_with_tls(&self, stream: &Stream) -> Option<bool> {
        let Stream::Tcp(stream) = stream else {
            return Some(false);
        };
        let mut first = [0];
        let peeked = tokio::select! {
            biased;
            () = self.drain.signaled() => return None,
            peeked = timeout(self.options.header_timeout, stream.peek(&mut first)) => peeked,
        };
        matches!(peeked, Ok(Ok(1))).then_some(first == [TLS_HANDSHAKE])
    }

    async fn handshake(
        &self,
        config: Arc<ServerConfig>,
        stream: Stream,
        peer: Peer,
    ) -> Option<TlsStream<Stream>> {
        let handshake = TlsAcceptor::from(config).accept(stream);
        match timeout(self.options.header_timeout, handshake).await {
            Ok(Ok(stream)) => Some(stream),
            Ok(Err(error)) => {
                let reason = explain_io(&error).unwrap_or_else(|| error.to_string());
                tracing::debug!(?peer, reason, "TLS handshake failed");
                None
            }
            Err(_) => {
                tracing::debug!(?peer, "TLS handshake took too long");
                None
            }
        }
    }

    async fn requests<S: AsyncRead + AsyncWrite + Unpin>(&self, stream: S, client: Client) {
        let service = service_fn(|request| async move {
            Ok::<_, Infallible>((self.handler)(request, client).await)
        });
        let mut connection = pin!(
            http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(self.options.header_timeout)
                .max_buf_size(MAX_HEADER)
                .serve_connection(TokioIo::new(stream), service)
        );
        let ended = tokio::select! {
            biased;
            ended = connection.as_mut() => ended,
            () = self.drain.signaled() => {
                connection.as_mut().graceful_shutdown();
                connection.await
            }
        };
        if let Err(error) = ended {
            tracing::debug!(peer = ?client.peer, %error, "HTTP connection failed");
        }
    }
}

fn local_address(stream: &Stream) -> Option<SocketAddr> {
    match stream {
        Stream::Tcp(stream) => stream.local_addr().ok(),
        Stream::Unix(_) => None,
    }
}
