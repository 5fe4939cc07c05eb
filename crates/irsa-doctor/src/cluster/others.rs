//! Identities that a container was given besides.

use irsa_chain::{Cause, Link};
use irsa_kube::{Container, Pod};

use super::Cluster;
use super::account::ROLE_ARN;
use super::containers::{found, has_pod_identity, has_web_identity};
use crate::{Check, CheckOutcome, Place};

/// What SDKs take before a web identity.
const OTHERS_FIRST: [&str; 4] = [
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_PROFILE",
];

pub(super) static OTHERS: Check = Check {
    id: "container-other-identity",
    place: Place::Cluster,
    link: Link::ServiceAccount,
    question: "Is it the only identity that the container was given?",
    description: "Looks for access keys and profiles in the container's environment, which AWS's SDKs take first, and for \
               IRSA and EKS Pod Identity side by side. Secrets are not read.",
    causes: &[Cause::AnotherIdentityGiven],
    needs: &["cluster-pod"],
};

pub(super) fn is_the_only_one(cluster: &mut Cluster, name: &str) -> CheckOutcome {
    let Some((pod, container)) = found(cluster, name) else {
        return CheckOutcome::not_reached("cluster-pod");
    };
    let mut first = OTHERS_FIRST.into_iter();
    if let Some(other) = first.find(|other| container.variable(other).is_some()) {
        return CheckOutcome::broken(
            Cause::AnotherIdentityGiven,
            format!("{other} is set, and SDKs take it first"),
        )
        .remedy(format!(
            "remove {other} from `env` of container {name} in the template of {}",
            pod.template()
        ));
    }
    if has_web_identity(container) && has_pod_identity(container) {
        return CheckOutcome::warning(
            Cause::AnotherIdentityGiven,
            "it has the variables of IRSA and of EKS Pod Identity; SDKs take IRSA's",
        )
        .remedy(one_identity(cluster, pod));
    }
    unread(pod, container)
        .unwrap_or_else(|| CheckOutcome::holds("no access key and no profile in its environment"))
}

/// EKS injects both, so that neither is in the template.
fn one_identity(cluster: &Cluster, pod: &Pod) -> String {
    let namespace = &pod.metadata.namespace;
    let account = cluster.service_account();
    let name = account.as_ref().map_or("NAME", |account| account.name());
    format!(
        "keep one: for EKS Pod Identity run `kubectl -n {namespace} annotate serviceaccount {name} {ROLE_ARN}-`; for IRSA \
         delete the association that `aws eks list-pod-identity-associations --cluster-name CLUSTER --namespace \
         {namespace} --service-account {name}` lists. EKS injects the variables: removing them from the pod's template \
         changes nothing. Then delete the pods"
    )
}

/// A Secret or ConfigMap whose keys are in the environment by names that can't be seen.
fn unread(pod: &Pod, container: &Container) -> Option<CheckOutcome> {
    let sources = container.env_from.iter();
    let mut sources = sources
        .filter(|source| "AWS_".starts_with(&source.prefix) || source.prefix.starts_with("AWS_"));
    let object = &sources.next()?.object;
    let (namespace, name) = (&pod.metadata.namespace, &pod.metadata.name);
    let seen = CheckOutcome::unsure(format!(
        "{object} is in its environment (`envFrom`), and is not read"
    ));
    Some(seen.remedy(format!(
        "`kubectl -n {namespace} exec {name} -c {} -- irsa doctor` sees whether there is an access key in it",
        container.name
    )))
}
