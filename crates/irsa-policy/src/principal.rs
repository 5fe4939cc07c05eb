//! `Principal` (IAM User Guide, "AWS JSON policy elements: Principal").

use crate::arn::Arn;
use crate::call::Call;
use crate::node::Node;
use crate::{Mismatch, PolicyError, Principal, Problem};

/// Who a statement is about.
#[derive(Debug)]
pub(crate) struct Principals {
    written: Vec<String>,
    names: Vec<Name>,
}

/// The caller, taken apart.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Caller<'a> {
    principal: Principal<'a>,
    arn: Option<Arn<'a>>,
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
    pub(crate) fn parse(node: &Node<'_>) -> Result<Self, PolicyError> {
        let mut principals = Self {
            written: Vec::new(),
            names: Vec::new(),
        };
        if node.is_text() {
            let everyone = Name::parse_everyone(node)?;
            principals.push("*", everyone);
            return Ok(principals);
        }
        for (kind, values) in node.entries()? {
            for value in values.items()? {
                let name = Name::parse(kind, &value, node)?;
                principals.push(value.text()?, name);
            }
        }
        if principals.names.is_empty() {
            return Err(node.fail(Problem::Empty));
        }
        Ok(principals)
    }

    pub(crate) fn matches(&self, call: &Call<'_>) -> bool {
        self.names.iter().any(|name| name.matches(&call.caller))
    }

    pub(crate) fn mismatch(&self, call: &Call<'_>) -> Option<Mismatch> {
        let was = match call.request.principal {
            Principal::Aws(name) | Principal::Federated(name) | Principal::Service(name) => name,
            Principal::Anonymous => "anonymous",
        };
        (!self.matches(call)).then(|| Mismatch::Principal {
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
    pub(crate) fn new(principal: Principal<'a>) -> Self {
        let arn = match principal {
            Principal::Aws(arn) => Arn::parse(arn),
            _ => None,
        };
        Self { principal, arn }
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

    fn parse_everyone(node: &Node<'_>) -> Result<Self, PolicyError> {
        match node.text()? {
            "*" => Ok(Self::Everyone),
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
