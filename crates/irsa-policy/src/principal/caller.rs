//! Who calls, taken apart.

use crate::Principal;
use crate::arn::Arn;

/// The caller, taken apart.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Caller<'a> {
    pub(super) principal: Principal<'a>,
    pub(super) arn: Option<Arn<'a>>,
    /// Has a permissions boundary.
    pub(super) bounded: bool,
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
        matches!(self.session_of(), Some(("user", _)))
    }

    pub(crate) fn is_user(&self) -> bool {
        self.arn
            .is_some_and(|arn| arn.service == "iam" && arn.resource.starts_with("user/"))
    }

    /// A session of a role or of `GetFederationToken`.
    pub(super) fn is_session(&self) -> bool {
        self.session_of().is_some()
    }

    /// Whether it is a session of this role or user; of its name no path is known.
    pub(super) fn is_session_of(&self, entity: &Arn<'_>) -> bool {
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

    /// What it is a session of, `role` or `user`, and its name. The session of a federated user is
    /// called like the user (IAM User Guide, "AWS JSON policy elements: Principal", "AWS STS
    /// federated user principals").
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
