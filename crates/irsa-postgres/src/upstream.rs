//! The configuration of an upstream database.

use std::fmt;
use std::time::Duration;

use irsa_chain::Region;
use irsa_net::connect::HttpProxy;
use irsa_net::limit::{ConnectionLimit, UnauthenticatedLimit};
use irsa_ops::session_log::LogSessions;
use rustls::pki_types::ServerName;

/// A database that the proxy logs in to with an IAM role.
///
/// The dialed address and the signed name are separate: the RDS token always contains the endpoint's own `host:port`,
/// even if the connection goes through a tunnel, an alias or a test listener (AWS RDS user guide, "IAM database
/// authentication", limitations on custom DNS names).
#[derive(Debug, Clone)]
pub struct Upstream {
    /// The RDS endpoint that the token is signed for.
    pub sign_host: String,
    /// The port of the RDS endpoint, which is part of the signature.
    pub sign_port: u16,
    /// The host to connect to.
    pub dial_host: String,
    /// The port to connect to.
    pub dial_port: u16,
    /// The HTTP proxy that opens the connection, if any.
    pub http_proxy: Option<HttpProxy>,
    /// The region in the signature.
    pub region: Region,
    /// The name that the server's certificate must be valid for.
    pub tls_name: ServerName<'static>,
}

/// Limits and timeouts of sessions.
#[derive(Debug, Clone)]
pub struct Limits {
    /// The maximum number of concurrent client connections. Further ones are refused with SQLSTATE 53300.
    pub max_connections: usize,
    /// The maximum number of unauthenticated connections from other machines. Further ones are refused with SQLSTATE
    /// 53300.
    pub max_unauthenticated: usize,
    /// The timeout for a client to authenticate after it has connected.
    pub startup_timeout: Duration,
    /// The timeout for connecting and logging in to the server.
    pub login_timeout: Duration,
    /// The idle time after which a session is closed. A session is idle if all requests are answered and no COPY is in
    /// progress. `None` disables the timeout.
    pub idle_timeout: Option<Duration>,
    /// The time that a session has after `terminate` is signaled to receive the server's last response and to send the
    /// notice to the client.
    pub termination_time: Duration,
    /// The limit of concurrent cancel requests when irsa shuts down, so that a thousand sessions do not overwhelm a
    /// server. Clones of these limits share it, so it applies to all upstreams of a process.
    pub shutdown_cancels: ConnectionLimit,
    /// The session records that are logged.
    pub log_sessions: LogSessions,
}

/// The default of [`Limits::shutdown_cancels`].
const MAX_SHUTDOWN_CANCELS: usize = 64;

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_connections: 1_000,
            max_unauthenticated: UnauthenticatedLimit::DEFAULT,
            startup_timeout: Duration::from_secs(30),
            login_timeout: Duration::from_secs(30),
            idle_timeout: None,
            termination_time: Duration::from_secs(3),
            shutdown_cancels: ConnectionLimit::new(MAX_SHUTDOWN_CANCELS),
            log_sessions: LogSessions::default(),
        }
    }
}

impl fmt::Display for Upstream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.sign_host, self.sign_port)
    }
}
