//! EKS Pod Identity as the source of sessions: which roles are meant for it, and how to describe a pod to the service (EKS
//! user guide, "EKS Pod Identity role" and "Grant Pods access to AWS resources based on tags").

use irsa_aws::Role;
use irsa_chain::{Arn, ServiceAccount};
use irsa_explain::PodIdentity;
use irsa_explain::pod_identity::PRINCIPAL;
use serde_json::Value;

/// The outcome of every check of an OIDC provider.
pub(super) const NO_PROVIDER: &str =
    "the session comes from EKS Pod Identity, which uses no OIDC provider";

/// A pod with this service account, in the cluster if that is known. Session tags are on, which is the default.
pub(super) const fn pod<'a>(
    service_account: &'a ServiceAccount,
    cluster: Option<&'a Arn>,
) -> PodIdentity<'a> {
    PodIdentity {
        service_account,
        cluster,
        has_tags: true,
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
        Value::Array(all) => all.iter().any(|one| one == PRINCIPAL),
        single => single == PRINCIPAL,
    };
    let mut principals = statements.iter().map(|one| &one["Principal"]);
    let is_trusted = principals
        .clone()
        .any(|principal| names_service(&principal["Service"]));
    is_trusted && !principals.any(|principal| !principal["Federated"].is_null())
}
