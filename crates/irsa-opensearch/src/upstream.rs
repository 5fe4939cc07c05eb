//! What is known of a domain before any client comes.

use std::fmt;
use std::time::Duration;

use irsa_identity::SigningScope;
use irsa_ops::http::IdleTimeout;
use rustls::pki_types::ServerName;

/// A domain that the proxy reaches as an IAM role.
///
/// The address that is dialed and the name that is signed are kept apart: OpenSearch Service
/// answers to the endpoint's own name in `Host`, whatever tunnel, alias or test listener leads
/// there ("Troubleshooting", invalid host header, in its developer guide).
#[derive(Debug, Clone)]
pub struct Upstream {
    /// The endpoint whose name is sent as `Host` and signed.
    pub sign_host: String,
    /// The endpoint's port; 443 stands in no `Host`.
    pub sign_port: u16,
    /// Region and service of the signature.
    pub scope: SigningScope,
    /// The host that is dialed.
    pub dial_host: String,
    /// The port that is dialed.
    pub dial_port: u16,
    /// The name that the server's certificate must hold.
    pub tls_name: ServerName<'static>,
}

/// Times and bounds of requests.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Open client connections. At the limit the one that has been idle longest is closed for a new
    /// one, which otherwise waits to be accepted. Default 1,000.
    pub max_connections: usize,
    /// How long a request's header may take from its first byte, and a client that has to
    /// authenticate until it does. Default 30 s.
    pub header_timeout: Duration,
    /// How long a client's connection may stay idle. Default 10 min for clients of this machine,
    /// 75 s for others.
    pub client_idle_timeout: IdleTimeout,
    /// How long the next piece of a request's body may take. Default 60 s.
    pub body_timeout: Duration,
    /// How long TCP and TLS to the domain may take. Default 10 s.
    pub connect_timeout: Duration,
    /// How long sending a request may take until the header of its answer is there; `None`, the
    /// default, for ever, since a `_reindex` takes minutes.
    pub response_timeout: Option<Duration>,
    /// How long a request may wait on a used connection without a byte before it is logged and counted,
    /// provided that the domain answers others. Default 60 s.
    pub stall_notice: Duration,
    /// How long a connection to the domain is kept without a request. Default 50 s, less than the
    /// 60 s after which load balancers drop it.
    pub idle_timeout: Duration,
    /// The largest body of a request in bytes; more is answered with 413. Default 100 MiB, the most
    /// that OpenSearch Service takes.
    pub max_body: u64,
}

/// What a signature says of the body.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PayloadSigning {
    /// Its SHA-256: the whole body is received before it is sent on.
    #[default]
    Hashed,
    /// Nothing (`UNSIGNED-PAYLOAD`): a body of stated length is passed on while it comes, which
    /// spares memory and forbids retries.
    Unsigned,
}

// === impl Upstream ===

impl Upstream {
    /// The value of the `Host` header, and of `:authority`.
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
