//! What can be typed. Values stay text here: they are checked together in [`crate::settings`], so
//! that one run names every mistake.

mod doctor;
mod groups;
mod parse;
mod policy;

use std::ffi::OsString;
use std::path::PathBuf;

use clap::builder::BoolishValueParser;
use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

pub(crate) use self::doctor::{AwsArgs, ClusterArgs, DoctorArgs, PlaceName, ReportOutput};
pub(crate) use self::groups::{
    AdminArgs, BodyArgs, ClientArgs, IdentityArgs, LimitArgs, LogArgs, ServeArgs,
};
pub(crate) use self::parse::{file_keys, parse};
pub(crate) use self::policy::{
    EstateArgs, EvaluateArgs, ExplainArgs, Kind, LintArgs, LintOutput, PolicyAction, PolicyArgs,
    PolicyFileArgs, QuestionArgs, ServiceAccountArgs,
};

/// Reach AWS data stores from Kubernetes as the pod's IAM role, with no password anywhere.
#[derive(Debug, Parser)]
#[command(name = "irsa", version, max_term_width = 100, propagate_version = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Offer data stores on local addresses, authenticated upstream as the pod's role
    Proxy(ProxyArgs),
    /// Print an RDS authentication token
    Token(TokenArgs),
    /// Print the role's credentials in the form of an AWS `credential_process`
    Credentials(CredentialsArgs),
    /// Say which IAM role this process acts as, and by which link of the chain
    Whoami(WhoamiArgs),
    /// Run a command behind a proxy of its own
    Exec(ExecArgs),
    /// Play the AWS side on this machine, in front of real data stores
    Lab(LabArgs),
    /// Show the whole chain at work, then attack each of its links
    Demo(DemoArgs),
    /// Name the first broken link of the chain, and what to change
    Doctor(DoctorArgs),
    /// Decide, explain and check IAM policies as IAM would, offline
    Policy(PolicyArgs),
    /// Print a shell's completion script
    Completions {
        /// The shell to complete for
        shell: Shell,
    },
    /// Print the page of the documentation that lists all settings
    #[command(hide = true)]
    Reference,
}

/// Whether to do what takes more than every machine has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum When {
    /// If this machine has what it takes
    #[default]
    Auto,
    /// Or fail
    On,
    /// Never
    Off,
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

#[derive(Debug, Clone, Args)]
pub(crate) struct ProxyArgs {
    /// `postgres://HOST[:PORT][?listen=ADDRESS&dial=HOST:PORT&region=R&sign-host=H&role=ARN]` or
    /// `opensearch://HOST[?...]`, one for each data store; in the environment with spaces in between
    #[arg(value_name = "UPSTREAM", env = "IRSA_UPSTREAMS")]
    pub(crate) upstreams: Vec<String>,
    /// How to print the addresses once listening: for people, or as one JSON line
    #[arg(long, value_enum, default_value_t)]
    pub(crate) output: Output,
    #[command(flatten)]
    pub(crate) common: ServeArgs,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct TokenArgs {
    /// The RDS endpoint
    #[arg(long, value_name = "HOST", env = "PGHOST")]
    pub(crate) host: String,
    /// Its port
    #[arg(
        long,
        value_name = "PORT",
        default_value_t = 5432,
        env = "PGPORT",
        value_parser = clap::value_parser!(u16).range(1..)
    )]
    pub(crate) port: u16,
    /// The database user
    #[arg(long, value_name = "USER", env = "PGUSER")]
    pub(crate) user: String,
    /// The token alone, or JSON with its times
    #[arg(long, value_enum, default_value_t)]
    pub(crate) output: Output,
    #[command(flatten)]
    pub(crate) identity: IdentityArgs,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct CredentialsArgs {
    #[command(flatten)]
    pub(crate) identity: IdentityArgs,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct WhoamiArgs {
    /// For people or for programs
    #[arg(long, value_enum, default_value_t)]
    pub(crate) output: Output,
    #[command(flatten)]
    pub(crate) identity: IdentityArgs,
}

// The proxy of one command is nobody else's business: no status page unless it is asked for.
#[derive(Debug, Clone, Args)]
#[command(mut_arg("status_address", |argument| argument.default_value("off")))]
pub(crate) struct ExecArgs {
    /// The data store, as for `irsa proxy`. The command finds it by PGHOST and PGPORT, or by
    /// OPENSEARCH_URL [default of `listen=`: a private Unix socket for PostgreSQL, a free port for
    /// OpenSearch]
    #[arg(long = "upstream", value_name = "UPSTREAM", env = "IRSA_UPSTREAMS")]
    pub(crate) upstreams: Vec<String>,
    /// The command and its arguments. Its exit code is ours too; 126 or 127 if it can't be run
    #[arg(last = true, required = true, value_name = "COMMAND")]
    pub(crate) command: Vec<OsString>,
    #[command(flatten)]
    pub(crate) common: ServeArgs,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct LabArgs {
    #[command(subcommand)]
    pub(crate) action: Option<LabAction>,
    /// Where lab.json, certificates, tokens and logs live; nobody else may be able to write to it
    /// [default: irsa-lab in XDG_RUNTIME_DIR or in the folder for temporary files]
    #[arg(long, env = "IRSA_LAB_STATE", value_name = "DIR", global = true)]
    pub(crate) state_dir: Option<PathBuf>,
    /// The IAM world to play, as YAML [default: the Camunda 8.3 reference]
    #[arg(long, env = "IRSA_LAB_WORLD", value_name = "FILE")]
    pub(crate) world: Option<PathBuf>,
    /// The life of STS sessions [default: what is asked for]
    #[arg(long, env = "IRSA_LAB_SESSION_DURATION", value_name = "DURATION")]
    pub(crate) session_duration: Option<String>,
    #[command(flatten)]
    pub(crate) programs: ProgramArgs,
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
        /// Exports for a shell, or a JSON object
        #[arg(long, value_enum, default_value_t)]
        output: Output,
    },
}

#[derive(Debug, Clone, Args)]
pub(crate) struct DemoArgs {
    /// Run Keycloak, Web Modeler's stack and Camunda's OpenSearch clients as well, each through irsa
    /// and in its own way: takes a JDK, Maven and some minutes
    #[arg(long, env = "IRSA_DEMO_FULL", value_parser = BoolishValueParser::new())]
    pub(crate) full: bool,
    /// For people or for programs
    #[arg(long, value_enum, default_value_t)]
    pub(crate) output: Output,
    #[command(flatten)]
    pub(crate) programs: ProgramArgs,
}

/// Where the programs behind the lab come from.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Programs")]
pub(crate) struct ProgramArgs {
    /// PostgreSQL's program folder, in place of a fetched PostgreSQL 17
    #[arg(long, env = "IRSA_POSTGRES_BIN", value_name = "DIR")]
    pub(crate) postgres_bin: Option<PathBuf>,
    /// Whether to play OpenSearch: auto (where a Java from 11 to 21 is), on or off
    #[arg(
        long,
        env = "IRSA_OPENSEARCH",
        value_name = "WHEN",
        value_enum,
        default_value_t
    )]
    pub(crate) opensearch: When,
    /// The Java that runs OpenSearch [default: JAVA_HOME, PATH, /usr/lib/jvm]
    #[arg(long, env = "IRSA_JAVA_HOME", value_name = "DIR")]
    pub(crate) java_home: Option<PathBuf>,
    /// Where fetched programs are kept [default: /var/cache/irsa for root, else ~/.cache/irsa]
    #[arg(long, env = "IRSA_CACHE_DIR", value_name = "DIR")]
    pub(crate) cache_dir: Option<PathBuf>,
}
