//! Settings that several commands share, grouped by the headings of the help.

use std::path::PathBuf;

use clap::Args;
use clap::builder::BoolishValueParser;
use irsa_cli::LogArgs;

/// The default of `--status-address`.
pub(crate) const DEFAULT_STATUS_ADDRESS: &str = "localhost:9440";

/// The settings of `irsa proxy` and `irsa exec` other than their upstreams.
#[derive(Debug, Clone, Args)]
pub(crate) struct ServeArgs {
    /// TOML or YAML configuration file; flags and environment variables take precedence over it
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

/// The settings of the identity. The same for every command that calls AWS.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Identity")]
pub(crate) struct IdentityArgs {
    /// Source of AWS credentials: auto (web-identity or pod-identity, whichever the pod is configured for),
    /// web-identity, pod-identity, env, profile, profile:NAME or imds
    #[arg(
        long,
        env = "IRSA_IDENTITY",
        value_name = "SOURCE",
        default_value = "auto"
    )]
    pub(crate) identity: String,
    /// AWS region, if it cannot be derived from the host name
    #[arg(long, env = "IRSA_REGION", value_name = "REGION")]
    pub(crate) region: Option<String>,
    /// PEM file of additional CA certificates to trust
    #[arg(long, env = "IRSA_CA_FILE", value_name = "FILE")]
    pub(crate) ca_file: Option<PathBuf>,
    /// STS endpoint to use instead of the regional one
    #[arg(long, env = "IRSA_STS_ENDPOINT", value_name = "URL")]
    pub(crate) sts_endpoint: Option<String>,
    /// Use FIPS endpoints
    #[arg(long, env = "IRSA_FIPS", value_parser = BoolishValueParser::new())]
    pub(crate) fips: bool,
    /// Use dual-stack endpoints
    #[arg(long, env = "IRSA_DUAL_STACK", value_parser = BoolishValueParser::new())]
    pub(crate) dual_stack: bool,
    /// Role session name for STS [default: AWS_ROLE_SESSION_NAME, otherwise the name of the pod]
    #[arg(long, env = "IRSA_SESSION_NAME", value_name = "NAME")]
    pub(crate) session_name: Option<String>,
    /// Role to assume with the credentials of the first one (role chaining)
    #[arg(long, env = "IRSA_ROLE", value_name = "ARN")]
    pub(crate) role: Option<String>,
    /// External ID to send when assuming the chained role
    #[arg(long, env = "IRSA_EXTERNAL_ID", value_name = "ID")]
    pub(crate) external_id: Option<String>,
    /// Time to wait for credentials that are not available yet, before reporting the reason
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
    /// Log records of PostgreSQL sessions: off, end (one when a session ends), or both (also one when it starts)
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
    /// Maximum number of client connections per upstream
    #[arg(
        long,
        env = "IRSA_MAX_CONNECTIONS",
        value_name = "N",
        default_value = "1000"
    )]
    pub(crate) max_connections: String,
    /// Time limit for a client to send its startup packet, or the headers of a request
    #[arg(
        long,
        env = "IRSA_STARTUP_TIMEOUT",
        value_name = "DURATION",
        default_value = "30s"
    )]
    pub(crate) startup_timeout: String,
    /// Time limit for connecting to an upstream and, for PostgreSQL, logging in
    #[arg(
        long,
        env = "IRSA_LOGIN_TIMEOUT",
        value_name = "DURATION",
        default_value = "30s"
    )]
    pub(crate) login_timeout: String,
    /// Close database sessions that have been idle for this long, or never. A session is idle if all of its requests
    /// have been answered and no COPY is in progress
    #[arg(
        long,
        env = "IRSA_IDLE_TIMEOUT",
        value_name = "DURATION",
        default_value = "never"
    )]
    pub(crate) idle_timeout: String,
    /// Time to keep accepting connections after SIGTERM, while /readyz returns 503
    #[arg(
        long,
        env = "IRSA_DRAIN_DELAY",
        value_name = "DURATION",
        default_value = "0s"
    )]
    pub(crate) drain_delay: String,
    /// Time to wait for open sessions and requests before closing them. Together with --drain-delay, keep it below the
    /// pod's terminationGracePeriodSeconds (30 by default). irsa uses the last 3 s to close database sessions: it
    /// cancels unanswered queries and passes on the server's response
    #[arg(
        long,
        env = "IRSA_DRAIN_TIMEOUT",
        value_name = "DURATION",
        default_value = "25s"
    )]
    pub(crate) drain_timeout: String,
}

/// The limits of OpenSearch requests, whose bodies are hashed before they are forwarded.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "OpenSearch")]
pub(crate) struct BodyArgs {
    /// Maximum size of a request body; larger ones are rejected with 413
    #[arg(
        long,
        env = "IRSA_MAX_BODY",
        value_name = "SIZE",
        default_value = "100MiB"
    )]
    pub(crate) max_body: String,
    /// Memory for the request bodies of all requests together; bodies that do not fit are written to --spill-dir
    #[arg(
        long,
        env = "IRSA_BODY_MEMORY",
        value_name = "SIZE",
        default_value = "64MiB"
    )]
    pub(crate) body_memory: String,
    /// Directory for request bodies that exceed --body-memory; its files are unlinked while in use [default: the
    /// system's temporary directory]
    #[arg(long, env = "IRSA_SPILL_DIR", value_name = "DIR")]
    pub(crate) spill_dir: Option<PathBuf>,
    /// Maximum total size of the files in --spill-dir; 0 for no files
    #[arg(
        long,
        env = "IRSA_SPILL_LIMIT",
        value_name = "SIZE",
        default_value = "1GiB"
    )]
    pub(crate) spill_limit: String,
    /// Maximum pause while a client sends a request body
    #[arg(
        long,
        env = "IRSA_BODY_TIMEOUT",
        value_name = "DURATION",
        default_value = "60s"
    )]
    pub(crate) body_timeout: String,
    /// Time to wait for the domain to start its response, or never to wait without limit, as a reindex may need
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
    /// Address that serves /livez, /readyz, /startupz and /metrics, or off. `*:9441` is reachable for the kubelet and
    /// Prometheus over IPv4 and IPv6; a port without a host listens on loopback, where neither can connect
    #[arg(
        long,
        env = "IRSA_ADMIN_ADDRESS",
        value_name = "ADDRESS",
        default_value = "off"
    )]
    pub(crate) admin_address: String,
    /// Loopback address that additionally serves /status and /quitquitquit, or off
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
    /// File to write the CA of the generated localhost certificate to, for clients with sslmode=verify-full
    #[arg(long, env = "IRSA_TLS_CA_OUT", value_name = "FILE")]
    pub(crate) tls_ca_out: Option<PathBuf>,
    /// PEM certificate chain for the listeners, instead of the generated certificate
    #[arg(long, env = "IRSA_TLS_CERT", value_name = "FILE")]
    pub(crate) tls_cert: Option<PathBuf>,
    /// PEM private key of --tls-cert
    #[arg(long, env = "IRSA_TLS_KEY", value_name = "FILE")]
    pub(crate) tls_key: Option<PathBuf>,
    /// PEM file of the CA that client certificates must be signed by; requires one from every client (mutual TLS). The
    /// PostgreSQL user must be a name in the certificate: its common name, a DNS name or a URI (SPIFFE ID)
    #[arg(long, env = "IRSA_CLIENT_CA", value_name = "FILE")]
    pub(crate) client_ca: Option<PathBuf>,
    /// File that maps certificate names to more PostgreSQL users: on each line a certificate name and a database user,
    /// separated by spaces
    #[arg(long, env = "IRSA_CLIENT_CERT_USERS", value_name = "FILE")]
    pub(crate) client_cert_users: Option<PathBuf>,
    /// File of `"user" "SCRAM-SHA-256$..."` lines; requires a password from every client (SCRAM for PostgreSQL, HTTP
    /// Basic for OpenSearch)
    #[arg(long, env = "IRSA_CLIENT_PASSWORDS", value_name = "FILE")]
    pub(crate) client_passwords: Option<PathBuf>,
    /// The only Unix user ID that can connect through Unix sockets; all other listeners then need --client-passwords or
    /// --client-ca
    #[arg(long, env = "IRSA_CLIENT_UID", value_name = "UID")]
    pub(crate) client_uid: Option<String>,
}
