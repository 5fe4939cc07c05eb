//! The layers of policies that are evaluated together.

use std::fmt;

use crate::PolicyKind;

/// Policies that are evaluated together: any matching `Deny` in the layer wins, otherwise any matching `Allow` counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Layer {
    /// All identity-based policies of the caller.
    Identity,
    /// The policy of the resource; for a role, its trust policy.
    Resource,
    /// The caller's permissions boundary.
    Boundary,
    /// All policies passed with the session.
    Session,
    /// The service control policies of one level of the caller's organization, from 0.
    ServiceControl(usize),
    /// The resource control policies of one level of the organization of the resource's account, from 0.
    ResourceControl(usize),
}

impl Layer {
    /// The kind of the policies in this layer; for a resource it depends on `action`.
    pub fn kind(self, action: &str) -> PolicyKind {
        match self {
            Self::Identity => PolicyKind::Identity,
            Self::Resource => PolicyKind::for_resource(action),
            Self::Boundary => PolicyKind::Boundary,
            Self::Session => PolicyKind::Session,
            Self::ServiceControl(_) => PolicyKind::ServiceControl,
            Self::ResourceControl(_) => PolicyKind::ResourceControl,
        }
    }
}

/// The name that AWS uses in its error messages (IAM User Guide, "Troubleshoot access denied error messages").
impl fmt::Display for Layer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Identity => "identity-based policy",
            Self::Resource => "resource-based policy",
            Self::Boundary => "permissions boundary",
            Self::Session => "session policy",
            Self::ServiceControl(_) => "service control policy",
            Self::ResourceControl(_) => "resource control policy",
        })
    }
}
