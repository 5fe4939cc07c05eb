//! What `irsa doctor` takes.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::IdentityArgs;

/// Walk the chain where it runs.
#[derive(Debug, Clone, Args)]
pub(crate) struct DoctorArgs {
    /// The data stores that the workload uses, as for `irsa proxy`
    #[arg(value_name = "UPSTREAM", env = "IRSA_UPSTREAMS")]
    pub(crate) upstreams: Vec<String>,
    /// Another way to give an UPSTREAM, as for `irsa exec`; may be repeated
    #[arg(long = "upstream", id = "upstream", value_name = "UPSTREAM")]
    pub(crate) more_upstreams: Vec<String>,
    /// Where to look from; may be repeated, or with commas [default: pod; with --pod or
    /// --service-account: cluster; with --aws-profile: aws besides]
    #[arg(
        long = "from",
        env = "IRSA_DOCTOR_FROM",
        value_name = "PLACE",
        value_enum,
        value_delimiter = ','
    )]
    pub(crate) places: Vec<PlaceName>,
    /// The database user [default: none, and no login is tried]
    #[arg(long, value_name = "USER", env = "PGUSER")]
    pub(crate) user: Option<String>,
    /// The database to log in to [default: the user's name]
    #[arg(long, value_name = "NAME", env = "PGDATABASE")]
    pub(crate) database: Option<String>,
    /// For people, for programs, or for CI's test reports
    #[arg(long, value_enum, default_value_t)]
    pub(crate) output: ReportOutput,
    /// Show every check, not only what is wrong
    #[arg(long)]
    pub(crate) verbose: bool,
    /// How long the whole examination may take
    #[arg(
        long,
        env = "IRSA_DOCTOR_TIMEOUT",
        value_name = "DURATION",
        default_value = "30s"
    )]
    pub(crate) timeout: String,
    /// The settings file of `irsa proxy`, for what is set alike here
    #[arg(long, env = "IRSA_CONFIG", value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) cluster: ClusterArgs,
    #[command(flatten)]
    pub(crate) aws: AwsArgs,
    #[command(flatten)]
    pub(crate) identity: IdentityArgs,
}

/// Whom to look at in Kubernetes.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Cluster")]
pub(crate) struct ClusterArgs {
    /// The pod to look at
    #[arg(
        long,
        value_name = "NAMESPACE/NAME",
        conflicts_with = "service_account"
    )]
    pub(crate) pod: Option<String>,
    /// The service account to look at, with the pods that use it
    #[arg(long, value_name = "NAMESPACE/NAME")]
    pub(crate) service_account: Option<String>,
    /// [default: KUBECONFIG, ~/.kube/config, or the pod's own service account]
    #[arg(long, value_name = "FILE", env = "KUBECONFIG")]
    pub(crate) kubeconfig: Option<PathBuf>,
    /// The context in it [default: its current one]
    #[arg(long, value_name = "NAME")]
    pub(crate) context: Option<String>,
}

/// Whose credentials read AWS's settings.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "AWS")]
pub(crate) struct AwsArgs {
    /// The profile whose credentials read AWS's settings [default: those of the environment]
    #[arg(long, value_name = "NAME", env = "IRSA_AWS_PROFILE")]
    pub(crate) aws_profile: Option<String>,
    /// The role to look at [default: the one that pod or cluster names]
    #[arg(long, value_name = "ARN")]
    pub(crate) workload_role: Option<String>,
    /// The cluster's OIDC issuer [default: the one that pod or cluster names]
    #[arg(long, value_name = "URL")]
    pub(crate) issuer: Option<String>,
}

/// Where to look from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum PlaceName {
    /// Here: files, environment, network
    Pod,
    /// The Kubernetes API
    Cluster,
    /// AWS's read-only calls
    Aws,
}

/// How the report is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum ReportOutput {
    /// For people
    #[default]
    Text,
    /// For programs
    Json,
    /// For CI's test reports
    Junit,
}
