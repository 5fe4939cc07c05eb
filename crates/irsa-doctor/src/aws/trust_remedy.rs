//! The remedy for a trust policy that does not admit the workload.

use irsa_aws::Role;
use irsa_chain::ServiceAccount;
use irsa_policy::Reason;
use serde_json::Value;

use super::authorization::Denial;
use super::text::add_trust_statement;
use crate::{Commands, Remedy};

/// The commands that add the statement to the trust policy. They admit more principals, so their condition is that the
/// role is the intended one: a wrong annotation causes the same denial.
pub(super) fn trust_remedy(
    role: &Role,
    account: &ServiceAccount,
    statement: &Value,
    denial: &Denial,
) -> Remedy {
    let name = role.arn.name();
    if matches!(denial.outcome.reason, Reason::Denies(_)) {
        return Remedy::from(format!(
            "make sure that `{name}` is the role meant for `{account}`; then narrow or remove {}: an explicit Deny \
             overrides every Allow",
            denial.place
        ));
    }
    let Some(command) = add_trust_statement(role, statement) else {
        return Remedy::from(format!(
            "if `{name}` is the role meant for `{account}`, add the statement `{statement}` to its trust policy"
        ));
    };
    let help = denial.help.as_ref().map_or_else(String::new, |help| {
        format!("or correct the statement that almost matches: {help}; ")
    });
    Commands::new([command])
        .on_condition(format!("if `{name}` is the role meant for `{account}`"))
        .with_note(format!(
            "{help}if `{name}` is not that role, correct the annotation eks.amazonaws.com/role-arn (with Pod Identity, the \
             association)"
        ))
        .into()
}
