//! Kinds of policies and their grammars (IAM User Guide, "Policies and permissions in IAM").

use std::fmt;

/// The kind of a policy: where it is attached determines which elements it can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PolicyKind {
    /// Attached to a user, group or role: `Resource` is required, `Principal` is not allowed.
    Identity,
    /// The trust policy of a role: `Principal` is required, `Resource` is not allowed.
    Trust,
    /// Attached to a resource, such as the access policy of a domain: `Principal` is required. A statement without
    /// `Resource` applies to the resource that has the policy.
    Resource,
    /// The permissions boundary of a user or role, with the elements of an identity policy.
    Boundary,
    /// Passed when a session is created, with the elements of an identity policy.
    Session,
    /// A service control policy of an organization (AWS Organizations User Guide, "SCP syntax").
    ServiceControl,
    /// A resource control policy of an organization (AWS Organizations User Guide, "RCP syntax").
    ResourceControl,
}

/// Whether a kind of policy has an element.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Presence {
    Required,
    Optional,
    Forbidden,
}

impl PolicyKind {
    /// The kind of the resource-based policy that decides `action`: for `sts:` actions, the trust policy of a role.
    pub fn for_resource(action: &str) -> Self {
        match action.split_once(':') {
            Some((service, _)) if service.eq_ignore_ascii_case("sts") => Self::Trust,
            _ => Self::Resource,
        }
    }

    pub(crate) fn principal(self) -> Presence {
        match self {
            Self::Trust | Self::Resource | Self::ResourceControl => Presence::Required,
            _ => Presence::Forbidden,
        }
    }

    /// Only some resources accept `NotPrincipal`, and only with `Deny`.
    pub(crate) fn has_not_principal(self) -> bool {
        self == Self::Resource
    }

    pub(crate) fn has_not_action(self) -> bool {
        self != Self::ResourceControl
    }

    pub(crate) fn resource(self) -> Presence {
        match self {
            Self::Trust => Presence::Forbidden,
            Self::Resource => Presence::Optional,
            _ => Presence::Required,
        }
    }

    /// IAM's grammar allows `Id` only in resource-based policies.
    pub(crate) fn has_id(self) -> bool {
        matches!(self, Self::Trust | Self::Resource)
    }

    /// Organizations requires a version in every policy.
    pub(crate) fn needs_version(self) -> bool {
        matches!(self, Self::ServiceControl | Self::ResourceControl)
    }

    /// Services that define resource policies have their own rules for a `Sid`.
    pub(crate) fn has_strict_sids(self) -> bool {
        self != Self::Resource
    }

    /// IAM and STS accept only Latin-1 characters (IAM User Guide, "IAM and AWS STS quotas", "IAM name requirements").
    pub(crate) fn is_latin(self) -> bool {
        matches!(
            self,
            Self::Identity | Self::Trust | Self::Boundary | Self::Session
        )
    }
}

impl fmt::Display for PolicyKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Identity => "an identity policy",
            Self::Trust => "a trust policy",
            Self::Resource => "a resource policy",
            Self::Boundary => "a permissions boundary",
            Self::Session => "a session policy",
            Self::ServiceControl => "a service control policy",
            Self::ResourceControl => "a resource control policy",
        })
    }
}
