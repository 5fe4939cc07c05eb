//! A single connection of the server.

use std::convert::Infallible;
use std::error::Error;
use std::future::poll_fn;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONNECTION, HeaderName, HeaderValue};
use http::{Request, Response};
use hyper::body::{Body, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use irsa_net::drain::DrainWatch;
use irsa_net::listen::{Accepted, Peer, Stream};
use irsa_net::observed::Observed;
use irsa_net::rustls::ServerConfig;
use irsa_net::tls::{ClientHelloLimit, explain_io, limit_client_hello};
use irsa_net::tokio_rustls::TlsAcceptor;
use irsa_net::tokio_rustls::server::TlsStream;
use tokio::io::{AsyncRead, AsyncWrite};

use super::admission::Admission;
use super::connection_state::{ConnectionState, Ending};
use super::connections::Registration;
use super::lifetime::{Expiry, Lifetime};
use super::options::{Client, StreamingOptions, Tls};
use super::watched::{ActivityObserver, WatchedBody};

/// The maximum size of all headers of a request, in bytes, which is much larger than those of a signed request.
/// Response data that the client has not read is buffered up to the same size.
const MAX_HEADER: usize = 64 * 1024;

/// The maximum number of headers of a request.
const MAX_HEADER_LINES: usize = 1_000;

/// The first byte of a TLS record with a handshake message (RFC 8446, section 5.1).
const TLS_HANDSHAKE: u8 = 0x16;

const KEEP_ALIVE: HeaderName = HeaderName::from_static("keep-alive");
/// The time by which a client should close an idle connection before the server does.
const KEEP_ALIVE_MARGIN: Duration = Duration::from_secs(5);

/// The state shared by all connections of a server.
pub(super) struct Service<F> {
    pub(super) handler: F,
    pub(super) options: StreamingOptions,
    pub(super) drain: DrainWatch,
}

impl<F, Fut, B> Service<F>
where
    F: Fn(Request<Incoming>, Client) -> Fut,
    Fut: Future<Output = Response<B>>,
    B: Body<Data = Bytes> + Unpin + 'static,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    pub(super) async fn connection(&self, accepted: Accepted, listed: Registration) {
        let _guard = self.drain.guard();
        let Accepted { stream, peer } = accepted;
        let state = listed.state();
        let mut lifetime = Lifetime::new(Arc::clone(state), &self.options, &peer);
        let config = match &self.options.tls {
            Tls::Off => None,
            Tls::Required(config) => Some(config),
            Tls::Offered(config) => match self.begins_with_tls(&stream, &mut lifetime).await {
                Some(is_tls) => is_tls.then_some(config),
                None => return,
            },
        };
        let client = Client {
            peer,
            local: local_address(&stream),
            is_tls: config.is_some(),
        };
        let Some(config) = config else {
            return self.requests(stream, client, state, lifetime).await;
        };
        state.received();
        let handshake = handshake(Arc::clone(config), stream, peer);
        if let Some(Some(stream)) = lifetime.limit(handshake).await {
            state.became_idle();
            self.requests(stream, client, state, lifetime).await;
        }
    }

    /// Returns `None` if the client sends nothing.
    async fn begins_with_tls(&self, stream: &Stream, lifetime: &mut Lifetime) -> Option<bool> {
        let Stream::Tcp(stream) = stream else {
            return Some(false);
        };
        let mut first = [0];
        let peeked = tokio::select! {
            biased;
            () = self.drain.signaled() => return None,
            peeked = lifetime.limit(stream.peek(&mut first)) => peeked,
        };
        matches!(peeked, Some(Ok(1))).then_some(first == [TLS_HANDSHAKE])
    }

    async fn requests<S: AsyncRead + AsyncWrite + Unpin>(
        &self,
        stream: S,
        client: Client,
        state: &Arc<ConnectionState>,
        mut lifetime: Lifetime,
    ) {
        let keep_alive = self.keep_alive(&client.peer);
        let service = service_fn(|request| async {
            let response = self.respond(request, client, state, keep_alive.as_ref());
            Ok::<_, Infallible>(response.await)
        });
        let stream = Observed::new(stream, ActivityObserver(Arc::clone(state)));
        let mut connection = pin!(
            http1::Builder::new()
                .header_read_timeout(None)
                .max_buf_size(MAX_HEADER)
                .max_headers(MAX_HEADER_LINES)
                .serve_connection(TokioIo::new(stream), service)
        );
        let mut drain = pin!(self.drain.signaled());
        let mut is_draining = false;
        let ended = poll_fn(|cx| {
            loop {
                if let Poll::Ready(ended) = connection.as_mut().poll(cx) {
                    return Poll::Ready(ended);
                }
                if !is_draining && drain.as_mut().poll(cx).is_ready() {
                    is_draining = true;
                } else {
                    match lifetime.poll(cx) {
                        Poll::Pending => return Poll::Pending,
                        Poll::Ready(Expiry::Cut) => return Poll::Ready(Ok(())),
                        Poll::Ready(Expiry::Close) => {}
                    }
                }
                connection.as_mut().graceful_shutdown();
            }
        });
        if let Err(error) = ended.await {
            if error.is_parse() {
                self.options.malformed.inc();
            }
            tracing::debug!(peer = ?client.peer, %error, "HTTP connection failed");
        }
    }

    async fn respond(
        &self,
        mut request: Request<Incoming>,
        client: Client,
        state: &Arc<ConnectionState>,
        keep_alive: Option<&HeaderValue>,
    ) -> Response<WatchedBody<B>> {
        state.request_begun();
        if !state.is_served() {
            request.extensions_mut().insert(Admission {
                connections: self.options.connections.clone(),
                state: Arc::clone(state),
            });
        }
        let mut response = (self.handler)(request, client).await;
        let headers = response.headers_mut();
        let ends = state.ending() != Ending::None
            || state.is_refused()
            || (state.is_served() && self.options.connections.takes_the_turn());
        if ends {
            headers.insert(CONNECTION, HeaderValue::from_static("close"));
        } else if let Some(keep_alive) = keep_alive
            && state.is_served()
            && !headers.contains_key(CONNECTION)
        {
            headers.insert(KEEP_ALIVE, keep_alive.clone());
        }
        response.map(|body| WatchedBody::new(body, Arc::clone(state)))
    }

    /// Returns the value of `Keep-Alive` in responses to this client.
    fn keep_alive(&self, peer: &Peer) -> Option<HeaderValue> {
        let idle = self.options.idle_timeout.for_peer(peer);
        if idle <= 2 * KEEP_ALIVE_MARGIN || self.options.total_timeout.is_some() {
            return None;
        }
        let seconds = idle.saturating_sub(KEEP_ALIVE_MARGIN).as_secs();
        HeaderValue::from_str(&format!("timeout={seconds}")).ok()
    }
}

async fn handshake(
    config: Arc<ServerConfig>,
    stream: Stream,
    peer: Peer,
) -> Option<TlsStream<ClientHelloLimit<Stream>>> {
    let stream = limit_client_hello(stream);
    match TlsAcceptor::from(config).accept(stream).await {
        Ok(stream) => Some(stream),
        Err(error) => {
            let reason = explain_io(&error).unwrap_or_else(|| error.to_string());
            tracing::debug!(?peer, reason, "TLS handshake failed");
            None
        }
    }
}

fn local_address(stream: &Stream) -> Option<SocketAddr> {
    match stream {
        Stream::Tcp(stream) => stream.local_addr().ok(),
        Stream::Unix(_) => None,
    }
}
