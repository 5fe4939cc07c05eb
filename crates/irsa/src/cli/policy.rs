//! The arguments of `irsa policy`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::Output;

#[derive(Debug, Clone, Args)]
pub(crate) struct PolicyArgs {
    #[command(subcommand)]
    pub(crate) action: PolicyAction,
}

#[derive(Debug, Clone, Subcommand)]
pub(crate) enum PolicyAction {
    /// Evaluate a request as IAM would; exits with 0 if allowed, 3 if denied
    Evaluate(EvaluateArgs),
    /// Show the statement that decides a request, or why the nearest statements do not allow it
    Explain(ExplainArgs),
    /// Find statements that are valid but wrong or too broad; exits with 3 if there are findings
    Lint(LintArgs),
}

#[derive(Debug, Clone, Args)]
pub(crate) struct EvaluateArgs {
    /// File of requests with their policies, one JSON object per line, or - for standard input; prints one line for
    /// each
    #[arg(long, value_name = "FILE", conflicts_with_all = ["Request", "Policies", "ServiceAccount", "Chain", "Inventory"])]
    pub(crate) requests: Option<PathBuf>,
    /// Output format
    #[arg(long, value_enum, default_value_t)]
    pub(crate) output: Output,
    #[command(flatten)]
    pub(crate) question: QuestionArgs,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct ExplainArgs {
    /// Output format
    #[arg(long, value_enum, default_value_t)]
    pub(crate) output: Output,
    #[command(flatten)]
    pub(crate) question: QuestionArgs,
}

/// A request, and the policies that apply to it.
#[derive(Debug, Clone, Args)]
pub(crate) struct QuestionArgs {
    #[command(flatten)]
    pub(crate) request: RequestArgs,
    #[command(flatten)]
    pub(crate) service_account: ServiceAccountArgs,
    #[command(flatten)]
    pub(crate) chain: ChainArgs,
    #[command(flatten)]
    pub(crate) policies: PolicyFileArgs,
    #[command(flatten)]
    pub(crate) inventory: InventoryArgs,
}

#[derive(Debug, Clone, Args)]
#[group(id = "Request", multiple = true)]
#[command(next_help_heading = "Request")]
pub(crate) struct RequestArgs {
    /// Caller: the ARN of a user, role session or identity provider, an AWS service, or `anonymous`
    #[arg(long, value_name = "ARN")]
    pub(crate) principal: Option<String>,
    /// Action, such as `rds-db:connect`
    #[arg(long, value_name = "ACTION")]
    pub(crate) action: Option<String>,
    /// Resource the action is called on
    #[arg(long, value_name = "ARN")]
    pub(crate) resource: Option<String>,
    /// Account that owns the resource [default: the account in the ARN]
    #[arg(long, value_name = "ID")]
    pub(crate) resource_account: Option<String>,
    /// Condition key of the request; may be repeated, also with several values for one key
    #[arg(long, value_name = "KEY=VALUE")]
    pub(crate) context: Vec<String>,
    /// Treat condition keys that are neither in --context nor always set by AWS as absent; otherwise a decision that
    /// depends on one is reported as unsure
    #[arg(long)]
    pub(crate) context_complete: bool,
    /// Time of the request, for `aws:CurrentTime` and `aws:EpochTime`, such as 2027-01-31T12:00:00Z [default: now]
    #[arg(long, value_name = "TIME")]
    pub(crate) at: Option<String>,
}

/// The service account whose pod assumes the role.
#[derive(Debug, Clone, Args)]
#[group(id = "ServiceAccount", multiple = true)]
#[command(next_help_heading = "Service account")]
pub(crate) struct ServiceAccountArgs {
    /// Service account that assumes the role
    #[arg(long, value_name = "NAMESPACE/NAME")]
    pub(crate) service_account: Option<String>,
    /// OIDC issuer of its cluster [default: the issuer in the world, or the only one in the plan]
    #[arg(long, value_name = "URL", requires = "service_account")]
    pub(crate) issuer: Option<String>,
    /// Audience of its token
    #[arg(long, value_name = "AUDIENCE", default_value = "sts.amazonaws.com")]
    pub(crate) audience: String,
    /// Assume the role through EKS Pod Identity instead of exchanging the token [default: on if the plan or the world
    /// has an association for the service account]
    #[arg(long, requires = "service_account", conflicts_with = "issuer")]
    pub(crate) pod_identity: bool,
    /// EKS cluster of the Pod Identity association [default: the cluster in the plan or the world]
    #[arg(long, value_name = "ARN", requires = "pod_identity")]
    pub(crate) cluster: Option<String>,
}

/// The steps after the trust policy.
#[derive(Debug, Clone, Args)]
#[group(id = "Chain", multiple = true)]
#[command(next_help_heading = "Chain")]
pub(crate) struct ChainArgs {
    /// Role: its ARN, its name, or its address in the plan [default: the role that the service account can assume]
    #[arg(long, value_name = "ROLE")]
    pub(crate) role: Option<String>,
    /// Log in to a database, given by its resource ID, its endpoint or name in the plan or the world, or the ARN of the
    /// database user
    #[arg(long, value_name = "USER@DATABASE", conflicts_with_all = ["open", "action", "resource"])]
    pub(crate) connect: Option<String>,
    /// Send a request to an OpenSearch domain, given by its ARN or name; the action is `es:ESHttpGet` unless --action
    /// is set
    #[arg(long, value_name = "DOMAIN", conflicts_with = "resource")]
    pub(crate) open: Option<String>,
}

/// The source of roles, databases and domains.
#[derive(Debug, Clone, Args)]
#[group(id = "Inventory", multiple = true)]
#[command(next_help_heading = "Policies")]
pub(crate) struct InventoryArgs {
    /// Read all policies from a Terraform plan or state, as printed by `terraform show -json`
    #[arg(long, value_name = "FILE", conflicts_with = "world")]
    pub(crate) plan: Option<PathBuf>,
    /// Read all policies from the world file of a lab
    #[arg(long, value_name = "FILE")]
    pub(crate) world: Option<PathBuf>,
}

#[derive(Debug, Clone, Args)]
#[group(id = "Policies", multiple = true)]
#[command(next_help_heading = "Policies")]
pub(crate) struct PolicyFileArgs {
    /// Identity-based policy of the caller; may be repeated
    #[arg(long, value_name = "FILE")]
    pub(crate) identity: Vec<PathBuf>,
    /// Resource-based policy of the resource
    #[arg(long, value_name = "FILE")]
    pub(crate) resource_policy: Option<PathBuf>,
    /// Trust policy, if the resource is a role
    #[arg(long, value_name = "FILE")]
    pub(crate) trust: Option<PathBuf>,
    /// Permissions boundary of the caller; may be repeated
    #[arg(long, value_name = "FILE")]
    pub(crate) boundary: Vec<PathBuf>,
    /// Session policy; may be repeated
    #[arg(long, value_name = "FILE")]
    pub(crate) session: Vec<PathBuf>,
    /// Service control policies at one level of the organization; repeat for each level
    #[arg(long, value_name = "FILE[,FILE]")]
    pub(crate) scp: Vec<String>,
    /// Resource control policies at one level of the organization; repeat for each level
    #[arg(long, value_name = "FILE[,FILE]")]
    pub(crate) rcp: Vec<String>,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct LintArgs {
    /// JSON policies to check
    #[arg(value_name = "FILE", required_unless_present = "Inventory")]
    pub(crate) files: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) inventory: InventoryArgs,
    /// Kind of the policies [default: detected from their elements]
    #[arg(long, value_enum, value_name = "KIND")]
    pub(crate) kind: Option<Kind>,
    /// Lowest severity that makes the exit code 3
    #[arg(long, value_enum, value_name = "LEVEL", default_value_t)]
    pub(crate) deny: Deny,
    /// Output format
    #[arg(long, value_enum, default_value_t)]
    pub(crate) output: LintOutput,
}

/// The kind of a policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Kind {
    /// Attached to a user, group or role
    Identity,
    /// Trust policy of a role
    Trust,
    /// Attached to a resource
    Resource,
    /// Permissions boundary
    Boundary,
    /// Passed with a session
    Session,
    /// Service control policy of an organization
    Scp,
    /// Resource control policy of an organization
    Rcp,
}

/// The severity of a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum Deny {
    /// Any finding
    #[default]
    Warning,
    /// Errors only
    Error,
}

/// Output format of the findings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum LintOutput {
    /// Human-readable text
    #[default]
    Text,
    /// JSON
    Json,
    /// SARIF 2.1.0
    Sarif,
}
