//! Files made from a setup. The same setup gives the same bytes.

mod annotations;
mod header;
mod helm;
mod kubernetes;
mod lab;
mod opensearch;
mod setup_job;
mod sql;
mod terraform;

pub use self::header::set_up_of;
pub use self::helm::UserValues;
pub use self::setup_job::Hook;
pub use self::terraform::VersionSet;
use crate::stack::{Placeholder, Stack};

/// The format to render.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// Scripts for psql.
    Sql,
    /// Scripts that set up the security plugin of OpenSearch domains.
    OpenSearch,
    /// A Kustomize component for each cluster.
    Kubernetes,
    /// Values for Helm charts.
    HelmValues,
    /// Jobs that run `irsa apply` in a cluster, for Argo CD or for `kubectl apply`.
    SetupJob(Option<Hook>),
    /// A world of the lab.
    Lab,
    /// A root module of Terraform, for these versions of the provider and modules.
    Terraform(VersionSet),
}

/// A rendered file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// Path below the output directory, with `/` between its parts.
    pub path: String,
    /// Text, with the header.
    pub text: String,
}

/// Renders a target. `names`: the files of the specification, for headers.
///
/// # Errors
/// The setup cannot be rendered in this format; the error says what to change.
pub fn render(stack: &Stack, target: Target, names: &[&str]) -> Result<Vec<File>, String> {
    render_with(stack, target, names, &UserValues::default())
}

/// Renders a target, with the user's own values for [`Target::HelmValues`].
///
/// # Errors
/// As [`render`].
pub fn render_with(
    stack: &Stack,
    target: Target,
    names: &[&str],
    values: &UserValues,
) -> Result<Vec<File>, String> {
    let files = match target {
        Target::Sql => sql::files(stack),
        Target::OpenSearch => opensearch::files(stack),
        Target::Kubernetes => kubernetes::files(stack)?,
        Target::HelmValues => helm::files(stack, values)?,
        Target::SetupJob(hook) => setup_job::files(stack, hook)?,
        Target::Lab => lab::files(stack)?,
        Target::Terraform(versions) => terraform::files(stack, versions)?,
    };
    let names: Vec<_> = names.iter().copied().chain(values.names()).collect();
    let digest = values.digest(&stack.digest);
    let with_header = |file| header::add(file, target, &stack.name, &digest, &names);
    Ok(files.into_iter().map(with_header).collect())
}

// === impl Target ===

impl Target {
    /// The word on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sql => "sql",
            Self::OpenSearch => "opensearch",
            Self::Kubernetes => "kubernetes",
            Self::HelmValues => "helm-values",
            Self::SetupJob(_) => "setup-job",
            Self::Lab => "lab",
            Self::Terraform(_) => "terraform",
        }
    }

    /// The values that the files need, and that exist only after `terraform apply`.
    pub fn missing(self, stack: &Stack) -> Vec<&Placeholder> {
        let needs = |one: &&Placeholder| match self {
            Self::Kubernetes | Self::HelmValues => !matches!(one, Placeholder::Issuer(_)),
            Self::OpenSearch => matches!(one, Placeholder::OpenSearch(_)),
            Self::SetupJob(_) => setup_job::needs(stack, one),
            Self::Sql | Self::Lab | Self::Terraform(_) => false,
        };
        stack.placeholders.iter().filter(needs).collect()
    }
}
