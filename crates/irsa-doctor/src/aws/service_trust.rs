//! The decision of the role's trust policy on EKS Pod Identity.

use irsa_aws::Role;
use irsa_chain::{Arn, Cause, ServiceAccount};
use irsa_explain::Question;
use irsa_explain::pod_identity::{ACTIONS, PRINCIPAL};
use irsa_policy::{Layer, Mismatch};
use serde_json::json;

use super::authorization::{Denial, ORGANIZATION_CAVEAT, Ruling, document, ruling};
use super::pod_identity;
use super::trust_remedy::trust_remedy;
use crate::CheckOutcome;

/// Checks that the role's trust policy allows the service to assume the role and to tag the session.
pub(super) fn admitted(
    role: &Role,
    account: &ServiceAccount,
    cluster: Option<&Arn>,
) -> CheckOutcome {
    let name = format!("the trust policy of {}", role.arn.name());
    let context = pod_identity::pod(account, cluster).context(Some(role.arn.account()));
    let mut by = String::new();
    for action in ACTIONS {
        let question = Question {
            principal: PRINCIPAL.to_owned(),
            action: action.to_owned(),
            context: context.clone(),
            policies: vec![document(Layer::Resource, name.as_str(), &role.trust_policy)],
            ..Question::default()
        };
        match ruling(&question) {
            Ruling::Allowed(statement) => by = statement,
            Ruling::Denied(denial) => return denied(role, account, action, &denial),
            Ruling::Doubtful(why) | Ruling::Unreadable(why) => return CheckOutcome::unsure(why),
        }
    }
    let unread = match cluster {
        Some(_) => "",
        None => "; associations are not read",
    };
    CheckOutcome::holds(format!(
        "{by} allows `{PRINCIPAL}` to assume the role{unread}; {ORGANIZATION_CAVEAT}"
    ))
}

fn denied(role: &Role, account: &ServiceAccount, action: &str, denial: &Denial) -> CheckOutcome {
    let mut kept_by = denial.nearest.iter().flat_map(|miss| &miss.mismatches);
    let is_action = |mismatch: &Mismatch| matches!(mismatch, Mismatch::Action { .. });
    let cause = if kept_by.all(is_action) && denial.nearest.is_some() {
        Cause::TrustActionMismatch
    } else {
        Cause::TrustDenied
    };
    let statement = json!({
        "Effect": "Allow", "Principal": {"Service": PRINCIPAL}, "Action": ACTIONS,
    });
    let seen = format!(
        "`{action}` by `{PRINCIPAL}` is not allowed: {}",
        denial.seen
    );
    CheckOutcome::broken(cause, seen).remedy(trust_remedy(role, account, &statement, denial))
}
