//! HTTP/1.1 and HTTP/2 over TLS, with requests bounded by the domain's limit and streamed responses.

use std::io;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use irsa_net::limit::ConnectionLimit;
use irsa_net::listen::{Accepted, Listener, Peer};
use rustls::ServerConfig;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;

use super::front::Front;
use crate::ledger::Service;
use crate::network::{self, Faulty};

/// The protocols in ALPN, the preferred one first.
pub(super) const ALPN: [&[u8]; 2] = [b"h2", b"http/1.1"];
/// Time limit for the TLS handshake, for a request's header, and for an idle connection.
const HEADER_TIMEOUT: Duration = Duration::from_mins(1);
const MAX_CONNECTIONS: usize = 1_000;

/// Accepts connections until the listener fails or this future is dropped, which cuts all of them.
pub(super) async fn serve(front: Arc<Front>, tls: Arc<ServerConfig>, mut listener: Listener) {
    let limit = ConnectionLimit::new(MAX_CONNECTIONS);
    let mut connections = JoinSet::new();
    let mut faulty = Faulty {
        service: Service::OpenSearch,
        address: network::same_again(&listener, None),
        faults: front.faults.watch(),
        ledger: Arc::clone(&front.ledger),
        cuts: None,
    };
    loop {
        let accept = async { (limit.acquire().await, listener.accept().await) };
        tokio::select! {
            biased;
            () = faulty.breaks() => listener = faulty.mistreat(listener).await,
            (permit, accepted) = accept => match accepted {
                Ok(accepted) => {
                    let (front, tls) = (Arc::clone(&front), Arc::clone(&tls));
                    connections.spawn(async move {
                        if let Err(error) = connection(front, tls, accepted).await {
                            tracing::debug!(%error, "a connection to a domain ended early");
                        }
                        drop(permit);
                    });
                }
                Err(error) => return tracing::error!(%error, "the front stopped accepting connections"),
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn connection(
    front: Arc<Front>,
    tls: Arc<ServerConfig>,
    accepted: Accepted,
) -> io::Result<()> {
    let Accepted { stream, peer } = accepted;
    let source = match peer {
        Peer::Tcp(address) => address.ip(),
        Peer::Unix { .. } => IpAddr::from(Ipv4Addr::LOCALHOST),
    };
    let handshake = timeout(HEADER_TIMEOUT, TlsAcceptor::from(tls).accept(stream));
    let stream = handshake.await.map_err(io::Error::other)??;
    let is_http2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
    let service = service_fn(move |request| {
        let front = Arc::clone(&front);
        async move { front.answer(request, source).await }
    });
    let stream = TokioIo::new(stream);
    let ended = if is_http2 {
        let mut builder = http2::Builder::new(TokioExecutor::new());
        builder.timer(TokioTimer::new());
        builder.serve_connection(stream, service).await
    } else {
        let mut builder = http1::Builder::new();
        builder
            .timer(TokioTimer::new())
            .header_read_timeout(HEADER_TIMEOUT);
        builder.serve_connection(stream, service).await
    };
    ended.map_err(io::Error::other)
}
