//! Arguments of `irsa apply`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{IdentityArgs, Output, StackArgs};

#[derive(Debug, Clone, Args)]
pub(crate) struct ApplyArgs {
    #[command(subcommand)]
    pub(crate) action: ApplyAction,
}

#[derive(Debug, Clone, Subcommand)]
pub(crate) enum ApplyAction {
    /// Create the databases and users of PostgreSQL clusters
    Sql(ApplySqlArgs),
    /// Create the roles and role mappings of OpenSearch domains
    #[command(name = "opensearch")]
    OpenSearch(ApplyOpenSearchArgs),
}

#[derive(Debug, Clone, Args)]
pub(crate) struct ApplySqlArgs {
    /// How to log in as the administrator: managed (with the password that RDS manages in Secrets Manager), iam (with an
    /// RDS token, as `admin.user` of the specification), iam:USER, kubernetes:NAMESPACE/NAME (a Secret with the keys
    /// username and password), kubernetes:NAMESPACE/NAME:KEY, file:PATH or env:NAME. A key, file or variable has a
    /// connection string, `postgresql://USER:PASSWORD@HOST[:PORT]`, or JSON with username and password; PATH can be a
    /// mounted Secret [default: managed, if the specification has `admin` for the cluster]
    #[arg(long, env = "IRSA_APPLY_ADMIN", value_name = "SOURCE")]
    pub(crate) admin: Option<String>,
    /// Kubeconfig file for --admin kubernetes: [default: ~/.kube/config, or the in-cluster service account]
    #[arg(long, value_name = "FILE", env = "KUBECONFIG")]
    pub(crate) kubeconfig: Option<PathBuf>,
    /// Context in the kubeconfig file for --admin kubernetes: [default: its current context]
    #[arg(long, value_name = "NAME")]
    pub(crate) context: Option<String>,
    /// Address to connect to instead of the endpoint's, such as a tunnel. The certificate must be the endpoint's
    #[arg(long, value_name = "HOST:PORT")]
    pub(crate) dial: Option<String>,
    /// Time to wait for another run on the same cluster
    #[arg(long, value_name = "DURATION", default_value = "60s")]
    pub(crate) lock_timeout: String,
    #[command(flatten)]
    pub(crate) run: ApplyRunArgs,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct ApplyOpenSearchArgs {
    /// Address to connect to instead of the domain's endpoint, such as a tunnel. Requests are signed for the endpoint
    #[arg(long, value_name = "HOST[:PORT]")]
    pub(crate) dial: Option<String>,
    #[command(flatten)]
    pub(crate) run: ApplyRunArgs,
}

/// What both kinds of stores have in common.
#[derive(Debug, Clone, Args)]
pub(crate) struct ApplyRunArgs {
    #[command(flatten)]
    pub(crate) stack: StackArgs,
    /// Key of the store to set up; may be repeated [default: all stores of this kind]
    #[arg(long = "store", value_name = "KEY")]
    pub(crate) stores: Vec<String>,
    /// Change nothing: print what would be changed
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// With --dry-run: exit with code 3 if anything would be changed
    #[arg(long, requires = "dry_run")]
    pub(crate) exit_code: bool,
    /// Also remove what an earlier run created and the specification no longer has
    #[arg(long)]
    pub(crate) prune: bool,
    /// Output format; JSON is one object for each step, as it happens
    #[arg(long, value_enum, default_value_t)]
    pub(crate) output: Output,
    #[command(flatten)]
    pub(crate) identity: IdentityArgs,
}
