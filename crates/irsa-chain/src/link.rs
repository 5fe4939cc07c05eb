//! The links of the chain.

use std::fmt;
use std::str::FromStr;

use crate::text::text_type;
use crate::{Cause, ParseError};

/// One link of the chain from a pod to its data, in the order in which they are passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Link {
    /// The pod's service account, and whether it gave the pod an identity.
    ServiceAccount,
    /// The token file that the kubelet projects into the pod.
    ProjectedToken,
    /// The IAM OIDC provider that vouches for the token's issuer.
    OidcProvider,
    /// The role's trust policy.
    TrustPolicy,
    /// The exchange of the token for temporary credentials, and their life.
    StsSession,
    /// What the role's policies allow: `rds-db:connect`, `es:ESHttp*`.
    Permissions,
    /// The RDS token or the signed HTTP request.
    Signature,
    /// The way to the data store: DNS, TCP, TLS.
    Endpoint,
    /// What the data store itself grants: `rds_iam`, role mappings.
    Grant,
}

impl Link {
    /// Every link, in the chain's order.
    pub const ALL: [Self; 9] = [
        Self::ServiceAccount,
        Self::ProjectedToken,
        Self::OidcProvider,
        Self::TrustPolicy,
        Self::StsSession,
        Self::Permissions,
        Self::Signature,
        Self::Endpoint,
        Self::Grant,
    ];

    /// The stable name in output, metrics and documentation.
    pub const fn id(self) -> &'static str {
        match self {
            Self::ServiceAccount => "service-account",
            Self::ProjectedToken => "projected-token",
            Self::OidcProvider => "oidc-provider",
            Self::TrustPolicy => "trust-policy",
            Self::StsSession => "sts-session",
            Self::Permissions => "permissions",
            Self::Signature => "signature",
            Self::Endpoint => "endpoint",
            Self::Grant => "grant",
        }
    }

    /// The words at the end of a message by which a broken link is looked up:
    /// `link: grant, cause: role-not-found`.
    pub fn reference(self, cause: Option<Cause>) -> String {
        match cause {
            Some(cause) => format!("link: {self}, cause: {}", cause.id()),
            None => format!("link: {self}"),
        }
    }

    /// The name for people.
    pub const fn title(self) -> &'static str {
        match self {
            Self::ServiceAccount => "service account",
            Self::ProjectedToken => "projected token",
            Self::OidcProvider => "OIDC provider",
            Self::TrustPolicy => "trust policy",
            Self::StsSession => "STS session",
            Self::Permissions => "permissions",
            Self::Signature => "signature",
            Self::Endpoint => "endpoint",
            Self::Grant => "grant",
        }
    }
}

impl fmt::Display for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.id())
    }
}

impl FromStr for Link {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        Self::ALL
            .into_iter()
            .find(|link| link.id() == text)
            .ok_or_else(|| {
                let known = Self::ALL.map(Self::id).join(", ");
                ParseError::new("a link of the chain", text, format!("one of {known}"))
            })
    }
}

text_type!(Link);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_ordered_as_it_is_passed() {
        assert!(Link::ALL.is_sorted());
        assert_eq!(Link::ALL.first(), Some(&Link::ServiceAccount));
        assert_eq!(Link::ALL.last(), Some(&Link::Grant));
    }

    #[test]
    fn the_id_is_the_title_in_kebab_case() {
        for link in Link::ALL {
            assert_eq!(link.title().to_lowercase().replace(' ', "-"), link.id());
        }
    }

    #[test]
    fn a_message_names_the_link_and_the_cause_if_it_is_known() {
        let cause = Some(Cause::RoleNotFound);
        assert_eq!(
            Link::Grant.reference(cause),
            "link: grant, cause: role-not-found"
        );
        assert_eq!(Link::Grant.reference(None), "link: grant");
    }

    #[test]
    fn an_unknown_one_is_refused_with_the_known_ones() {
        let error = "trustpolicy".parse::<Link>().unwrap_err();
        assert!(error.expected().contains("trust-policy"), "{error}");
    }
}
