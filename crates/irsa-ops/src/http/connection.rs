//! One connection of the server.

use std::convert::Infallible;
use std::pin::pin;
use std::sync::Arc;

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
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

use super::{Request, Response, ServeOptions, body};

/// A request's header, all lines together, in bytes: well over what a signed request has.
const MAX_HEADER: usize = 64 * 1024;

/// What all connections of a server share.
pub(super) struct Service<F> {
    pub(super) handler: F,
    pub(super) options: ServeOptions,
    pub(super) tls: Option<Arc<ServerConfig>>,
    pub(super) drain: DrainWatch,
}

impl<F, Fut> Service<F>
where
    F: Fn(Request<Bytes>, Peer) -> Fut,
    Fut: Future<Output = Response<Bytes>>,
{
    pub(super) async fn connection(&self, accepted: Accepted) {
        let _guard = self.drain.guard();
        let Accepted { stream, peer } = accepted;
        match &self.tls {
            None => self.requests(stream, peer).await,
            Some(config) => {
                if let Some(stream) = self.handshake(Arc::clone(config), stream, peer).await {
                    self.requests(stream, peer).await;
                }
            }
        }
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

    async fn requests<S: AsyncRead + AsyncWrite + Unpin>(&self, stream: S, peer: Peer) {
        let service = service_fn(|request| self.answer(request, peer));
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
            tracing::debug!(?peer, %error, "HTTP connection failed");
        }
    }

    async fn answer(
        &self,
        request: Request<Incoming>,
        peer: Peer,
    ) -> Result<Response<Full<Bytes>>, Infallible> {
        let (parts, body) = request.into_parts();
        let response = match body::collect(body, &self.options).await {
            Ok(body) => (self.handler)(Request::from_parts(parts, body), peer).await,
            Err(refusal) => refusal.response(),
        };
        Ok(response.map(Full::new))
    }
}
