//! The command line.

use std::path::PathBuf;

use clap::builder::BoolishValueParser;
use clap::error::ErrorKind;
use clap::parser::ValueSource;
use clap::{ArgMatches, Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use irsa_cli::{LogArgs, Output};

/// Play AWS on this machine: STS, an OIDC issuer, IAM, instance metadata, and IAM authentication in front of a real
/// PostgreSQL and a real OpenSearch. Without a command, run in the foreground until Ctrl-C
#[derive(Debug, Parser)]
#[command(
    name = "irsa-lab",
    version,
    max_term_width = 100,
    propagate_version = true
)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
    /// Directory for lab.json, certificates, tokens and logs; must be writable only by its owner
    /// [default: irsa-lab in XDG_RUNTIME_DIR, else irsa-lab-UID in the directory for temporary files]
    #[arg(long, env = "IRSA_LAB_STATE", value_name = "DIR", global = true)]
    pub(crate) state_dir: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) serve: ServeArgs,
}

impl Cli {
    /// Rejects options of the lab itself in front of a command, which would ignore them.
    pub(crate) fn check_options(
        parser: &mut clap::Command,
        matches: &ArgMatches,
    ) -> Result<(), clap::Error> {
        let Some(command) = matches.subcommand_name() else {
            return Ok(());
        };
        let Some(flag) = typed_option(parser, matches) else {
            return Ok(());
        };
        let message = format!("`--{flag}` has no effect on `irsa-lab {command}`");
        Err(parser.error(ErrorKind::ArgumentConflict, message))
    }
}

/// Returns an option of the lab itself that is given on the command line.
fn typed_option(parser: &clap::Command, matches: &ArgMatches) -> Option<String> {
    let is_typed = |id: &str| matches.value_source(id) == Some(ValueSource::CommandLine);
    let mut options = parser
        .get_arguments()
        .filter(|option| !option.is_global_set());
    let option = options.find(|option| is_typed(option.get_id().as_str()))?;
    option.get_long().map(str::to_owned)
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Print a workload's environment
    Env(EnvArgs),
    /// Show the identity chain at work, then attack each of its links
    Demo(DemoArgs),
    /// Print a shell's completion script
    Completions {
        /// The shell to complete for
        shell: Shell,
    },
    /// Print the page of the documentation that lists all settings
    #[command(hide = true)]
    Reference,
    /// Write the manual pages
    #[command(hide = true)]
    Man {
        /// The directory to write them to
        directory: PathBuf,
    },
}

#[derive(Debug, Clone, Args)]
pub(crate) struct ServeArgs {
    /// YAML file with the AWS environment to play [default: the Camunda 8.3 reference]
    #[arg(long, env = "IRSA_LAB_WORLD", value_name = "FILE")]
    pub(crate) world: Option<PathBuf>,
    /// Lifetime of STS sessions [default: what the client requests]
    #[arg(long, env = "IRSA_LAB_SESSION_DURATION", value_name = "DURATION")]
    pub(crate) session_duration: Option<String>,
    #[command(flatten)]
    pub(crate) programs: ProgramArgs,
    #[command(flatten)]
    pub(crate) logs: LogArgs,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct EnvArgs {
    /// The workload's name in the lab's world [default: the first one]
    #[arg(long, value_name = "NAME")]
    pub(crate) workload: Option<String>,
    /// Wait for the lab to start
    #[arg(long)]
    pub(crate) wait: bool,
    /// Maximum time to wait
    #[arg(long, value_name = "DURATION", default_value = "5m", requires = "wait")]
    pub(crate) timeout: String,
    /// Output format: exports for a shell, or a JSON object
    #[arg(long, value_enum, default_value_t)]
    pub(crate) output: Output,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct DemoArgs {
    /// The `irsa` program to run, of the same version [default: beside this program, else in PATH]
    #[arg(long, env = "IRSA_BIN", value_name = "PATH")]
    pub(crate) irsa: Option<PathBuf>,
    /// Run Keycloak, Web Modeler's stack and Camunda's OpenSearch clients as well, each through irsa
    /// and with its own signing: needs a JDK, Maven and some minutes
    #[arg(long, env = "IRSA_DEMO_FULL", value_parser = BoolishValueParser::new())]
    pub(crate) full: bool,
    /// Output format
    #[arg(long, value_enum, default_value_t)]
    pub(crate) output: Output,
    #[command(flatten)]
    pub(crate) programs: ProgramArgs,
}

/// The programs that the lab starts.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Programs")]
pub(crate) struct ProgramArgs {
    /// PostgreSQL's program directory, in place of a downloaded PostgreSQL 17
    #[arg(long, env = "IRSA_POSTGRES_BIN", value_name = "DIR")]
    pub(crate) postgres_bin: Option<PathBuf>,
    /// Whether to play OpenSearch: auto (if a Java from 11 to 21 is installed), on or off
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
    /// Directory for downloaded programs [default: /var/cache/irsa for root, else ~/.cache/irsa]
    #[arg(long, env = "IRSA_CACHE_DIR", value_name = "DIR")]
    pub(crate) cache_dir: Option<PathBuf>,
}

/// Whether to run a part of the lab that some machines cannot run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum When {
    /// If this machine can
    #[default]
    Auto,
    /// Yes, or fail
    On,
    /// No
    Off,
}
