//! What is known of a database before any client comes.

use std::fmt;
use std::time::Duration;

use irsa_chain::Region;
use irsa_net::limit::{ConnectionLimit, UnauthenticatedLimit};
use irsa_ops::session_log::LogSessions;
use rustls::pki_types::ServerName;

/// A database that the proxy reaches as an IAM role.
///
/// The address that is dialed and the name that is signed are kept apart: the RDS token holds the
/// endpoint's own `host:port`, whatever tunnel, alias or test listener leads there (AWS RDS user
/// guide, "IAM database authentication", limitations on custom DNS names).
#[derive(Debug, Clone)]
pub struct Upstream {
    /// The RDS endpoint whose name the token is signed for.
    pub sign_host: String,
    /// The RDS endpoint's port, signed along with its name.
    pub sign_port: u16,
    /// The host that is dialed.
    pub dial_host: String,
    /// The port that is dialed.
    pub dial_port: u16,
    /// The region of the signature.
    pub region: Region,
    /// The name that the server's certificate must hold.
    pub tls_name: ServerName<'static>,
}

/// Times and bounds of a session.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Client connections at once; one more is refused with SQLSTATE 53300.
    pub max_connections: usize,
    /// Clients of other machines that may be connected without having authenticated; one more is refused with SQLSTATE
    /// 53300.
    pub max_unauthenticated: usize,
    /// How long a client may take from connecting until it has authenticated.
    pub startup_timeout: Duration,
    /// How long reaching and logging in to the server may take.
    pub login_timeout: Duration,
    /// The idle time after which a session is closed: everything asked for is answered, and no COPY is under way.
    /// `None` means never.
    pub idle_timeout: Option<Duration>,
    /// The time that a session has, once `cut` is signaled, to get the server's last answer and to tell the client.
    pub termination_time: Duration,
    /// The connections that cancel sessions at the same time when irsa shuts down: a thousand sessions must not
    /// overwhelm a server. Clones of these limits share it, so that it holds for all upstreams of a process.
    pub shutdown_cancels: ConnectionLimit,
    /// Which records of sessions are logged.
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
