//! The configuration of a domain.

use std::fmt;
use std::time::Duration;

use irsa_identity::SigningScope;
use irsa_net::connect::HttpProxy;
use irsa_ops::http::IdleTimeout;
use rustls::pki_types::ServerName;

/// A domain that the proxy accesses as an IAM role.
///
/// The dialed address and the signed name are separate: OpenSearch Service expects the endpoint's own name in `Host`,
/// even through a tunnel, a DNS alias or a test listener (invalid host header, in "Troubleshooting" in its developer
/// guide).
#[derive(Debug, Clone)]
pub struct Upstream {
    /// The endpoint name, which is sent as `Host` and signed.
    pub sign_host: String,
    /// The port of the endpoint. Port 443 is omitted in `Host`.
    pub sign_port: u16,
    /// The region and service of signatures.
    pub scope: SigningScope,
    /// The host to connect to.
    pub dial_host: String,
    /// The port to connect to.
    pub dial_port: u16,
    /// The HTTP proxy that opens the connection, if any.
    pub http_proxy: Option<HttpProxy>,
    /// The name that the server's certificate must contain.
    pub tls_name: ServerName<'static>,
}

/// Limits on sizes, numbers and times.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Maximum number of open client connections. At the limit, the connection that has been idle longest is closed for
    /// a new one; if none is idle, the new one waits. Default 1,000.
    pub max_connections: usize,
    /// Maximum time for the headers of a request from the first byte, and for a client to authenticate. Default 30 s.
    pub header_timeout: Duration,
    /// Maximum idle time of a client connection. Default 10 min for local clients, 75 s for remote ones.
    pub client_idle_timeout: IdleTimeout,
    /// Maximum pause within a request body. Default 60 s.
    pub body_timeout: Duration,
    /// Maximum time for connecting to the domain, including TLS. Default 10 s.
    pub connect_timeout: Duration,
    /// Maximum time from sending a request to the headers of its response. `None`, the default, is unlimited, because a
    /// `_reindex` takes minutes.
    pub response_timeout: Option<Duration>,
    /// Time after which a silent request on a reused connection is logged and counted as stalled, if the domain
    /// responds to other requests. Default 60 s.
    pub stall_notice: Duration,
    /// Maximum idle time of a connection to the domain. Default 50 s, which is less than the 60 s after which load
    /// balancers drop it.
    pub idle_timeout: Duration,
    /// Maximum size of a request body in bytes; larger ones are rejected with 413. Default 100 MiB, the maximum of
    /// OpenSearch Service.
    pub max_body: u64,
}

/// The treatment of the body in signatures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PayloadSigning {
    /// The signature covers the SHA-256 of the body, so the body is received completely before it is forwarded.
    #[default]
    Hashed,
    /// The signature does not cover the body (`UNSIGNED-PAYLOAD`). A body with a `Content-Length` is forwarded while it
    /// is received, which saves memory but makes retries impossible.
    Unsigned,
}

// === impl Upstream ===

impl Upstream {
    /// Returns the value of the `Host` header and of `:authority`.
    pub(crate) fn host_header(&self) -> String {
        match self.sign_port {
            443 => self.sign_host.clone(),
            port => format!("{}:{port}", self.sign_host),
        }
    }
}

impl fmt::Display for Upstream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.sign_host)
    }
}

// === impl Limits ===

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_connections: 1_000,
            header_timeout: Duration::from_secs(30),
            client_idle_timeout: IdleTimeout {
                local: Duration::from_mins(10),
                remote: Duration::from_secs(75),
            },
            body_timeout: Duration::from_mins(1),
            connect_timeout: Duration::from_secs(10),
            response_timeout: None,
            stall_notice: Duration::from_mins(1),
            idle_timeout: Duration::from_secs(50),
            max_body: 104_857_600,
        }
    }
}
