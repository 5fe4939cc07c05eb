//! `Principal` (IAM User Guide, "AWS JSON policy elements: Principal").

mod name;

use std::ops::Range;

use crate::caller::Caller;
use crate::json_cursor::{Choice, Node};
use crate::prepared_request::PreparedRequest;
use crate::{Effect, ElementView, Mismatch, PolicyError, PolicyKind, Principal, Problem};

use name::Name;
pub use name::is_unique_id;

/// The principals that a statement applies to.
#[derive(Debug)]
pub(crate) struct Principals {
    negated: bool,
    written: Vec<String>,
    names: Vec<Name>,
}

/// How directly a policy names the caller (IAM User Guide, "How AWS enforcement code logic evaluates requests to allow
/// or deny access"). The more directly, the fewer other policies can limit the permission.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Grant {
    /// By its account, whose identity-based policies delegate the permission.
    Account,
    /// By the role or user of which the caller is a session.
    Entity,
    /// By its ARN, or as everyone.
    Direct,
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

    /// The most direct grant among the names that match.
    pub(crate) fn grant(&self, caller: &Caller<'_>) -> Option<Grant> {
        self.names
            .iter()
            .filter_map(|name| name.grant(caller))
            .max()
    }

    /// Returns whether `NotPrincipal` exempts the caller (IAM User Guide, "AWS JSON policy elements: NotPrincipal"). It
    /// must list the caller and its account and, for a session, the role or user of the session; otherwise one of those
    /// is denied. A caller with a permissions boundary is never exempt.
    fn except(&self, caller: &Caller<'_>) -> bool {
        let lists = |test: &dyn Fn(&Name) -> bool| self.names.iter().any(test);
        let is_account = |name: &Name| matches!(name, Name::Account { .. }) && name.matches(caller);
        let is_entity = |name: &Name| matches!(name, Name::Entity(_)) && name.matches(caller);
        let is_self = |name: &Name| match name {
            Name::Account { .. } => caller.is_root() && name.matches(caller),
            Name::Entity(name) => caller.principal == Principal::Aws(name),
            _ => name.matches(caller),
        };
        let is_listed = lists(&is_self)
            && (caller.arn.is_none() || lists(&is_account))
            && (!caller.is_session() || lists(&is_entity));
        !caller.bounded && (is_listed || lists(&|name| matches!(name, Name::Everyone)))
    }

    pub(crate) fn mismatch(&self, prepared: &PreparedRequest<'_>) -> Option<Mismatch> {
        let actual = match prepared.request.principal {
            Principal::Aws(name) | Principal::Federated(name) | Principal::Service(name) => name,
            Principal::Anonymous => "anonymous",
        };
        (!self.matches(&prepared.caller)).then(|| Mismatch::Principal {
            expected: self.written.clone(),
            actual: actual.to_owned(),
        })
    }

    pub(crate) fn view(&self, span: Range<usize>) -> ElementView<'_> {
        ElementView {
            name: if self.negated {
                "NotPrincipal"
            } else {
                "Principal"
            },
            values: &self.written,
            span,
        }
    }

    fn push(&mut self, written: &str, name: Name) {
        self.written.push(written.to_owned());
        self.names.push(name);
    }
}

/// Rejects `CanonicalUser` where it cannot be evaluated: only bucket policies accept it, and a request does not show
/// the canonical ID of its account.
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
        let why = "a request does not show the caller's canonical ID, so it would deny no one";
        return Err(node.fail(Problem::Unsupported { what, why }));
    }
    Ok(())
}
