//! What can be typed. Values stay text here: they are checked together in [`crate::settings`], so
//! that one run names every mistake.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

/// Reach AWS data stores from Kubernetes as the pod's IAM role, with no password anywhere.
#[derive(Debug, Parser)]
#[command(name = "irsa", version, max_term_width = 100, propagate_version = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Offer databases on local addresses, authenticated upstream as the pod's role
    Proxy(ProxyArgs),
    /// Print an RDS authentication token
    Token(TokenArgs),
    /// Print the role's credentials in the form of an AWS `credential_process`
    Credentials(CredentialsArgs),
    /// Say which IAM role this process acts as, and by which link of the chain
    Whoami(WhoamiArgs),
    /// Run a command behind a proxy of its own
    Exec(ExecArgs),
    /// Play the AWS side on this machine, in front of a real PostgreSQL
    Lab(LabArgs),
    /// Show the whole chain at work, then attack each of its links
    Demo(DemoArgs),
    /// Print a shell's completion script
    Completions {
        /// The shell to complete for
        shell: Shell,
    },
}

/// How a command prints what it found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum Output {
    /// For people
    #[default]
    Text,
    /// For programs
    Json,
}

/// Who to be. The same for every command that talks to AWS.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Identity")]
pub(crate) struct IdentityArgs {
    /// Where credentials come from: auto, web-identity, pod-identity, env, profile[:NAME], imds
    #[arg(long, env = "IRSA_IDENTITY", value_name = "SOURCE")]
    pub(crate) identity: Option<String>,
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
    #[arg(long, env = "IRSA_FIPS")]
    pub(crate) fips: bool,
    /// Use dual-stack endpoints
    #[arg(long, env = "IRSA_DUAL_STACK")]
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
}

/// How the process speaks of itself.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Logs")]
pub(crate) struct LogArgs {
    /// auto (text on a terminal, JSON otherwise), text or json
    #[arg(long, env = "IRSA_LOG_FORMAT", value_name = "FORMAT")]
    pub(crate) log_format: Option<String>,
    /// error, warn, info, debug, trace, or a filter such as `info,irsa_postgres=debug`
    #[arg(long, env = "IRSA_LOG_LEVEL", value_name = "LEVEL")]
    pub(crate) log_level: Option<String>,
}

#[derive(Debug, Clone, Default, Args)]
pub(crate) struct ProxyArgs {
    /// `postgres://HOST[:PORT][?listen=ADDRESS&dial=HOST:PORT&region=R&sign-host=H&role=ARN]`,
    /// one for each database
    #[arg(value_name = "UPSTREAM", env = "IRSA_UPSTREAMS", value_delimiter = ' ')]
    pub(crate) upstreams: Vec<String>,
    #[command(flatten)]
    pub(crate) common: ServeArgs,
    /// Print the addresses once listening: as text or as one JSON line
    #[arg(long, value_enum, default_value_t)]
    pub(crate) output: Output,
}

/// What the proxy is told besides its upstreams; `irsa exec` takes the same.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct ServeArgs {
    /// A TOML or YAML file with these settings; flags and environment win over it
    #[arg(long, env = "IRSA_CONFIG", value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) identity: IdentityArgs,
    #[command(flatten)]
    pub(crate) logs: LogArgs,
    #[command(flatten)]
    pub(crate) limits: LimitArgs,
    #[command(flatten)]
    pub(crate) admin: AdminArgs,
    #[command(flatten)]
    pub(crate) clients: ClientArgs,
}

#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Limits")]
pub(crate) struct LimitArgs {
    /// Client connections at once, for each upstream [default: 1000]
    #[arg(long, env = "IRSA_MAX_CONNECTIONS", value_name = "N")]
    pub(crate) max_connections: Option<String>,
    /// How long a client may take to send its start-up packet [default: 30s]
    #[arg(long, env = "IRSA_STARTUP_TIMEOUT", value_name = "DURATION")]
    pub(crate) startup_timeout: Option<String>,
    /// How long reaching and logging in to a database may take [default: 30s]
    #[arg(long, env = "IRSA_LOGIN_TIMEOUT", value_name = "DURATION")]
    pub(crate) login_timeout: Option<String>,
    /// End a session that is silent for this long [default: never]
    #[arg(long, env = "IRSA_IDLE_TIMEOUT", value_name = "DURATION")]
    pub(crate) idle_timeout: Option<String>,
    /// After SIGTERM, go on accepting for this long [default: 0s]
    #[arg(long, env = "IRSA_DRAIN_DELAY", value_name = "DURATION")]
    pub(crate) drain_delay: Option<String>,
    /// Then let sessions end for this long before they are cut [default: 25s]
    #[arg(long, env = "IRSA_DRAIN_TIMEOUT", value_name = "DURATION")]
    pub(crate) drain_timeout: Option<String>,
}

#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Admin")]
pub(crate) struct AdminArgs {
    /// Where /livez, /readyz, /startupz and /metrics answer; may be the pod's address [default: off]
    #[arg(long, env = "IRSA_ADMIN_ADDRESS", value_name = "ADDRESS")]
    pub(crate) admin_address: Option<String>,
    /// Where /status and /quitquitquit answer as well; loopback only [default: off]
    #[arg(long, env = "IRSA_STATUS_ADDRESS", value_name = "ADDRESS")]
    pub(crate) status_address: Option<String>,
}

#[derive(Debug, Clone, Default, Args)]
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
    /// Ask clients for a certificate of this authority (mtls)
    #[arg(long, env = "IRSA_CLIENT_CA", value_name = "FILE")]
    pub(crate) client_ca: Option<PathBuf>,
    /// Ask clients for a password: a file of `"user" "SCRAM-SHA-256$..."` lines (scram)
    #[arg(long, env = "IRSA_CLIENT_PASSWORDS", value_name = "FILE")]
    pub(crate) client_passwords: Option<PathBuf>,
    /// Allow only this Unix user id on Unix-socket listeners
    #[arg(long, env = "IRSA_CLIENT_UID", value_name = "UID")]
    pub(crate) client_uid: Option<String>,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct TokenArgs {
    /// The RDS endpoint
    #[arg(long, value_name = "HOST", env = "PGHOST")]
    pub(crate) host: String,
    /// Its port
    #[arg(long, value_name = "PORT", default_value_t = 5432, env = "PGPORT")]
    pub(crate) port: u16,
    /// The database user
    #[arg(long, value_name = "USER", env = "PGUSER")]
    pub(crate) user: String,
    #[command(flatten)]
    pub(crate) identity: IdentityArgs,
    /// Text (the token alone) or JSON (with its times)
    #[arg(long, value_enum, default_value_t)]
    pub(crate) output: Output,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct CredentialsArgs {
    #[command(flatten)]
    pub(crate) identity: IdentityArgs,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct WhoamiArgs {
    #[command(flatten)]
    pub(crate) identity: IdentityArgs,
    /// Text or JSON
    #[arg(long, value_enum, default_value_t)]
    pub(crate) output: Output,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct ExecArgs {
    /// The database, as for `irsa proxy`; its local address becomes PGHOST and PGPORT
    #[arg(long = "upstream", value_name = "UPSTREAM", env = "IRSA_UPSTREAMS", value_delimiter = ' ')]
    pub(crate) upstreams: Vec<String>,
    #[command(flatten)]
    pub(crate) common: ServeArgs,
    /// The command and its arguments
    #[arg(last = true, required = true, value_name = "COMMAND")]
    pub(crate) command: Vec<String>,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct LabArgs {
    #[command(subcommand)]
    pub(crate) action: Option<LabAction>,
    /// Where lab.json, certificates, tokens and databases live [default: a temporary folder]
    #[arg(long, env = "IRSA_LAB_STATE", value_name = "DIR", global = true)]
    pub(crate) state_dir: Option<PathBuf>,
    /// The IAM world to play, as YAML [default: the Camunda 8.3 reference]
    #[arg(long, env = "IRSA_LAB_WORLD", value_name = "FILE")]
    pub(crate) world: Option<PathBuf>,
    /// PostgreSQL's program folder, in place of a fetched PostgreSQL 17
    #[arg(long, env = "IRSA_POSTGRES_BIN", value_name = "DIR")]
    pub(crate) postgres_bin: Option<PathBuf>,
    /// Where fetched programs are kept
    #[arg(long, env = "IRSA_CACHE_DIR", value_name = "DIR")]
    pub(crate) cache_dir: Option<PathBuf>,
    /// The life of STS sessions [default: 1h]
    #[arg(long, env = "IRSA_LAB_SESSION_DURATION", value_name = "DURATION")]
    pub(crate) session_duration: Option<String>,
    #[command(flatten)]
    pub(crate) logs: LogArgs,
}

#[derive(Debug, Clone, Subcommand)]
pub(crate) enum LabAction {
    /// Print a workload's environment as shell exports
    Env {
        /// The workload's name in the lab's world [default: the first one]
        #[arg(long, value_name = "NAME")]
        workload: Option<String>,
    },
}

#[derive(Debug, Clone, Args)]
pub(crate) struct DemoArgs {
    /// PostgreSQL's program folder, in place of a fetched PostgreSQL 17
    #[arg(long, env = "IRSA_POSTGRES_BIN", value_name = "DIR")]
    pub(crate) postgres_bin: Option<PathBuf>,
    /// Where fetched programs are kept
    #[arg(long, env = "IRSA_CACHE_DIR", value_name = "DIR")]
    pub(crate) cache_dir: Option<PathBuf>,
    /// Text or JSON
    #[arg(long, value_enum, default_value_t)]
    pub(crate) output: Output,
}
