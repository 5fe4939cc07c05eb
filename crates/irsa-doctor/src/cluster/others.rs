//! Other credentials of a container.

use irsa_chain::{Cause, Link};
use irsa_kube::{Container, Pod};
use irsa_sidecar::names::eks::ROLE_ARN;

use super::Cluster;
use super::containers::{found, has_pod_identity, has_web_identity};
use crate::{Check, CheckOutcome, Place};

/// The variables that SDKs use before a web identity.
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
    question: "Is this the only identity of the container?",
    description: "Looks for access keys and profiles in the container's environment, which AWS SDKs use first, and for \
               IRSA combined with EKS Pod Identity. Secrets are not read.",
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
            format!("{other} is set, and AWS SDKs use it first"),
        )
        .remedy(format!(
            "remove {other} from `env` of container {name} in the template of {}",
            pod.template()
        ));
    }
    if has_web_identity(container) && has_pod_identity(container) {
        return CheckOutcome::warning(
            Cause::AnotherIdentityGiven,
            "it has the variables of both IRSA and EKS Pod Identity; AWS SDKs use those of IRSA",
        )
        .remedy(one_identity(cluster, pod));
    }
    unread(pod, container)
        .unwrap_or_else(|| CheckOutcome::holds("no access key and no profile in its environment"))
}

/// The remedy for both identities: EKS injects their variables, so the pod template has neither.
fn one_identity(cluster: &Cluster, pod: &Pod) -> String {
    let namespace = &pod.metadata.namespace;
    let account = cluster.service_account();
    let name = account.as_ref().map_or("NAME", |account| account.name());
    format!(
        "keep one identity: to keep EKS Pod Identity, run `kubectl -n {namespace} annotate serviceaccount {name} \
         {ROLE_ARN}-`; to keep IRSA, delete the association that `aws eks list-pod-identity-associations --cluster-name \
         CLUSTER --namespace {namespace} --service-account {name}` lists. Then delete the pods. EKS injects the variables, \
         so there is nothing to remove from the pod template"
    )
}

/// The outcome if a Secret or ConfigMap, whose keys are not known here, may set AWS variables in the environment.
fn unread(pod: &Pod, container: &Container) -> Option<CheckOutcome> {
    let sources = container.env_from.iter();
    let mut sources = sources
        .filter(|source| "AWS_".starts_with(&source.prefix) || source.prefix.starts_with("AWS_"));
    let object = &sources.next()?.object;
    let (namespace, name) = (&pod.metadata.namespace, &pod.metadata.name);
    let seen = CheckOutcome::unsure(format!(
        "its environment includes {object} (`envFrom`), which is not read"
    ));
    Some(seen.remedy(format!(
        "check from inside the container whether it sets an access key: `kubectl -n {namespace} exec {name} -c {} -- irsa \
         doctor`",
        container.name
    )))
}
