//! Labels and annotations: all names below `irsa.dev/`, and those of EKS that irsa reads or sets.

use std::fmt::{self, Display, Formatter};

/// The prefix of irsa's labels and annotations.
pub const PREFIX: &str = "irsa.dev/";

/// The PostgreSQL data stores of a pod.
pub const POSTGRES: &str = "irsa.dev/postgres";
/// The OpenSearch data stores of a pod.
pub const OPENSEARCH: &str = "irsa.dev/opensearch";
/// The role of the sidecar.
pub const ROLE_ARN: &str = "irsa.dev/role-arn";
/// The source of the sidecar's credentials.
pub const IDENTITY: &str = "irsa.dev/identity";
/// Whether the application's containers get the role that EKS gives to the pod.
pub const APPLICATION_IDENTITY: &str = "irsa.dev/application-identity";
/// The AWS Region of the sidecar.
pub const REGION: &str = "irsa.dev/region";
/// The image of the sidecar.
pub const IMAGE: &str = "irsa.dev/image";
/// The CPU request of the sidecar.
pub const CPU_REQUEST: &str = "irsa.dev/cpu-request";
/// The CPU limit of the sidecar.
pub const CPU_LIMIT: &str = "irsa.dev/cpu-limit";
/// The memory request of the sidecar.
pub const MEMORY_REQUEST: &str = "irsa.dev/memory-request";
/// The memory limit of the sidecar.
pub const MEMORY_LIMIT: &str = "irsa.dev/memory-limit";
/// Switches the injection off.
pub const INJECT: &str = "irsa.dev/inject";
/// The version of the webhook that injected the sidecar.
pub const VERSION: &str = "irsa.dev/version";
/// The label of namespaces in which pods must not start without their sidecar.
pub const INJECTION: &str = "irsa.dev/injection";
/// The label of a Deployment, StatefulSet or DaemonSet that `irsa render kubernetes` patches.
pub const WORKLOAD: &str = "irsa.dev/workload";

/// Names of EKS, which the EKS pod identity webhook reads (aws/amazon-eks-pod-identity-webhook, README).
pub mod eks {
    /// Service account: the role of its pods.
    pub const ROLE_ARN: &str = "eks.amazonaws.com/role-arn";
    /// Service account: the audience of the tokens.
    pub const AUDIENCE: &str = "eks.amazonaws.com/audience";
    /// Pod and service account: the lifetime of the tokens in seconds.
    pub const TOKEN_EXPIRATION: &str = "eks.amazonaws.com/token-expiration";
    /// Pod: names of containers that get no credentials, separated by commas.
    pub const SKIP_CONTAINERS: &str = "eks.amazonaws.com/skip-containers";
    /// Label of pods that the webhook of EKS leaves alone.
    pub const SKIP_WEBHOOK: &str = "eks.amazonaws.com/skip-pod-identity-webhook";
}

/// A name below `irsa.dev/`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Name {
    /// The complete name.
    pub key: &'static str,
    /// Whether it is a label or an annotation.
    pub kind: Kind,
    /// The objects that can have it; those in front take precedence.
    pub on: &'static [On],
    /// Its possible values.
    pub values: &'static str,
    /// What it does.
    pub description: &'static str,
}

/// A kind of metadata.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// An annotation.
    Annotation,
    /// A label.
    Label,
}

/// An object with labels and annotations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum On {
    /// A pod, usually through its template.
    Pod,
    /// A service account.
    ServiceAccount,
    /// A namespace.
    Namespace,
    /// A Deployment, `StatefulSet` or `DaemonSet`.
    Workload,
}

impl Display for Kind {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Annotation => "annotation",
            Self::Label => "label",
        })
    }
}

impl Display for On {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Pod => "pod",
            Self::ServiceAccount => "service account",
            Self::Namespace => "namespace",
            Self::Workload => "workload",
        })
    }
}

const ANYWHERE: &[On] = &[On::Pod, On::ServiceAccount, On::Namespace];
const POD_OR_ACCOUNT: &[On] = &[On::Pod, On::ServiceAccount];

const fn annotation(
    key: &'static str,
    on: &'static [On],
    values: &'static str,
    description: &'static str,
) -> Name {
    Name {
        key,
        kind: Kind::Annotation,
        on,
        values,
        description,
    }
}

const fn label(
    key: &'static str,
    on: &'static [On],
    values: &'static str,
    description: &'static str,
) -> Name {
    Name {
        key,
        kind: Kind::Label,
        on,
        values,
        description,
    }
}

/// All names below `irsa.dev/`.
pub const NAMES: &[Name] = &[
    annotation(
        POSTGRES,
        ANYWHERE,
        "HOST[:PORT][?PARAMETERS] ..., or none",
        "PostgreSQL data stores for the sidecar, separated by spaces, with the parameters of upstreams. `none` overrides \
         the value of the service account or namespace",
    ),
    annotation(
        OPENSEARCH,
        ANYWHERE,
        "HOST[?PARAMETERS] ..., or none",
        "OpenSearch data stores for the sidecar, like `irsa.dev/postgres`",
    ),
    annotation(
        ROLE_ARN,
        POD_OR_ACCOUNT,
        "ARN",
        "role for the sidecar. EKS does not read this annotation, so no other container gets the role. Without it, the \
         role is that of `eks.amazonaws.com/role-arn` of the service account",
    ),
    annotation(
        IDENTITY,
        ANYWHERE,
        "web-identity or pod-identity",
        "source of the sidecar's credentials: a projected token (the default), or an EKS Pod Identity association",
    ),
    annotation(
        APPLICATION_IDENTITY,
        ANYWHERE,
        "keep or none",
        "`none` keeps EKS from giving the role to the other containers of the pod; `keep`, the default, changes nothing",
    ),
    annotation(
        REGION,
        ANYWHERE,
        "REGION",
        "AWS Region of the sidecar, if it differs from that of the webhook",
    ),
    annotation(
        IMAGE,
        ANYWHERE,
        "IMAGE",
        "image of the sidecar, instead of the webhook's own",
    ),
    annotation(
        CPU_REQUEST,
        ANYWHERE,
        "QUANTITY",
        "CPU request of the sidecar",
    ),
    annotation(CPU_LIMIT, ANYWHERE, "QUANTITY", "CPU limit of the sidecar"),
    annotation(
        MEMORY_REQUEST,
        ANYWHERE,
        "QUANTITY",
        "memory request of the sidecar",
    ),
    annotation(
        MEMORY_LIMIT,
        ANYWHERE,
        "QUANTITY",
        "memory limit of the sidecar",
    ),
    annotation(
        INJECT,
        POD_OR_ACCOUNT,
        "true or false",
        "`false` switches the injection off",
    ),
    annotation(
        VERSION,
        &[On::Pod],
        "VERSION",
        "set by the webhook: its version when it injected the sidecar",
    ),
    label(
        INJECTION,
        &[On::Namespace],
        "required",
        "pods that ask for the sidecar and cannot get it are rejected. Without the label, they start without it, and the \
         webhook returns a warning",
    ),
    label(
        WORKLOAD,
        &[On::Workload],
        "KEY",
        "key of the workload in `irsa.yaml`, for the patches of `irsa render kubernetes`",
    ),
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_name_has_the_prefix_and_occurs_once() {
        let keys: BTreeSet<_> = NAMES.iter().map(|name| name.key).collect();
        assert_eq!(keys.len(), NAMES.len());
        assert!(keys.iter().all(|key| key.starts_with(PREFIX)));
    }
}
