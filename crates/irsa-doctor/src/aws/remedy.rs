//! What would let a role do what it may not.

use irsa_chain::Cause;
use serde_json::Value;

use super::inquiry::Denial;
use super::session::Asker;
use super::text::put_role_policy;

/// What is wanted of a role's policies.
pub(super) struct Wanted<'a> {
    /// The name for a policy of its own.
    pub(super) policy: &'static str,
    /// The statement that would allow it.
    pub(super) statement: &'a Value,
    /// What its `Resource` must be.
    pub(super) resource: &'a str,
    /// What is said where no statement comes near.
    pub(super) not_allowed: Cause,
}

impl Wanted<'_> {
    /// What to do about `denial`, which is for `cause`.
    pub(super) fn remedy(&self, asker: &Asker, denial: &Denial, cause: Cause) -> String {
        let boundary = asker.permissions.boundary.as_ref();
        let boundary = boundary.map_or("", |policy| policy.name.as_str());
        denial
            .remedy(cause, boundary, self.statement)
            .unwrap_or_else(|| self.grant(asker, denial, cause))
    }

    fn grant(&self, asker: &Asker, denial: &Denial, cause: Cause) -> String {
        let role = asker.role.arn.name();
        let help = denial.help.as_ref().map(|help| format!("{help}; "));
        let help = help.unwrap_or_default();
        let give = put_role_policy(role, self.policy, self.statement);
        if cause == self.not_allowed {
            return format!("{help}{give}");
        }
        let (place, resource) = (&denial.place, self.resource);
        format!("{help}let the `Resource` of {place} be `{resource}`, or {give}")
    }
}
