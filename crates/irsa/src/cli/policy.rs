//! What `irsa policy` takes.

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
    /// Decide a request as IAM would: exit code 0 for allowed, 3 for denied
    Evaluate(EvaluateArgs),
    /// Show the statement that decides, or what keeps the nearest ones from allowing
    Explain(ExplainArgs),
    /// Find what is legal but wrong or too broad: exit code 3 if there is anything
    Lint(LintArgs),
}

#[derive(Debug, Clone, Args)]
pub(crate) struct EvaluateArgs {
    /// A file of requests with their policies, one JSON object a line, or - for standard input; each
    /// is answered by a line
    #[arg(long, value_name = "FILE", conflicts_with_all = ["Request", "Policies", "ServiceAccount", "Chain", "Inventory"])]
    pub(crate) requests: Option<PathBuf>,
    /// For people or for programs
    #[arg(long, value_enum, default_value_t)]
    pub(crate) output: Output,
    #[command(flatten)]
    pub(crate) question: QuestionArgs,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct ExplainArgs {
    /// For people or for programs
    #[arg(long, value_enum, default_value_t)]
    pub(crate) output: Output,
    #[command(flatten)]
    pub(crate) question: QuestionArgs,
}

/// A request, and the policies that have a say in it.
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
    /// Who calls: the ARN of a user, role session or provider, a service, or anonymous
    #[arg(long, value_name = "ARN")]
    pub(crate) principal: Option<String>,
    /// What is called, such as `rds-db:connect`
    #[arg(long, value_name = "ACTION")]
    pub(crate) action: Option<String>,
    /// What it is called on
    #[arg(long, value_name = "ARN")]
    pub(crate) resource: Option<String>,
    /// The account that owns the resource [default: the one in its ARN]
    #[arg(long, value_name = "ID")]
    pub(crate) resource_account: Option<String>,
    /// A condition key of the request; may be repeated, also for several values of a key
    #[arg(long, value_name = "KEY=VALUE")]
    pub(crate) context: Vec<String>,
    /// The request has no condition keys but those of --context and those that AWS always sets; without it, the decision
    /// is unsure if it depends on another key
    #[arg(long)]
    pub(crate) context_complete: bool,
    /// Time of the request, for `aws:CurrentTime` and `aws:EpochTime`, such as 2027-01-31T12:00:00Z
    /// [default: now]
    #[arg(long, value_name = "TIME")]
    pub(crate) at: Option<String>,
}

/// A pod's token.
#[derive(Debug, Clone, Args)]
#[group(id = "ServiceAccount", multiple = true)]
#[command(next_help_heading = "Service account")]
pub(crate) struct ServiceAccountArgs {
    /// The service account that wants the role
    #[arg(long, value_name = "NAMESPACE/NAME")]
    pub(crate) service_account: Option<String>,
    /// The issuer of its cluster [default: that of the world, or the only one in the plan]
    #[arg(long, value_name = "URL", requires = "service_account")]
    pub(crate) issuer: Option<String>,
    /// The audience of its token
    #[arg(long, value_name = "AUDIENCE", default_value = "sts.amazonaws.com")]
    pub(crate) audience: String,
    /// EKS Pod Identity assumes the role, instead of an exchange of the token [default: if the plan or the world has an
    /// association for the service account]
    #[arg(long, requires = "service_account", conflicts_with = "issuer")]
    pub(crate) pod_identity: bool,
    /// EKS cluster of the Pod Identity association [default: that of the plan or the world]
    #[arg(long, value_name = "ARN", requires = "pod_identity")]
    pub(crate) cluster: Option<String>,
}

/// What comes after the trust policy.
#[derive(Debug, Clone, Args)]
#[group(id = "Chain", multiple = true)]
#[command(next_help_heading = "Chain")]
pub(crate) struct ChainArgs {
    /// The role, by its ARN, its name or its address in the plan [default: the one that the service
    /// account may have]
    #[arg(long, value_name = "ROLE")]
    pub(crate) role: Option<String>,
    /// Log in to a database: by its resource id, by its endpoint or name in the plan or the world, or
    /// by the ARN of the database user
    #[arg(long, value_name = "USER@DATABASE", conflicts_with_all = ["open", "action", "resource"])]
    pub(crate) connect: Option<String>,
    /// Send a request to an OpenSearch domain: by its ARN, or its name; `es:ESHttpGet` unless --action
    /// says otherwise
    #[arg(long, value_name = "DOMAIN", conflicts_with = "resource")]
    pub(crate) open: Option<String>,
}

/// Where roles, databases and domains are from.
#[derive(Debug, Clone, Args)]
#[group(id = "Inventory", multiple = true)]
#[command(next_help_heading = "Policies")]
pub(crate) struct InventoryArgs {
    /// All policies of a Terraform plan or state, as `terraform show -json` prints it
    #[arg(long, value_name = "FILE", conflicts_with = "world")]
    pub(crate) plan: Option<PathBuf>,
    /// All policies of a lab's world
    #[arg(long, value_name = "FILE")]
    pub(crate) world: Option<PathBuf>,
}

#[derive(Debug, Clone, Args)]
#[group(id = "Policies", multiple = true)]
#[command(next_help_heading = "Policies")]
pub(crate) struct PolicyFileArgs {
    /// An identity policy of the caller; may be repeated
    #[arg(long, value_name = "FILE")]
    pub(crate) identity: Vec<PathBuf>,
    /// The policy of the resource
    #[arg(long, value_name = "FILE")]
    pub(crate) resource_policy: Option<PathBuf>,
    /// The trust policy of a role, which is the policy of that resource
    #[arg(long, value_name = "FILE")]
    pub(crate) trust: Option<PathBuf>,
    /// A permissions boundary of the caller; may be repeated
    #[arg(long, value_name = "FILE")]
    pub(crate) boundary: Vec<PathBuf>,
    /// A policy passed with the session; may be repeated
    #[arg(long, value_name = "FILE")]
    pub(crate) session: Vec<PathBuf>,
    /// The service control policies of one level of the organization; repeated for each level
    #[arg(long, value_name = "FILE[,FILE]")]
    pub(crate) scp: Vec<String>,
    /// The resource control policies of one level of the organization; repeated for each level
    #[arg(long, value_name = "FILE[,FILE]")]
    pub(crate) rcp: Vec<String>,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct LintArgs {
    /// Policies as JSON
    #[arg(value_name = "FILE", required_unless_present = "Inventory")]
    pub(crate) files: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) inventory: InventoryArgs,
    /// Where they are attached [default: told by their elements]
    #[arg(long, value_enum, value_name = "KIND")]
    pub(crate) kind: Option<Kind>,
    /// Least severe finding that makes the exit code 3
    #[arg(long, value_enum, value_name = "LEVEL", default_value_t)]
    pub(crate) deny: Deny,
    /// For people, for programs, or for code scanning
    #[arg(long, value_enum, default_value_t)]
    pub(crate) output: LintOutput,
}

/// Where a policy is attached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Kind {
    /// To a user, group or role
    Identity,
    /// To a role, for who may assume it
    Trust,
    /// To a resource
    Resource,
    /// As a permissions boundary
    Boundary,
    /// To a session
    Session,
    /// To an organization's accounts
    Scp,
    /// To an organization's resources
    Rcp,
}

/// How severe a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum Deny {
    /// Any finding
    #[default]
    Warning,
    /// Errors only
    Error,
}

/// How findings are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum LintOutput {
    /// For people
    #[default]
    Text,
    /// For programs
    Json,
    /// SARIF 2.1.0
    Sarif,
}
