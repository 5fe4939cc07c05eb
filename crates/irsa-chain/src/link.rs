//! The links of the chain.

use std::fmt;
use std::str::FromStr;

use crate::text::text_type;
use crate::{Cause, ParseError};

/// A link of the chain from a pod to its data, in the chain's order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Link {
    /// The pod's service account, and the identity that the webhook injects.
    ServiceAccount,
    /// The token file that the kubelet projects into the pod.
    ProjectedToken,
    /// The IAM OIDC provider for the token's issuer.
    OidcProvider,
    /// The role's trust policy.
    TrustPolicy,
    /// The exchange of the token for temporary credentials, and their expiration.
    StsSession,
    /// The permissions in the role's policies: `rds-db:connect`, `es:ESHttp*`.
    Permissions,
    /// The RDS token or the signed HTTP request.
    Signature,
    /// The connection to the data store: DNS, TCP, TLS.
    Endpoint,
    /// The permissions inside the data store: `rds_iam`, role mappings.
    Grant,
}

impl Link {
    /// All links, in the chain's order.
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

    /// The reference at the end of a message, to look up the broken link: `link: grant, cause: role-not-found`.
    pub fn reference(self, cause: Option<Cause>) -> String {
        match cause {
            Some(cause) => format!("link: {self}, cause: {}", cause.id()),
            None => format!("link: {self}"),
        }
    }

    /// The name in texts.
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
    fn links_are_in_the_order_of_the_chain() {
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
    fn an_unknown_link_is_rejected_with_the_known_ones() {
        let error = "trustpolicy".parse::<Link>().unwrap_err();
        assert!(error.expected().contains("trust-policy"), "{error}");
    }
}
