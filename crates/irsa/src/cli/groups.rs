//! Settings that several commands share, by the headings of the help.

use std::path::PathBuf;

use clap::Args;
use clap::builder::BoolishValueParser;
use irsa_cli::LogArgs;

/// The status address of a proxy that is given none.
pub(crate) const DEFAULT_STATUS_ADDRESS: &str = "localhost:9440";

/// What the proxy is told besides its upstreams; `irsa exec` takes the same.
#[derive(Debug, Clone, Args)]
pub(crate) struct ServeArgs {
    /// A TOML or YAML file with these settings; flags and environment win over it
    #[arg(long, env = "IRSA_CONFIG", value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) identity: IdentityArgs,
    #[command(flatten)]
    pub(crate) logs: LogArgs,
    #[command(flatten)]
    pub(crate) session_logs: SessionLogArgs,
    #[command(flatten)]
    pub(crate) limits: LimitArgs,
    #[command(flatten)]
    pub(crate) bodies: BodyArgs,
    #[command(flatten)]
    pub(crate) admin: AdminArgs,
    #[command(flatten)]
    pub(crate) clients: ClientArgs,
}

/// Who to be. The same for every command that talks to AWS.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Identity")]
pub(crate) struct IdentityArgs {
    /// Where credentials come from: auto (web-identity or pod-identity, whichever the pod was
    /// given), web-identity, pod-identity, env, profile, profile:NAME or imds
    #[arg(
        long,
        env = "IRSA_IDENTITY",
        value_name = "SOURCE",
        default_value = "auto"
    )]
    pub(crate) identity: String,
    /// The AWS region, where an endpoint's name does not tell it
    #[arg(long, env = "IRSA_REGION", value_name = "REGION")]
    pub(crate) region: Option<String>,
    /// A PEM file of certificate authorities to trust besides the built-in ones
    #[arg(long, env = "IRSA_CA_FILE", value_name = "FILE")]
    pub(crate) ca_file: Option<PathBuf>,
    /// The STS endpoint to use in place of the region's
    #[arg(long, env = "IRSA_STS_ENDPOINT", value_name = "URL")]
    pub(crate) sts_endpoint: Option<String>,
    /// Use FIPS endpoints
    #[arg(long, env = "IRSA_FIPS", value_parser = BoolishValueParser::new())]
    pub(crate) fips: bool,
    /// Use dual-stack endpoints
    #[arg(long, env = "IRSA_DUAL_STACK", value_parser = BoolishValueParser::new())]
    pub(crate) dual_stack: bool,
    /// The STS session's name, in place of the pod's
    #[arg(long, env = "IRSA_SESSION_NAME", value_name = "NAME")]
    pub(crate) session_name: Option<String>,
    /// A role to assume on top of the first one
    #[arg(long, env = "IRSA_ROLE", value_name = "ARN")]
    pub(crate) role: Option<String>,
    /// The external id that the role on top asks for
    #[arg(long, env = "IRSA_EXTERNAL_ID", value_name = "ID")]
    pub(crate) external_id: Option<String>,
    /// How long to wait for credentials, when there are none, before saying why
    #[arg(
        long,
        env = "IRSA_CREDENTIALS_TIMEOUT",
        value_name = "DURATION",
        default_value = "15s"
    )]
    pub(crate) credentials_timeout: String,
}

#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Logs")]
pub(crate) struct SessionLogArgs {
    /// Records of PostgreSQL sessions in the log: off, end (one when a session ends), or both (another one when it
    /// starts)
    #[arg(
        long,
        env = "IRSA_LOG_SESSIONS",
        value_name = "RECORDS",
        default_value = "end"
    )]
    pub(crate) log_sessions: String,
}

#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Limits")]
pub(crate) struct LimitArgs {
    /// Client connections at once, for each upstream
    #[arg(
        long,
        env = "IRSA_MAX_CONNECTIONS",
        value_name = "N",
        default_value = "1000"
    )]
    pub(crate) max_connections: String,
    /// How long a client may take to send its start-up packet, or a request's header
    #[arg(
        long,
        env = "IRSA_STARTUP_TIMEOUT",
        value_name = "DURATION",
        default_value = "30s"
    )]
    pub(crate) startup_timeout: String,
    /// How long reaching an upstream may take, and logging in to a database
    #[arg(
        long,
        env = "IRSA_LOGIN_TIMEOUT",
        value_name = "DURATION",
        default_value = "30s"
    )]
    pub(crate) login_timeout: String,
    /// Close a database session that is idle for this long, or never. A session is idle while everything it asked
    /// for has been answered and no COPY is under way
    #[arg(
        long,
        env = "IRSA_IDLE_TIMEOUT",
        value_name = "DURATION",
        default_value = "never"
    )]
    pub(crate) idle_timeout: String,
    /// After SIGTERM, go on accepting for this long, while /readyz says no
    #[arg(
        long,
        env = "IRSA_DRAIN_DELAY",
        value_name = "DURATION",
        default_value = "0s"
    )]
    pub(crate) drain_delay: String,
    /// Time to wait for open sessions and requests before closing them; with the delay, less than the pod's
    /// terminationGracePeriodSeconds (30 unless set). The last 3 s are kept for database sessions: irsa cancels what
    /// is unanswered and passes on the server's answer
    #[arg(
        long,
        env = "IRSA_DRAIN_TIMEOUT",
        value_name = "DURATION",
        default_value = "25s"
    )]
    pub(crate) drain_timeout: String,
}

/// What OpenSearch requests may take: their bodies are hashed before they go on.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "OpenSearch")]
pub(crate) struct BodyArgs {
    /// The largest body of a request; a larger one is answered with 413
    #[arg(
        long,
        env = "IRSA_MAX_BODY",
        value_name = "SIZE",
        default_value = "100MiB"
    )]
    pub(crate) max_body: String,
    /// Memory for the bodies of all requests together; what is over goes to a file
    #[arg(
        long,
        env = "IRSA_BODY_MEMORY",
        value_name = "SIZE",
        default_value = "64MiB"
    )]
    pub(crate) body_memory: String,
    /// Where those files are, each without a name [default: the folder for temporary files]
    #[arg(long, env = "IRSA_SPILL_DIR", value_name = "DIR")]
    pub(crate) spill_dir: Option<PathBuf>,
    /// The size of those files together; 0 for no files
    #[arg(
        long,
        env = "IRSA_SPILL_LIMIT",
        value_name = "SIZE",
        default_value = "1GiB"
    )]
    pub(crate) spill_limit: String,
    /// How long a client may pause within a body
    #[arg(
        long,
        env = "IRSA_BODY_TIMEOUT",
        value_name = "DURATION",
        default_value = "60s"
    )]
    pub(crate) body_timeout: String,
    /// How long the domain may take to begin its answer, or never to give up (a reindex takes long)
    #[arg(
        long,
        env = "IRSA_RESPONSE_TIMEOUT",
        value_name = "DURATION",
        default_value = "never"
    )]
    pub(crate) response_timeout: String,
}

#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Admin")]
pub(crate) struct AdminArgs {
    /// Address for /livez, /readyz, /startupz and /metrics, or off. `*:9441` serves the kubelet and Prometheus over IPv4
    /// and IPv6; a port alone listens on loopback, which neither can reach
    #[arg(
        long,
        env = "IRSA_ADMIN_ADDRESS",
        value_name = "ADDRESS",
        default_value = "off"
    )]
    pub(crate) admin_address: String,
    /// Loopback address for /status and /quitquitquit besides those, or off
    #[arg(
        long,
        env = "IRSA_STATUS_ADDRESS",
        value_name = "ADDRESS",
        default_value = DEFAULT_STATUS_ADDRESS
    )]
    pub(crate) status_address: String,
}

#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Clients")]
pub(crate) struct ClientArgs {
    /// Write the authority of the generated localhost certificate here, for sslmode=verify-full
    #[arg(long, env = "IRSA_TLS_CA_OUT", value_name = "FILE")]
    pub(crate) tls_ca_out: Option<PathBuf>,
    /// A PEM certificate chain for the listeners, in place of the generated one
    #[arg(long, env = "IRSA_TLS_CERT", value_name = "FILE")]
    pub(crate) tls_cert: Option<PathBuf>,
    /// The private key of that certificate
    #[arg(long, env = "IRSA_TLS_KEY", value_name = "FILE")]
    pub(crate) tls_key: Option<PathBuf>,
    /// Require a client certificate of this CA (mutual TLS) on all listeners. A PostgreSQL user must
    /// be a name of the certificate: its common name, a DNS name or a URI (SPIFFE ID)
    #[arg(long, env = "IRSA_CLIENT_CA", value_name = "FILE")]
    pub(crate) client_ca: Option<PathBuf>,
    /// Further PostgreSQL users of certificates: lines of a certificate name and a database user,
    /// separated by spaces
    #[arg(long, env = "IRSA_CLIENT_CERT_USERS", value_name = "FILE")]
    pub(crate) client_cert_users: Option<PathBuf>,
    /// Require a password on all listeners: a file of `"user" "SCRAM-SHA-256$..."` lines (SCRAM for
    /// PostgreSQL, HTTP Basic for OpenSearch)
    #[arg(long, env = "IRSA_CLIENT_PASSWORDS", value_name = "FILE")]
    pub(crate) client_passwords: Option<PathBuf>,
    /// Admit only this Unix user ID on Unix sockets; other listeners need a password or a
    /// certificate then
    #[arg(long, env = "IRSA_CLIENT_UID", value_name = "UID")]
    pub(crate) client_uid: Option<String>,
}
