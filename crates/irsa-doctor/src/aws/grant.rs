//! Remedies for permissions that a role lacks.

use irsa_chain::Cause;
use serde_json::Value;

use super::authorization::Denial;
use super::session::SessionRole;
use super::text::{put_role_policy, quoted};
use crate::{Commands, Remedy};

/// The permissions that a role should have.
pub(super) struct Wanted<'a> {
    /// The parts of the name of the new inline policy.
    pub(super) policy: &'a [&'a str],
    /// The statement that allows the request.
    pub(super) statement: &'a Value,
    /// The required `Resource`.
    pub(super) resource: &'a str,
    /// The cause if no statement comes close.
    pub(super) not_allowed: Cause,
}

impl Wanted<'_> {
    /// The remedy for `denial`, whose cause is `cause`.
    pub(super) fn remedy(&self, caller: &SessionRole, denial: &Denial, cause: Cause) -> Remedy {
        let advice = self.advice(caller, denial, cause);
        advice.map_or_else(|| self.grant(caller, denial, cause).into(), Remedy::from)
    }

    /// The advice for causes that mean the same for every service.
    fn advice(&self, caller: &SessionRole, denial: &Denial, cause: Cause) -> Option<String> {
        let place = &denial.place;
        match cause {
            Cause::ConnectDenied | Cause::EsHttpDenied => Some(format!(
                "narrow or remove {place}: an explicit Deny overrides every Allow"
            )),
            Cause::BoundaryNotAllowing => {
                let boundary = caller.permissions.boundary.as_ref();
                let name = boundary.map_or("", |policy| policy.name.as_str());
                Some(format!(
                    "add `{}` to the permissions boundary `{name}`, which limits what the role's other policies allow",
                    self.statement
                ))
            }
            Cause::ConditionNeverMet => {
                let keys: Vec<_> = denial.conditions().map(quoted).collect();
                Some(format!(
                    "remove the condition on {} from {place}",
                    keys.join(" and ")
                ))
            }
            _ => None,
        }
    }

    fn grant(&self, caller: &SessionRole, denial: &Denial, cause: Cause) -> Commands {
        let role = caller.role.arn.name();
        let commands = Commands::new([put_role_policy(role, self.policy, self.statement)]);
        let (place, resource) = (&denial.place, self.resource);
        let resource = (cause != self.not_allowed)
            .then(|| format!("set the `Resource` of {place} to `{resource}`"));
        let note: Vec<String> = denial.help.iter().cloned().chain(resource).collect();
        if note.is_empty() {
            return commands;
        }
        commands.with_note(format!("or correct the policy: {}", note.join("; ")))
    }
}
