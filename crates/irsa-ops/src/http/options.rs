//! The options of the streaming server, and the clients that its handlers see.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use irsa_net::listen::Peer;
use irsa_net::rustls::ServerConfig;
use prometheus_client::metrics::counter::Counter;

use super::connections::Connections;

/// The options of [`serve_streaming`](super::serve_streaming).
#[derive(Clone, Debug)]
pub struct StreamingOptions {
    /// The encryption of connections.
    pub tls: Tls,
    /// Maximum time for the TLS handshake, and for the headers of a request from their first byte. A client that must
    /// authenticate has this time after it connects.
    pub header_timeout: Duration,
    /// Maximum idle time of a connection.
    pub idle_timeout: IdleTimeout,
    /// Maximum lifetime of a connection. `None` sets no limit.
    pub total_timeout: Option<Duration>,
    /// The connections of this listener, and of others that share the limits.
    pub connections: Connections,
    /// Counts connections that are closed because of a malformed request or too large headers. The handler does not get
    /// those requests.
    pub malformed: Counter,
}

/// Maximum idle time of a connection.
///
/// If it is more than 10 s, responses announce it in `Keep-Alive: timeout`, less 5 s, so that clients do not send a
/// request while the connection is being closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IdleTimeout {
    /// For clients on loopback addresses and Unix sockets.
    pub local: Duration,
    /// For all other clients.
    pub remote: Duration,
}

/// The encryption of connections.
#[derive(Clone, Debug)]
pub enum Tls {
    /// No connection is encrypted.
    Off,
    /// All connections are encrypted.
    Required(Arc<ServerConfig>),
    /// Connections whose first byte starts a TLS handshake are encrypted. Unix sockets never are.
    Offered(Arc<ServerConfig>),
}

/// The client of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Client {
    /// The address of the client.
    pub peer: Peer,
    /// The address that the client connected to; `None` for a Unix socket.
    pub local: Option<SocketAddr>,
    /// True if the connection is encrypted.
    pub is_tls: bool,
}

// === impl IdleTimeout ===

impl IdleTimeout {
    /// Uses the same time for all clients.
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
