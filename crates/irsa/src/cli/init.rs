//! The arguments of `irsa init`.

use std::path::PathBuf;

use clap::{ArgGroup, Args, ValueEnum};
use irsa_stack::Preset;

use super::Output;

#[derive(Debug, Clone, Args)]
#[command(group(ArgGroup::new("origin").required(true)))]
pub(crate) struct InitArgs {
    /// Preset to start from
    #[arg(
        long = "for",
        value_name = "PRESET",
        value_enum,
        group = "origin",
        conflicts_with = "output"
    )]
    pub(crate) preset: Option<PresetName>,
    /// Kubernetes namespace to start from: its workloads that use Aurora PostgreSQL or Amazon OpenSearch Service.
    /// Nothing in the cluster or in AWS is changed, and Secrets are not read
    #[arg(long, value_name = "NAMESPACE", group = "origin")]
    pub(crate) from: Option<String>,
    /// Directory to write irsa.yaml and irsa.schema.json to, and with --from irsa.outputs.json
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub(crate) out: PathBuf,
    /// Replace irsa.schema.json and irsa.outputs.json if they exist and are different. An existing irsa.yaml is never
    /// replaced
    #[arg(long)]
    pub(crate) force: bool,
    /// Output format (--from only)
    #[arg(long, value_enum, default_value_t)]
    pub(crate) output: Output,
    #[command(flatten)]
    pub(crate) existing: ExistingArgs,
}

/// Access to what exists.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Existing")]
pub(crate) struct ExistingArgs {
    /// Kubeconfig file [default: ~/.kube/config, or the in-cluster service account]
    #[arg(long, value_name = "FILE", env = "KUBECONFIG")]
    pub(crate) kubeconfig: Option<PathBuf>,
    /// Context in the kubeconfig file [default: its current context]
    #[arg(long, value_name = "NAME", conflicts_with = "preset")]
    pub(crate) context: Option<String>,
    /// Fail if AWS cannot be read [default: read it if there are credentials]
    #[arg(long, conflicts_with_all = ["preset", "no_aws"])]
    pub(crate) aws: bool,
    /// Do not read AWS
    #[arg(long, conflicts_with = "preset")]
    pub(crate) no_aws: bool,
    /// AWS profile whose credentials read the AWS settings [default: the access key in the environment, otherwise the
    /// default profile]
    #[arg(long, value_name = "NAME", env = "IRSA_AWS_PROFILE")]
    pub(crate) aws_profile: Option<String>,
}

/// A specification to start from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum PresetName {
    /// Camunda 8.3: a separate role for each component, with access only to its own data
    #[value(name = "camunda-8.3")]
    Camunda83,
    /// Camunda 8.3 as its documentation sets it up: one role for PostgreSQL, one for OpenSearch
    #[value(name = "camunda-8.3-reference")]
    Camunda83Reference,
}

// === impl PresetName ===

impl PresetName {
    pub(crate) fn preset(self) -> Preset {
        match self {
            Self::Camunda83 => Preset::Camunda83,
            Self::Camunda83Reference => Preset::Camunda83Reference,
        }
    }
}
