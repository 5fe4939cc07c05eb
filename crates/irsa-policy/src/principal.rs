//! `Principal` (IAM User Guide, "AWS JSON policy elements: Principal").

mod caller;
mod name;

use std::ops::Range;

use crate::call::Call;
use crate::json_cursor::{Choice, Node};
use crate::statement::Effect;
use crate::{ElementView, Mismatch, PolicyError, PolicyKind, Principal, Problem};

pub(crate) use caller::Caller;
use name::Name;
pub use name::is_unique_id;

/// Who a statement is about.
#[derive(Debug)]
pub(crate) struct Principals {
    negated: bool,
    written: Vec<String>,
    names: Vec<Name>,
}

/// How directly a policy names the caller (IAM User Guide, "How AWS enforcement code logic evaluates
/// requests to allow or deny access"): the more so, the fewer other policies can limit what it
/// allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Grant {
    /// The caller's account, which may pass the permission on.
    Account,
    /// The role or user whose session the caller is.
    Entity,
    /// The caller itself, or everyone.
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

    /// The most direct of the names that match.
    pub(crate) fn grant(&self, caller: &Caller<'_>) -> Option<Grant> {
        self.names
            .iter()
            .filter_map(|name| name.grant(caller))
            .max()
    }

    /// Whether `NotPrincipal` leaves out the caller (IAM User Guide, "AWS JSON policy elements:
    /// NotPrincipal"): it must list the caller with its account and, for a session, whose session it
    /// is, or one of those may be denied; and it never leaves out who has a permissions boundary.
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
