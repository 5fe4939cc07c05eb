//! One entry of `Principal`.

use super::Grant;
use crate::arn::{Arn, is_account};
use crate::caller::Caller;
use crate::json_cursor::Node;
use crate::{PolicyError, PolicyKind, Principal, Problem};

#[derive(Debug)]
pub(super) enum Name {
    Everyone,
    /// An account and everyone in it. The partition is known if the entry is the ARN of its root user.
    Account {
        partition: Option<String>,
        id: String,
    },
    /// A role or user and all its sessions, whose ARNs lack the path.
    Entity(String),
    /// One session.
    Session(String),
    Federated(String),
    Service(String),
    /// An entry that matches no request: the ID of a deleted user or role, an S3 canonical user, or an origin access
    /// identity.
    NoCaller,
}

/// The start of the name of an origin access identity (Amazon CloudFront Developer Guide, "Use an origin access
/// identity").
const ORIGIN_ACCESS: &str = "user/CloudFront Origin Access Identity ";

const PROVIDER: &str = "the ARN of an OIDC or SAML provider, `arn:aws:iam::ACCOUNT:oidc-provider/ISSUER` with a \
                        12-digit account ID and without wildcards";

const AWS: &str =
    "an account ID, or the ARN of a root user, user, role or session without wildcards";

impl Name {
    pub(super) fn parse(
        kind: &str,
        value: &Node<'_>,
        parent: &Node<'_>,
    ) -> Result<Self, PolicyError> {
        let text = value.text()?;
        match kind {
            "AWS" if text == "*" => Ok(Self::Everyone),
            "AWS" => Self::parse_aws(text).ok_or_else(|| value.invalid(text, AWS)),
            "Federated" if is_plain(text) && is_provider(text) => {
                Ok(Self::Federated(text.to_owned()))
            }
            "Federated" => Err(value.invalid(text, PROVIDER)),
            "Service" if is_plain(text) => Ok(Self::Service(text.to_owned())),
            "Service" => Err(value.invalid(
                text,
                "a service such as `ec2.amazonaws.com`, without wildcards",
            )),
            "CanonicalUser" if is_plain(text) => Ok(Self::NoCaller),
            "CanonicalUser" => Err(value.invalid(text, "a canonical user ID")),
            _ => Err(parent.fail(Problem::UnknownElement(kind.to_owned()))),
        }
    }

    pub(super) fn parse_everyone(node: &Node<'_>, kind: PolicyKind) -> Result<Self, PolicyError> {
        match node.text()? {
            "*" => Ok(Self::Everyone),
            other if kind == PolicyKind::ResourceControl => Err(node.invalid(
                other,
                "`*`, the only principal of a resource control policy",
            )),
            other => Err(node.invalid(other, "`*` or an object such as `{\"AWS\": …}`")),
        }
    }

    fn parse_aws(text: &str) -> Option<Self> {
        if is_account(text) {
            let id = text.to_owned();
            return Some(Self::Account {
                partition: None,
                id,
            });
        }
        if is_unique_id(text) {
            return Some(Self::NoCaller);
        }
        let arn = Arn::parse(text).filter(|arn| is_plain(text) && arn.region.is_empty())?;
        if arn.account == "cloudfront" && arn.resource.starts_with(ORIGIN_ACCESS) {
            return Some(Self::NoCaller);
        }
        let arn = Some(arn).filter(|arn| is_account(arn.account))?;
        let (kind, rest) = arn.resource.split_once('/').unwrap_or((arn.resource, ""));
        match (arn.service, kind) {
            ("iam", "root") if rest.is_empty() => Some(Self::Account {
                partition: Some(arn.partition.to_owned()),
                id: arn.account.to_owned(),
            }),
            ("iam", "role" | "user") if !rest.is_empty() => Some(Self::Entity(text.to_owned())),
            ("sts", "federated-user") if !rest.is_empty() => Some(Self::Session(text.to_owned())),
            ("sts", "assumed-role") => rest.split_once('/').map(|_| Self::Session(text.to_owned())),
            _ => None,
        }
    }

    pub(super) fn grant(&self, caller: &Caller<'_>) -> Option<Grant> {
        let grant = match self {
            Self::Account { .. } if !caller.is_root() => Grant::Account,
            Self::Entity(_) if !caller.is_user() => Grant::Entity,
            _ => Grant::Direct,
        };
        self.matches(caller).then_some(grant)
    }

    pub(super) fn matches(&self, caller: &Caller<'_>) -> bool {
        match (self, caller.principal) {
            (Self::Everyone, _) => true,
            (Self::Account { partition, id }, Principal::Aws(_)) => caller.arn.is_some_and(|arn| {
                arn.account == id
                    && partition
                        .as_deref()
                        .is_none_or(|partition| partition == arn.partition)
            }),
            (Self::Entity(name), Principal::Aws(actual)) => {
                name == actual || Arn::parse(name).is_some_and(|name| caller.is_session_of(&name))
            }
            (Self::Session(name), Principal::Aws(actual))
            | (Self::Federated(name), Principal::Federated(actual))
            | (Self::Service(name), Principal::Service(actual)) => name == actual,
            _ => false,
        }
    }
}

/// Returns whether IAM accepts the name of a provider; it rejects others as invalid principals.
fn is_provider(text: &str) -> bool {
    let is_complete = |arn: Arn<'_>| {
        let partition = arn.partition.parse::<irsa_chain::Partition>();
        partition.is_ok() && arn.region.is_empty() && is_account(arn.account)
    };
    matches!(Principal::parse(text), Some(Principal::Federated(_)))
        && Arn::parse(text).is_none_or(is_complete)
}

/// Returns whether the name has no wildcards, which cannot match part of a principal's name.
fn is_plain(text: &str) -> bool {
    !text.is_empty() && !text.contains(['*', '?']) && !text.contains("${")
}

/// Returns whether a principal is the unique ID that IAM shows in place of the ARN of a deleted role or user. A role or
/// user that is recreated with the same name has a different ID, so the entry matches no caller.
pub fn is_unique_id(text: &str) -> bool {
    let is_id = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit();
    text.len() >= 16
        && (text.starts_with("AROA") || text.starts_with("AIDA"))
        && text.bytes().all(is_id)
}
