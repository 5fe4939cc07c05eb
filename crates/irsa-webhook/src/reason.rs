//! Why a pod gets no sidecar.

/// A reason why a pod gets no sidecar. The names are stable: warnings, events and metrics use them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Reason {
    /// The request does not create a pod.
    NotACreation,
    /// Neither the pod nor its service account or namespace asks for the sidecar.
    NotRequested,
    /// `irsa.dev/inject` is `false`.
    OptedOut,
    /// The pod represents a static pod, which the API cannot change.
    MirrorPod,
    /// The namespace belongs to Kubernetes or to the webhook.
    ExcludedNamespace,
    /// A role is set, but no data store.
    NoDataStore,
    /// The service account or the namespace could not be read.
    LookupFailed,
    /// The pod does not have the structure of a pod.
    MalformedPod,
    /// The pod uses the network of its node.
    HostNetwork,
    /// The pod runs on Windows.
    Windows,
    /// The pod has the sidecar from `irsa render kubernetes`.
    AlreadyRendered,
    /// A container of the pod has the name of the sidecar.
    ContainerExists,
    /// A volume of the pod has the name of one of the sidecar's volumes.
    VolumeExists,
    /// Containers of the pod use a port of the sidecar.
    PortInUse,
    /// No role is set.
    NoRole,
    /// The role ARN is malformed.
    RoleArnInvalid,
    /// EKS gives the sidecar no credentials.
    NoCredentials,
    /// A data store is invalid.
    DataStoreInvalid,
    /// Another annotation is invalid.
    AnnotationInvalid,
}

impl Reason {
    /// All reasons.
    pub const ALL: [Self; 19] = [
        Self::NotACreation,
        Self::NotRequested,
        Self::OptedOut,
        Self::MirrorPod,
        Self::ExcludedNamespace,
        Self::NoDataStore,
        Self::LookupFailed,
        Self::MalformedPod,
        Self::HostNetwork,
        Self::Windows,
        Self::AlreadyRendered,
        Self::ContainerExists,
        Self::VolumeExists,
        Self::PortInUse,
        Self::NoRole,
        Self::RoleArnInvalid,
        Self::NoCredentials,
        Self::DataStoreInvalid,
        Self::AnnotationInvalid,
    ];

    /// The name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NotACreation => "not-a-creation",
            Self::NotRequested => "not-requested",
            Self::OptedOut => "opted-out",
            Self::MirrorPod => "mirror-pod",
            Self::ExcludedNamespace => "excluded-namespace",
            Self::NoDataStore => "no-data-store",
            Self::LookupFailed => "lookup-failed",
            Self::MalformedPod => "malformed-pod",
            Self::HostNetwork => "host-network",
            Self::Windows => "windows",
            Self::AlreadyRendered => "already-rendered",
            Self::ContainerExists => "container-exists",
            Self::VolumeExists => "volume-exists",
            Self::PortInUse => "port-in-use",
            Self::NoRole => "no-role",
            Self::RoleArnInvalid => "role-arn-invalid",
            Self::NoCredentials => "no-credentials",
            Self::DataStoreInvalid => "data-store-invalid",
            Self::AnnotationInvalid => "annotation-invalid",
        }
    }

    /// Returns whether no one expects a sidecar, so that a warning would be noise.
    pub fn is_silent(self) -> bool {
        matches!(
            self,
            Self::NotACreation | Self::NotRequested | Self::OptedOut | Self::MirrorPod
        )
    }

    /// Returns whether a namespace that requires the injection rejects the pod. Pods of Kubernetes and of the webhook
    /// always start, and so do those that do not ask for the sidecar or have it already.
    pub(crate) fn is_denied_if_required(self) -> bool {
        let starts = matches!(
            self,
            Self::ExcludedNamespace | Self::NoDataStore | Self::AlreadyRendered
        );
        !self.is_silent() && !starts
    }
}

/// A reason with the values of the pod, and what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) reason: Reason,
    pub(crate) detail: String,
}

impl Refusal {
    pub(crate) fn new(reason: Reason, detail: impl Into<String>) -> Self {
        let detail = detail.into();
        Self { reason, detail }
    }

    /// A reason without a message, because no one expects a sidecar.
    pub(crate) fn silent(reason: Reason) -> Self {
        Self::new(reason, "")
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn names_are_unique_and_in_kebab_case() {
        let names: BTreeSet<_> = Reason::ALL.iter().map(|reason| reason.as_str()).collect();
        assert_eq!(names.len(), Reason::ALL.len());
        let is_kebab = |name: &&str| {
            name.bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte == b'-')
        };
        assert!(names.iter().all(is_kebab), "{names:?}");
    }
}
