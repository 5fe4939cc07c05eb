//! EKS Pod Identity: no OIDC provider has a part in it, and the service assumes the role for the pod, with tags (EKS
//! user guide, "EKS Pod Identity role" and "Grant Pods access to AWS resources based on tags").

use irsa_aws::Role;
use irsa_chain::{Cause, ServiceAccount};
use irsa_explain::pod_identity::{ACTIONS, PRINCIPAL as SERVICE};
use irsa_explain::{Question, RequestContext, RequestKind};
use irsa_policy::{Layer, Mismatch};
use serde_json::{Value, json};

use super::authorization::{BUT_FOR_ORGANIZATIONS, Denial, Ruling, document, ruling};
use super::state::Aws;
use super::trust::trust_remedy;
use crate::CheckOutcome;

/// What is said of all that is about an OIDC provider.
pub(super) const NO_PROVIDER: &str =
    "EKS Pod Identity gives the session, and has no part for an OIDC provider";

/// "Grant Pods access to AWS resources based on tags": the tags that the service adds, and no others.
const TAGS_PAGE: &str = "https://docs.aws.amazon.com/eks/latest/userguide/pod-id-abac.html";

/// The tags whose values are unknown here.
const UNKNOWN_TAGS: [&str; 4] = [
    "eks-cluster-arn",
    "eks-cluster-name",
    "kubernetes-pod-name",
    "kubernetes-pod-uid",
];

/// The tags of the session that are known.
pub(super) fn tags(aws: &Aws) -> impl Iterator<Item = (&str, &str)> {
    let account = aws.workload.service_account.as_ref();
    let account = account.filter(|_| aws.is_pod_identity());
    account.into_iter().flat_map(of_account)
}

fn of_account(account: &ServiceAccount) -> [(&str, &str); 2] {
    [
        ("kubernetes-namespace", account.namespace()),
        ("kubernetes-service-account", account.name()),
    ]
}

/// Fills in the service's tags under this prefix, such as `aws:RequestTag/`; it adds no others.
fn fill_tags(context: &mut RequestContext, prefix: &str, account: &ServiceAccount) {
    for (tag, value) in of_account(account) {
        context.fill(&format!("{prefix}{tag}"), [value]);
    }
    leave_unknown(context, prefix);
    context.leave_out(prefix, TAGS_PAGE);
}

/// Makes the service's tags unknown whose values are.
pub(super) fn leave_unknown(context: &mut RequestContext, prefix: &str) {
    for tag in UNKNOWN_TAGS {
        context.leave_unknown(&format!("{prefix}{tag}"));
    }
}

/// Returns whether the role trusts EKS Pod Identity and no OIDC provider.
pub(super) fn is_meant_by(role: &Role) -> bool {
    let policy: Value = serde_json::from_str(&role.trust_policy).unwrap_or_default();
    let statements = match &policy["Statement"] {
        Value::Array(all) => all.as_slice(),
        single => std::slice::from_ref(single),
    };
    let names_service = |value: &Value| match value {
        Value::Array(all) => all.iter().any(|one| one == SERVICE),
        single => single == SERVICE,
    };
    let mut principals = statements.iter().map(|one| &one["Principal"]);
    let is_trusted = principals
        .clone()
        .any(|principal| names_service(&principal["Service"]));
    is_trusted && !principals.any(|principal| !principal["Federated"].is_null())
}

/// Whether the role's trust policy lets the service assume it, and tag the session.
pub(super) fn admitted(role: &Role, account: &ServiceAccount) -> CheckOutcome {
    let name = format!("the trust policy of {}", role.arn.name());
    let mut context = RequestContext::new(RequestKind::PodIdentity);
    fill_tags(&mut context, "aws:RequestTag/", account);
    let mut by = String::new();
    for action in ACTIONS {
        let question = Question {
            principal: SERVICE.to_owned(),
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
    CheckOutcome::holds(format!(
        "{by} lets `{SERVICE}` assume it; associations are not read; {BUT_FOR_ORGANIZATIONS}"
    ))
}

fn denied(role: &Role, account: &ServiceAccount, action: &str, denial: &Denial) -> CheckOutcome {
    let mut kept_by = denial.nearest.iter().flat_map(|miss| &miss.kept_by);
    let is_action = |mismatch: &Mismatch| matches!(mismatch, Mismatch::Action { .. });
    let cause = if kept_by.all(is_action) && denial.nearest.is_some() {
        Cause::TrustActionMismatch
    } else {
        Cause::TrustDenied
    };
    let statement = json!({
        "Effect": "Allow", "Principal": {"Service": SERVICE}, "Action": ACTIONS,
    });
    let seen = format!("`{SERVICE}` may not do `{action}`: {}", denial.seen);
    CheckOutcome::broken(cause, seen).remedy(trust_remedy(role, account, &statement, denial))
}
