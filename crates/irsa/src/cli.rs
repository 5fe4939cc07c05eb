//! The command line's arguments. Values stay text here: [`crate::settings`] validates them together, so that one run
//! reports every mistake.

mod apply;
mod doctor;
mod groups;
mod init;
mod parse;
mod policy;
mod stack;
mod usage_error;
mod variables;
mod webhook;

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
pub(crate) use irsa_cli::Output;

pub(crate) use self::apply::{
    ApplyAction, ApplyArgs, ApplyOpenSearchArgs, ApplyRunArgs, ApplySqlArgs,
};
pub(crate) use self::doctor::{
    AwsArgs, ClusterArgs, DoctorArgs, PlaceName, ReportOutput, SetupArgs,
};
pub(crate) use self::groups::{
    AdminArgs, BodyArgs, ClientArgs, DEFAULT_STATUS_ADDRESS, IdentityArgs, LimitArgs, ServeArgs,
};
pub(crate) use self::init::{ExistingArgs, InitArgs, PresetName};
pub(crate) use self::parse::{Parsed, Values, file_keys, parse, parse_again};
pub(crate) use self::policy::{
    Deny, EvaluateArgs, ExplainArgs, InventoryArgs, Kind, LintArgs, LintOutput, PolicyAction,
    PolicyArgs, PolicyFileArgs, QuestionArgs, ServiceAccountArgs,
};
pub(crate) use self::stack::{CheckArgs, RenderArgs, ShowArgs, StackArgs};
pub(crate) use self::webhook::{
    MalformedRoleArn, SidecarArgs, WebhookArgs, WebhookCertificateArgs,
};

/// Connect to Aurora PostgreSQL and Amazon OpenSearch as the pod's IAM role, without passwords
#[derive(Debug, Parser)]
#[command(
    name = "irsa",
    version = crate::build::VERSION_AND_COMMIT,
    max_term_width = 100,
    propagate_version = true
)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run the proxy: serve data stores on local addresses and authenticate to them as the pod's IAM role
    Proxy(ProxyArgs),
    /// Print an RDS IAM authentication token
    Token(TokenArgs),
    /// Print the role's temporary credentials in the AWS `credential_process` format
    Credentials(CredentialsArgs),
    /// Print the IAM role that this process acts as, and where its credentials come from
    Whoami(WhoamiArgs),
    /// Run a command with a private proxy
    Exec(ExecArgs),
    /// Find the first broken link between the pod and its data stores, and how to fix it
    Doctor(DoctorArgs),
    /// Evaluate, explain and lint IAM policies offline
    Policy(PolicyArgs),
    /// Write a specification to start from, with its JSON Schema
    Init(InitArgs),
    /// Print the merged specification, with the file and line of each value
    Show(ShowArgs),
    /// Verify that every workload can do what it needs, and nothing else
    Check(CheckArgs),
    /// Render files from the specification
    Render(RenderArgs),
    /// Set up data stores as specified: users, databases, roles and role mappings
    Apply(ApplyArgs),
    /// Run the admission webhook: inject the proxy into annotated pods
    Webhook(WebhookArgs),
    /// Print the state of a running proxy, link by link
    Status(StatusArgs),
    /// Describe a cause named in an error, a log record or a metric, and how to fix it
    Explain(CauseArgs),
    /// Generate a shell completion script
    Completions {
        /// Shell to generate the script for
        shell: Shell,
    },
    /// Print a generated page of the documentation
    #[command(hide = true)]
    Reference {
        /// Page to print
        #[arg(value_enum, default_value_t)]
        page: ReferencePage,
    },
    /// Write the manual pages
    #[command(hide = true)]
    Man {
        /// Directory to write to
        directory: PathBuf,
    },
    /// Moved to `irsa-lab`
    #[command(hide = true, disable_help_flag = true)]
    Lab {
        /// Arguments of `irsa-lab`
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<OsString>,
    },
    /// Moved to `irsa-lab demo`
    #[command(hide = true, disable_help_flag = true)]
    Demo {
        /// Arguments of `irsa-lab demo`
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
    /// The JSON Schema of irsa.yaml
    Schema,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct ProxyArgs {
    /// Data store to serve:
    /// `postgres://HOST[:PORT][?listen=ADDRESS&dial=HOST:PORT&region=REGION&sign-host=HOST&role=ARN]` or
    /// `opensearch://HOST[?...]`. Give one for each data store; in the environment variable, separate them with spaces
    #[arg(value_name = "UPSTREAM", env = "IRSA_UPSTREAMS")]
    pub(crate) upstreams: Vec<String>,
    /// Data store to serve, like the UPSTREAM argument; may be repeated
    #[arg(long = "upstream", id = "upstream", value_name = "UPSTREAM")]
    pub(crate) more_upstreams: Vec<String>,
    /// Format in which the listening addresses are printed: text, or one line of JSON [default: text on a terminal,
    /// otherwise the log format]
    #[arg(long, value_enum)]
    pub(crate) output: Option<Output>,
    #[command(flatten)]
    pub(crate) common: ServeArgs,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct TokenArgs {
    /// RDS endpoint to sign for
    #[arg(long, value_name = "HOST", env = "PGHOST")]
    pub(crate) host: String,
    /// Port of the endpoint
    #[arg(
        long,
        value_name = "PORT",
        default_value_t = 5432,
        env = "PGPORT",
        value_parser = clap::value_parser!(u16).range(1..)
    )]
    pub(crate) port: u16,
    /// Database user
    #[arg(long, value_name = "USER", env = "PGUSER")]
    pub(crate) user: String,
    /// Output format; JSON also has the times of signing and of last use
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
    /// Output format
    #[arg(long, value_enum, default_value_t)]
    pub(crate) output: Output,
    #[command(flatten)]
    pub(crate) identity: IdentityArgs,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct StatusArgs {
    /// Status address of the proxy
    #[arg(
        long = "status-address",
        env = "IRSA_STATUS_ADDRESS",
        value_name = "ADDRESS",
        default_value = DEFAULT_STATUS_ADDRESS
    )]
    pub(crate) address: String,
    /// Time to wait for a response
    #[arg(long, value_name = "DURATION", default_value = "5s")]
    pub(crate) timeout: String,
    /// Output format
    #[arg(long, value_enum, default_value_t)]
    pub(crate) output: Output,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct CauseArgs {
    /// Cause, or link of the chain [default: list all causes]
    #[arg(value_name = "CAUSE")]
    pub(crate) name: Option<String>,
    /// Output format
    #[arg(long, value_enum, default_value_t)]
    pub(crate) output: Output,
}

// No one else needs the status page of a proxy that serves a single command, so it is off unless requested.
#[derive(Debug, Clone, Args)]
// The proxy's log would mix with the output of the command.
#[command(
    mut_arg("status_address", |argument| argument.default_value("off")),
    mut_arg("log_level", |argument| argument.default_value("error")),
)]
pub(crate) struct ExecArgs {
    /// Data store, as for `irsa proxy`. The command finds it through PGHOST and PGPORT, or OPENSEARCH_URL [default for
    /// `listen=`: a private Unix socket for PostgreSQL, a free port for OpenSearch]
    #[arg(long = "upstream", value_name = "UPSTREAM", env = "IRSA_UPSTREAMS")]
    pub(crate) upstreams: Vec<String>,
    /// Command to run, with its arguments. irsa exits with the command's exit code, or with 126 or 127 if it cannot run
    /// the command
    #[arg(last = true, required = true, value_name = "COMMAND")]
    pub(crate) command: Vec<OsString>,
    #[command(flatten)]
    pub(crate) common: ServeArgs,
}
