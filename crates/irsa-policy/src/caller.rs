//! The caller of a request, with its ARN parsed.

use crate::Principal;
use crate::arn::Arn;

/// A caller with its parsed ARN.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Caller<'a> {
    pub(crate) principal: Principal<'a>,
    pub(crate) arn: Option<Arn<'a>>,
    /// Whether the caller has a permissions boundary.
    pub(crate) bounded: bool,
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

    /// Returns whether the caller is the root user of an account.
    pub(crate) fn is_root(&self) -> bool {
        self.arn
            .is_some_and(|arn| arn.service == "iam" && arn.resource == "root")
    }

    /// Returns whether the caller is a session of `GetFederationToken`.
    pub(crate) fn is_federated_user(&self) -> bool {
        matches!(self.session_of(), Some(("user", _)))
    }

    pub(crate) fn is_user(&self) -> bool {
        self.arn
            .is_some_and(|arn| arn.service == "iam" && arn.resource.starts_with("user/"))
    }

    /// Returns whether the caller is a session of a role or of `GetFederationToken`.
    pub(crate) fn is_session(&self) -> bool {
        self.session_of().is_some()
    }

    /// Returns whether the caller is a session of this role or user. The path is not compared, as session ARNs lack it.
    pub(crate) fn is_session_of(&self, entity: &Arn<'_>) -> bool {
        let kind_and_name = || {
            let (kind, rest) = entity.resource.split_once('/')?;
            Some((kind, rest.rsplit('/').next()?))
        };
        self.arn.is_some_and(|arn| {
            arn.partition == entity.partition
                && arn.account == entity.account
                && self
                    .session_of()
                    .is_some_and(|of| Some(of) == kind_and_name())
        })
    }

    /// The entity of which the caller is a session: `role` or `user`, and its name. The session of a federated user has
    /// the name of the user (IAM User Guide, "AWS JSON policy elements: Principal", "AWS STS federated user
    /// principals").
    fn session_of(&self) -> Option<(&'static str, &'a str)> {
        let arn = self.arn.filter(|arn| arn.service == "sts")?;
        let (kind, name) = arn.resource.split_once('/')?;
        match kind {
            "assumed-role" => Some(("role", name.split_once('/')?.0)),
            "federated-user" => Some(("user", name)),
            _ => None,
        }
    }
}
