//! The arguments of `irsa doctor`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::IdentityArgs;

/// Arguments of `irsa doctor`.
#[derive(Debug, Clone, Args)]
pub(crate) struct DoctorArgs {
    /// Data stores that the workload uses, as for `irsa proxy`
    #[arg(value_name = "UPSTREAM", env = "IRSA_UPSTREAMS")]
    pub(crate) upstreams: Vec<String>,
    /// Data store, like the UPSTREAM argument; may be repeated
    #[arg(long = "upstream", id = "upstream", value_name = "UPSTREAM")]
    pub(crate) more_upstreams: Vec<String>,
    /// Where to run checks: in this pod, against the Kubernetes API, or against AWS; may be repeated or separated by
    /// commas [default: pod; cluster with --pod or --service-account; also aws with --aws-profile; cluster and aws with --file]
    #[arg(
        long = "from",
        env = "IRSA_DOCTOR_FROM",
        value_name = "PLACE",
        value_enum,
        value_delimiter = ','
    )]
    pub(crate) places: Vec<PlaceName>,
    /// Database user to test a login with [default: no login is tested]
    #[arg(long, value_name = "USER", env = "PGUSER")]
    pub(crate) user: Option<String>,
    /// Database to log in to [default: same as the user]
    #[arg(long, value_name = "NAME", env = "PGDATABASE")]
    pub(crate) database: Option<String>,
    /// Output format
    #[arg(long, value_enum, default_value_t)]
    pub(crate) output: ReportOutput,
    /// Print every check, not only problems
    #[arg(long)]
    pub(crate) verbose: bool,
    /// Time limit for all checks together
    #[arg(
        long,
        env = "IRSA_DOCTOR_TIMEOUT",
        value_name = "DURATION",
        default_value = "30s"
    )]
    pub(crate) timeout: String,
    /// `irsa proxy` configuration file to read shared settings from
    #[arg(long, env = "IRSA_CONFIG", value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) setup: SetupArgs,
    #[command(flatten)]
    pub(crate) cluster: ClusterArgs,
    #[command(flatten)]
    pub(crate) aws: AwsArgs,
    #[command(flatten)]
    pub(crate) identity: IdentityArgs,
}

/// The specification whose workloads are checked.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Setup")]
pub(crate) struct SetupArgs {
    /// Specification whose workloads are checked; may be repeated: later files override earlier ones
    #[arg(
        short = 'f',
        long = "file",
        value_name = "FILE",
        conflicts_with_all = ["upstream", "pod", "service_account", "workload_role", "issuer"]
    )]
    pub(crate) files: Vec<PathBuf>,
    /// File with the output of `terraform output -json irsa` [default: irsa.outputs.json, if it exists]
    #[arg(long, value_name = "FILE", requires = "files")]
    pub(crate) outputs: Option<PathBuf>,
    /// Workload to check; may be repeated [default: all]
    #[arg(long = "workload", value_name = "NAME", requires = "files")]
    pub(crate) workloads: Vec<String>,
    /// EKS cluster in the specification that the kubeconfig leads to [default: the one with the issuer of its tokens]
    #[arg(long, value_name = "NAME", requires = "files")]
    pub(crate) eks_cluster: Option<String>,
    /// Also check from inside a pod of each workload: runs `irsa doctor` in its sidecar by `kubectl exec`
    #[arg(long, requires = "files")]
    pub(crate) exec: bool,
}

/// The workload to check in Kubernetes.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Cluster")]
pub(crate) struct ClusterArgs {
    /// Pod to check
    #[arg(
        long,
        value_name = "NAMESPACE/NAME",
        conflicts_with = "service_account"
    )]
    pub(crate) pod: Option<String>,
    /// Service account to check, together with the pods that use it
    #[arg(long, value_name = "NAMESPACE/NAME")]
    pub(crate) service_account: Option<String>,
    /// Kubeconfig file [default: ~/.kube/config, or the in-cluster service account]
    #[arg(long, value_name = "FILE", env = "KUBECONFIG")]
    pub(crate) kubeconfig: Option<PathBuf>,
    /// Context in the kubeconfig file; with --file, may be repeated to check several EKS clusters [default: its current
    /// context]
    #[arg(long = "context", value_name = "NAME")]
    pub(crate) contexts: Vec<String>,
}

/// Options for checks that read AWS settings.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "AWS")]
pub(crate) struct AwsArgs {
    /// AWS profile whose credentials read the AWS settings [default: the access key in the environment, otherwise the
    /// default profile]
    #[arg(long, value_name = "NAME", env = "IRSA_AWS_PROFILE")]
    pub(crate) aws_profile: Option<String>,
    /// IAM role to check [default: the role found in the pod or cluster]
    #[arg(long, value_name = "ARN")]
    pub(crate) workload_role: Option<String>,
    /// OIDC issuer of the cluster [default: the issuer found in the pod or cluster]
    #[arg(long, value_name = "URL")]
    pub(crate) issuer: Option<String>,
}

/// A place where checks run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum PlaceName {
    /// In this pod: files, environment, network
    Pod,
    /// Through the Kubernetes API
    Cluster,
    /// Through read-only calls to AWS
    Aws,
}

/// Output format of the report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum ReportOutput {
    /// Human-readable text
    #[default]
    Text,
    /// JSON
    Json,
    /// JUnit XML, for CI systems
    Junit,
}
