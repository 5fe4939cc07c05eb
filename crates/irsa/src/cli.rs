//! What can be typed. Values stay text here: they are checked together in [`crate::settings`], so
//! that one run names every mistake.

mod doctor;
mod groups;
mod parse;
mod policy;
mod usage_error;
mod variables;

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
pub(crate) use irsa_cli::Output;

pub(crate) use self::doctor::{AwsArgs, ClusterArgs, DoctorArgs, PlaceName, ReportOutput};
pub(crate) use self::groups::{
    AdminArgs, BodyArgs, ClientArgs, DEFAULT_STATUS_ADDRESS, IdentityArgs, LimitArgs, ServeArgs,
};
pub(crate) use self::parse::{Parsed, Values, file_keys, parse, parse_again};
pub(crate) use self::policy::{
    Deny, EvaluateArgs, ExplainArgs, InventoryArgs, Kind, LintArgs, LintOutput, PolicyAction,
    PolicyArgs, PolicyFileArgs, QuestionArgs, ServiceAccountArgs,
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
    /// Name the first broken link of the chain, and what to change
    Doctor(DoctorArgs),
    /// Decide, explain and check IAM policies as IAM would, offline
    Policy(PolicyArgs),
    /// Show the chain of a running proxy, as its status page does
    Status(StatusArgs),
    /// Explain a cause that an error, a log record or a metric names, and how to fix it
    Explain(CauseArgs),
    /// Print a shell's completion script
    Completions {
        /// The shell to complete for
        shell: Shell,
    },
    /// Print a page of the documentation
    #[command(hide = true)]
    Reference {
        /// The page
        #[arg(value_enum, default_value_t)]
        page: ReferencePage,
    },
    /// Write the manual pages
    #[command(hide = true)]
    Man {
        /// The directory to write them to
        directory: PathBuf,
    },
    /// Moved to `irsa-lab`
    #[command(hide = true, disable_help_flag = true)]
    Lab {
        /// What was typed
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<OsString>,
    },
    /// Moved to `irsa-lab demo`
    #[command(hide = true, disable_help_flag = true)]
    Demo {
        /// What was typed
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<OsString>,
    },
}

/// A generated page of the documentation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum ReferencePage {
    /// All settings
    #[default]
    Settings,
    /// All metrics
    Metrics,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct ProxyArgs {
    /// `postgres://HOST[:PORT][?listen=ADDRESS&dial=HOST:PORT&region=R&sign-host=H&role=ARN]` or
    /// `opensearch://HOST[?...]`, one for each data store; in the environment with spaces in between
    #[arg(value_name = "UPSTREAM", env = "IRSA_UPSTREAMS")]
    pub(crate) upstreams: Vec<String>,
    /// Another way to give an UPSTREAM, as for `irsa exec`; may be repeated
    #[arg(long = "upstream", id = "upstream", value_name = "UPSTREAM")]
    pub(crate) more_upstreams: Vec<String>,
    /// How to print the addresses once listening: as text, or as one JSON line [default: text on a terminal, otherwise
    /// the format of the log]
    #[arg(long, value_enum)]
    pub(crate) output: Option<Output>,
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

#[derive(Debug, Clone, Args)]
pub(crate) struct StatusArgs {
    /// The status address of the proxy
    #[arg(
        long = "status-address",
        env = "IRSA_STATUS_ADDRESS",
        value_name = "ADDRESS",
        default_value = DEFAULT_STATUS_ADDRESS
    )]
    pub(crate) address: String,
    /// Time to wait for the answer
    #[arg(long, value_name = "DURATION", default_value = "5s")]
    pub(crate) timeout: String,
    /// Output format
    #[arg(long, value_enum, default_value_t)]
    pub(crate) output: Output,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct CauseArgs {
    /// The cause, or a link of the chain [default: list all causes]
    #[arg(value_name = "CAUSE")]
    pub(crate) name: Option<String>,
    /// Output format
    #[arg(long, value_enum, default_value_t)]
    pub(crate) output: Output,
}

// The proxy of one command is nobody else's business: no status page unless it is asked for.
#[derive(Debug, Clone, Args)]
// Its log would mix with the output of the command.
#[command(
    mut_arg("status_address", |argument| argument.default_value("off")),
    mut_arg("log_level", |argument| argument.default_value("error")),
)]
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
