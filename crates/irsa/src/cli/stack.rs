//! Arguments of the commands for `irsa.yaml`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use irsa_stack::{Hook, Injection, Target, VersionSet};

use super::Output;

/// The files that a command reads.
#[derive(Debug, Clone, Args)]
pub(crate) struct StackArgs {
    /// Specification; may be repeated: later files override earlier ones
    #[arg(
        short = 'f',
        long = "file",
        value_name = "FILE",
        default_value = "irsa.yaml"
    )]
    pub(crate) files: Vec<PathBuf>,
    /// File with the output of `terraform output -json irsa` [default: irsa.outputs.json, if it exists]
    #[arg(long, value_name = "FILE")]
    pub(crate) outputs: Option<PathBuf>,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct ShowArgs {
    /// Specification; may be repeated: later files override earlier ones
    #[arg(
        short = 'f',
        long = "file",
        value_name = "FILE",
        default_value = "irsa.yaml"
    )]
    pub(crate) files: Vec<PathBuf>,
    /// Output format
    #[arg(long, value_enum, default_value_t)]
    pub(crate) output: Output,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct CheckArgs {
    #[command(flatten)]
    pub(crate) stack: StackArgs,
    /// Output format
    #[arg(long, value_enum, default_value_t)]
    pub(crate) output: Output,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct RenderArgs {
    /// Format to render
    #[arg(value_name = "TARGET", value_enum)]
    pub(crate) target: TargetName,
    #[command(flatten)]
    pub(crate) stack: StackArgs,
    /// Directory to write to. Files that irsa did not render are never overwritten
    #[arg(long, value_name = "DIR")]
    pub(crate) out: PathBuf,
    /// Your own values file; may be repeated. Its lists are repeated after irsa's (helm-values only)
    #[arg(long, value_name = "FILE")]
    pub(crate) values: Vec<PathBuf>,
    /// How the proxy gets into the pods (kubernetes, helm-values) [default: `irsa.inject` of the specification, or
    /// sidecar]
    #[arg(long, value_name = "HOW", value_enum)]
    pub(crate) inject: Option<InjectionName>,
    /// Change nothing: print what would change, and exit with code 3 if anything would
    #[arg(long)]
    pub(crate) check: bool,
    /// Remove the code of data stores that Terraform created, which `terraform apply` then destroys (terraform only)
    #[arg(long)]
    pub(crate) drop_stores: bool,
    /// Versions of Terraform's AWS provider and modules: newest, reference (those of the Camunda 8.3 documentation), or
    /// some of aws=5.9|5|6, iam=5|6 and eks=19|20|21 [default: newest]
    #[arg(long, value_name = "SET")]
    pub(crate) versions: Option<VersionSet>,
    /// Tool that runs the Jobs at each of its deployments (setup-job only) [default: none, for `kubectl apply -k`]
    #[arg(long, value_name = "TOOL", value_enum)]
    pub(crate) hook: Option<HookName>,
}

/// Tools that run Jobs as hooks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum HookName {
    /// Argo CD, before each sync
    #[value(name = "argo-cd")]
    ArgoCd,
}

/// How the proxy gets into the pods.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum InjectionName {
    /// The files contain the sidecar
    Sidecar,
    /// The files contain annotations of service accounts, and `irsa webhook` adds the sidecar
    Webhook,
}

/// What can be rendered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum TargetName {
    /// A Kustomize component for each cluster: service accounts, and the proxy as a sidecar
    Kubernetes,
    /// Values for the Helm charts of Camunda and Keycloak: the proxy as a sidecar
    HelmValues,
    /// Scripts for psql: databases, users, IAM authentication
    Sql,
    /// Scripts for OpenSearch's security plugin: roles and role mappings
    #[value(name = "opensearch")]
    OpenSearch,
    /// Jobs that run `irsa apply` in the cluster, as the role of the setup
    SetupJob,
    /// A world for `irsa-lab`
    Lab,
    /// A root module of Terraform: IAM roles and policies, data stores
    Terraform,
}

// === impl InjectionName ===

impl InjectionName {
    pub(crate) fn injection(self) -> Injection {
        match self {
            Self::Sidecar => Injection::Sidecar,
            Self::Webhook => Injection::Webhook,
        }
    }
}

// === impl RenderArgs ===

impl RenderArgs {
    pub(crate) fn target(&self) -> Target {
        let versions = self.versions;
        match self.target {
            TargetName::Kubernetes => Target::Kubernetes,
            TargetName::HelmValues => Target::HelmValues,
            TargetName::Sql => Target::Sql,
            TargetName::OpenSearch => Target::OpenSearch,
            TargetName::SetupJob => Target::SetupJob(self.hook.map(HookName::hook)),
            TargetName::Lab => Target::Lab,
            TargetName::Terraform => Target::Terraform(versions.unwrap_or_default()),
        }
    }
}

// === impl HookName ===

impl HookName {
    fn hook(self) -> Hook {
        match self {
            Self::ArgoCd => Hook::ArgoCd,
        }
    }
}
