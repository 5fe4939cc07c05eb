//! `Principal` (IAM User Guide, "AWS JSON policy elements: Principal").

use crate::arn::Arn;
use crate::call::Call;
use crate::node::{Choice, Node};
use crate::statement::Effect;
use crate::{Mismatch, PolicyError, PolicyKind, Principal, Problem};

/// Who a statement is about.
#[derive(Debug)]
pub(crate) struct Principals {
    negated: bool,
    written: Vec<String>,
    names: Vec<Name>,
}

/// The caller, taken apart.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Caller<'a> {
    principal: Principal<'a>,
    arn: Option<Arn<'a>>,
    /// Has a permissions boundary.
    bounded: bool,
}

/// How directly a policy names the caller (IAM User Guide, "How AWS enforcement code logic evaluates
/// requests to allow or deny access"): the more so, the fewer other policies can limit what it
/// allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Grant {
    /// The caller's account, which may pass the permission on.
    Account,
    /// The role whose session the caller is.
    Role,
    /// The caller itself, or everyone.
    Direct,
}

#[derive(Debug)]
enum Name {
    Everyone,
    /// An account, and with it everyone in it; by its root ARN also the partition is known.
    Account {
        partition: Option<String>,
        id: String,
    },
    /// A role, and with it all its sessions, whose ARNs lack the role's path.
    Role(String),
    /// A user or one session.
    Arn(String),
    Federated(String),
    Service(String),
    /// What a request never has: the id of a deleted user or role, or of an S3 canonical user.
    Nobody,
}

impl Principals {
    pub(crate) fn parse(
        choice: &Choice<'_>,
        kind: PolicyKind,
        effect: Effect,
    ) -> Result<Self, PolicyError> {
        let node = &choice.node;
        let mut principals = Self {
            negated: choice.negated,
            written: Vec::new(),
            names: Vec::new(),
        };
        if node.is_text() || kind == PolicyKind::ResourceControl {
            let everyone = Name::parse_everyone(node, kind)?;
            principals.push("*", everyone);
            return Ok(principals);
        }
        for (element, values) in node.entries()? {
            if element == "CanonicalUser" {
                refuse_canonical_user(&values, kind, effect, choice.negated)?;
            }
            for value in values.items()? {
                let name = Name::parse(element, &value, node)?;
                principals.push(value.text()?, name);
            }
        }
        if principals.names.is_empty() {
            return Err(node.fail(Problem::Empty));
        }
        Ok(principals)
    }

    pub(crate) fn matches(&self, caller: &Caller<'_>) -> bool {
        if self.negated {
            return !self.except(caller);
        }
        self.names.iter().any(|name| name.matches(caller))
    }

    /// The most direct of the names that match.
    pub(crate) fn grant(&self, caller: &Caller<'_>) -> Option<Grant> {
        self.names
            .iter()
            .filter_map(|name| name.grant(caller))
            .max()
    }

    /// Whether `NotPrincipal` leaves out the caller (IAM User Guide, "AWS JSON policy elements:
    /// NotPrincipal"): it must list the caller with its account and, for a session, its role, or
    /// one of those may be denied; and it never leaves out who has a permissions boundary.
    fn except(&self, caller: &Caller<'_>) -> bool {
        let lists = |test: &dyn Fn(&Name) -> bool| self.names.iter().any(test);
        let is_account = |name: &Name| matches!(name, Name::Account { .. }) && name.matches(caller);
        let is_role = |name: &Name| matches!(name, Name::Role(_)) && name.matches(caller);
        let is_self = |name: &Name| match name {
            Name::Account { .. } => caller.is_root() && name.matches(caller),
            Name::Role(role) => caller.principal == Principal::Aws(role),
            _ => name.matches(caller),
        };
        let is_listed = lists(&is_self)
            && (caller.arn.is_none() || lists(&is_account))
            && (!caller.is_session() || lists(&is_role));
        !caller.bounded && (is_listed || lists(&|name| matches!(name, Name::Everyone)))
    }

    pub(crate) fn mismatch(&self, call: &Call<'_>) -> Option<Mismatch> {
        let was = match call.request.principal {
            Principal::Aws(name) | Principal::Federated(name) | Principal::Service(name) => name,
            Principal::Anonymous => "anonymous",
        };
        (!self.matches(&call.caller)).then(|| Mismatch::Principal {
            expected: self.written.clone(),
            was: was.to_owned(),
        })
    }

    fn push(&mut self, written: &str, name: Name) {
        self.written.push(written.to_owned());
        self.names.push(name);
    }
}

impl<'a> Caller<'a> {
    pub(crate) fn new(principal: Principal<'a>, bounded: bool) -> Self {
        let arn = match principal {
            Principal::Aws(arn) => Arn::parse(arn),
            _ => None,
        };
        Self {
            principal,
            arn,
            bounded: bounded && arn.is_some(),
        }
    }

    pub(crate) fn account(&self) -> Option<&'a str> {
        self.arn.map(|arn| arn.account)
    }

    /// The root user of an account.
    pub(crate) fn is_root(&self) -> bool {
        self.arn
            .is_some_and(|arn| arn.service == "iam" && arn.resource == "root")
    }

    /// A session of `GetFederationToken`.
    pub(crate) fn is_federated_user(&self) -> bool {
        self.is_sts("federated-user/")
    }

    fn is_session(&self) -> bool {
        self.is_sts("assumed-role/")
    }

    fn is_sts(&self, kind: &str) -> bool {
        self.arn
            .is_some_and(|arn| arn.service == "sts" && arn.resource.starts_with(kind))
    }

    /// The role behind a session: partition, account and name.
    fn is_session_of(&self, role: &Arn<'_>) -> bool {
        let session = self.arn.filter(|arn| arn.service == "sts").and_then(|arn| {
            let (name, _) = arn
                .resource
                .strip_prefix("assumed-role/")?
                .split_once('/')?;
            Some((arn.partition, arn.account, name))
        });
        let name = role.resource.rsplit_once('/').map(|(_, name)| name);
        name.is_some_and(|name| session == Some((role.partition, role.account, name)))
    }
}

impl Name {
    fn parse(kind: &str, value: &Node<'_>, parent: &Node<'_>) -> Result<Self, PolicyError> {
        let text = value.text()?;
        match kind {
            "AWS" if text == "*" => Ok(Self::Everyone),
            "AWS" => Self::parse_aws(text).ok_or_else(|| value.invalid(text, AWS)),
            "Federated" if is_plain(text) => Ok(Self::Federated(text.to_owned())),
            "Federated" => Err(value.invalid(
                text,
                "the ARN of an OIDC or SAML provider, without wildcards",
            )),
            "Service" if is_plain(text) => Ok(Self::Service(text.to_owned())),
            "Service" => Err(value.invalid(
                text,
                "a service such as `ec2.amazonaws.com`, without wildcards",
            )),
            "CanonicalUser" if is_plain(text) => Ok(Self::Nobody),
            "CanonicalUser" => Err(value.invalid(text, "the id of a canonical user")),
            _ => Err(parent.fail(Problem::UnknownElement(kind.to_owned()))),
        }
    }

    fn parse_everyone(node: &Node<'_>, kind: PolicyKind) -> Result<Self, PolicyError> {
        match node.text()? {
            "*" => Ok(Self::Everyone),
            other if kind == PolicyKind::ResourceControl => {
                Err(node.invalid(other, "`*`, and a resource control policy has no other"))
            }
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
            return Some(Self::Nobody);
        }
        let arn = Arn::parse(text)
            .filter(|arn| is_plain(text) && arn.region.is_empty() && is_account(arn.account))?;
        let (kind, rest) = arn.resource.split_once('/').unwrap_or((arn.resource, ""));
        match (arn.service, kind) {
            ("iam", "root") if rest.is_empty() => Some(Self::Account {
                partition: Some(arn.partition.to_owned()),
                id: arn.account.to_owned(),
            }),
            ("iam", "role") if !rest.is_empty() => Some(Self::Role(text.to_owned())),
            ("iam", "user") | ("sts", "federated-user") if !rest.is_empty() => {
                Some(Self::Arn(text.to_owned()))
            }
            ("sts", "assumed-role") => rest.split_once('/').map(|_| Self::Arn(text.to_owned())),
            _ => None,
        }
    }

    fn grant(&self, caller: &Caller<'_>) -> Option<Grant> {
        let grant = match self {
            Self::Account { .. } if !caller.is_root() => Grant::Account,
            Self::Role(_) => Grant::Role,
            _ => Grant::Direct,
        };
        self.matches(caller).then_some(grant)
    }

    fn matches(&self, caller: &Caller<'_>) -> bool {
        match (self, caller.principal) {
            (Self::Everyone, _) => true,
            (Self::Account { partition, id }, Principal::Aws(_)) => caller.arn.is_some_and(|arn| {
                arn.account == id
                    && partition
                        .as_deref()
                        .is_none_or(|partition| partition == arn.partition)
            }),
            (Self::Role(role), Principal::Aws(arn)) => {
                role == arn || Arn::parse(role).is_some_and(|role| caller.is_session_of(&role))
            }
            (Self::Arn(name), Principal::Aws(was))
            | (Self::Federated(name), Principal::Federated(was))
            | (Self::Service(name), Principal::Service(was)) => name == was,
            _ => false,
        }
    }
}

const AWS: &str = "an account id, or the ARN of a root, user, role or session without wildcards";

/// Only buckets know canonical users, and a request does not tell which one an account has.
fn refuse_canonical_user(
    node: &Node<'_>,
    kind: PolicyKind,
    effect: Effect,
    negated: bool,
) -> Result<(), PolicyError> {
    let element = "CanonicalUser";
    if kind != PolicyKind::Resource {
        return Err(node.fail(Problem::OutOfPlace { element, kind }));
    }
    if effect == Effect::Deny && !negated {
        let what = element.to_owned();
        let why = "whose id it is can't be told, so nobody would be denied";
        return Err(node.fail(Problem::Unsupported { what, why }));
    }
    Ok(())
}

/// Wildcards can't stand for a part of a principal's name.
fn is_plain(text: &str) -> bool {
    !text.is_empty() && !text.contains(['*', '?']) && !text.contains("${")
}

fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// What IAM puts in place of the ARN of a role or user that was deleted. One created again under the
/// same name has another id, so nobody matches it.
pub(crate) fn is_unique_id(text: &str) -> bool {
    let is_id = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit();
    text.len() >= 16
        && (text.starts_with("AROA") || text.starts_with("AIDA"))
        && text.bytes().all(is_id)
}
