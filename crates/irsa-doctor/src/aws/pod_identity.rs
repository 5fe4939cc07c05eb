//! EKS Pod Identity: no OIDC provider has a part in it, and the service assumes the role for the pod, with tags (EKS
//! user guide, "EKS Pod Identity role" and "Grant Pods access to AWS resources based on tags").

use irsa_aws::Role;
use irsa_chain::{Cause, ServiceAccount};
use irsa_policy::{Context, Layer, Mismatch, Principal, Request};
use serde_json::json;

use super::inquiry::{BUT_FOR_ORGANIZATIONS, Denial, Inquiry, Ruling, Source};
use super::state::Aws;
use crate::CheckOutcome;

/// What is said of all that is about an OIDC provider.
pub(super) const NO_PROVIDER: &str =
    "EKS Pod Identity gives the session, and has no part for an OIDC provider";

const SERVICE: &str = "pods.eks.amazonaws.com";
const ACTIONS: [&str; 2] = ["sts:AssumeRole", "sts:TagSession"];

/// What the service's call has besides, and can't be known here.
const UNKNOWN_OF_CALL: [&str; 6] = [
    "aws:requesttag/eks-cluster-arn",
    "aws:requesttag/eks-cluster-name",
    "aws:requesttag/kubernetes-pod-name",
    "aws:requesttag/kubernetes-pod-uid",
    "aws:sourceaccount",
    "aws:sourcearn",
];

/// Tags of the session that can't be known here.
const UNKNOWN_TAGS: [&str; 4] = [
    "aws:principaltag/eks-cluster-arn",
    "aws:principaltag/eks-cluster-name",
    "aws:principaltag/kubernetes-pod-name",
    "aws:principaltag/kubernetes-pod-uid",
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

/// Those that are not.
pub(super) fn unknown_tags(aws: &Aws) -> &'static [&'static str] {
    if aws.is_pod_identity() {
        &UNKNOWN_TAGS
    } else {
        &[]
    }
}

/// Whether the role's trust policy lets the service assume it, and tag the session.
pub(super) fn admitted(role: &Role, account: &ServiceAccount) -> CheckOutcome {
    let name = format!("the trust policy of {}", role.arn.name());
    let mut context = Context::new();
    for (tag, value) in of_account(account) {
        context = context.with(format!("aws:RequestTag/{tag}"), value);
    }
    let mut by = String::new();
    for action in ACTIONS {
        let inquiry = Inquiry {
            unknown: &UNKNOWN_OF_CALL,
            sources: vec![Source {
                layer: Layer::Resource,
                name: &name,
                text: &role.trust_policy,
            }],
            request: Request {
                principal: Principal::Service(SERVICE),
                action,
                resource: None,
                context: &context,
            },
        };
        match inquiry.ruling() {
            Ruling::Allowed(statement) => by = statement,
            Ruling::Denied(denial) => return denied(role, action, &denial),
            Ruling::Doubtful(why) | Ruling::Unreadable(why) => return CheckOutcome::unsure(why),
        }
    }
    CheckOutcome::holds(format!(
        "{by} lets `{SERVICE}` assume it; {BUT_FOR_ORGANIZATIONS}"
    ))
}

fn denied(role: &Role, action: &str, denial: &Denial) -> CheckOutcome {
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
    CheckOutcome::broken(cause, seen).remedy(format!(
        "let the trust policy have the statement `{statement}`: `aws iam update-assume-role-policy --role-name {} \
         --policy-document file://trust.json`",
        role.arn.name()
    ))
}
