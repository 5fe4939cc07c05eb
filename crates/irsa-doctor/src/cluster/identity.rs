//! What identity a container was given.

use irsa_chain::{Cause, Link};
use irsa_kube::{Container, Pod, Variable};

use super::Cluster;
use super::account::{ROLE_ARN, annotated_role};
use super::containers::{
    AGENT, AGENT_TOKEN_FILE, ROLE as ROLE_VARIABLE, TOKEN_FILE, has_pod_identity, has_web_identity,
    may_go_without,
};
use super::text::{age, quoted, span};
use crate::{Check, Place, Seen};

/// Keeps the identity out of a whole pod.
pub(super) const SKIP_LABEL: &str = "eks.amazonaws.com/skip-pod-identity-webhook";
/// Keeps the identity out of containers, as a list with commas.
const SKIP_CONTAINERS: &str = "eks.amazonaws.com/skip-containers";
/// What SDKs take before a web identity.
const OTHERS_FIRST: [&str; 4] = [
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_PROFILE",
];

pub(super) static IDENTITY: Check = Check {
    id: "container-identity",
    place: Place::Cluster,
    link: Link::ServiceAccount,
    question: "Was the container given the identity?",
    looks_at: "Looks for AWS_ROLE_ARN and AWS_WEB_IDENTITY_TOKEN_FILE (or the two variables of EKS Pod Identity) in the \
               container, and compares the pod's age with the annotation's: the webhook acts only when a pod is created.",
    causes: &[
        Cause::PodNotMutated,
        Cause::PodSkipped,
        Cause::ContainerSkipped,
        Cause::HalfAnIdentity,
        Cause::NoIdentityGiven,
    ],
    needs: &["cluster-pod", "account-annotation"],
};

pub(super) static ROLE: Check = Check {
    id: "container-role",
    place: Place::Cluster,
    link: Link::ServiceAccount,
    question: "Is the container's role the service account's?",
    looks_at: "Compares the container's AWS_ROLE_ARN with the annotation. The webhook leaves a value alone that the pod's \
               template has set.",
    causes: &[Cause::RoleArnDiffers],
    needs: &["container-identity", "account-role"],
};

pub(super) static OTHERS: Check = Check {
    id: "container-other-identity",
    place: Place::Cluster,
    link: Link::ServiceAccount,
    question: "Is it the only identity that the container was given?",
    looks_at: "Looks for access keys and profiles in the container's environment, which AWS's SDKs take first, and for \
               IRSA and EKS Pod Identity side by side. Secrets are not read.",
    causes: &[Cause::AnotherIdentityGiven],
    needs: &["cluster-pod"],
};

pub(super) fn was_given(cluster: &mut Cluster, name: &str) -> Seen {
    let Some((pod, container)) = found(cluster, name) else {
        return Seen::not_reached("cluster-pod");
    };
    let variable = |name| container.variable(name).is_some();
    if has_web_identity(container) {
        return Seen::holds(format!("{ROLE_VARIABLE} and {TOKEN_FILE} are set"));
    }
    if has_pod_identity(container) {
        return Seen::holds(format!("{AGENT} and {AGENT_TOKEN_FILE} are set"));
    }
    for (one, other) in [(ROLE_VARIABLE, TOKEN_FILE), (AGENT, AGENT_TOKEN_FILE)] {
        if variable(one) != variable(other) {
            let (set, unset) = if variable(one) {
                (one, other)
            } else {
                (other, one)
            };
            return half(pod, set, unset);
        }
    }
    if may_go_without(cluster, pod, container) {
        return Seen::not_applicable("it was given none, another container of the pod was");
    }
    match cluster.learned.webhook_fault {
        Some(fault) => Seen::not_reached(fault),
        None => not_given(cluster, pod, name),
    }
}

fn half(pod: &Pod, set: &str, unset: &str) -> Seen {
    Seen::broken(
        Cause::HalfAnIdentity,
        format!("{set} is set, {unset} is not: the webhook leaves a pair alone that is half there"),
    )
    .remedy(format!(
        "take {set} out of `env` in the template of pod {}, so that the webhook sets both, or set {unset} as well",
        pod.metadata.name
    ))
}

fn not_given(cluster: &Cluster, pod: &Pod, name: &str) -> Seen {
    if pod.is_mirror() {
        return Seen::broken(
            Cause::NoIdentityGiven,
            "it is a static pod, which a kubelet starts by itself and which gets no service account's token",
        )
        .remedy("run it by a Deployment or DaemonSet");
    }
    if pod.metadata.labels.contains_key(SKIP_LABEL) {
        return skipped(pod);
    }
    let listed = pod.metadata.annotations.get(SKIP_CONTAINERS);
    if let Some(list) = listed
        && list.split(',').any(|skipped| skipped.trim() == name)
    {
        return Seen::broken(
            Cause::ContainerSkipped,
            format!("the pod's annotation {SKIP_CONTAINERS} is {}", quoted(list)),
        )
        .remedy(format!(
            "take `{name}` out of {SKIP_CONTAINERS} in the template of pod {}, which creates its pods anew",
            pod.metadata.name
        ));
    }
    not_mutated(cluster, pod)
}

/// The label that keeps the webhook away from the whole pod.
pub(super) fn skipped(pod: &Pod) -> Seen {
    let (namespace, name) = (&pod.metadata.namespace, &pod.metadata.name);
    Seen::broken(
        Cause::PodSkipped,
        format!("the pod has the label {SKIP_LABEL}, and the webhook is not asked"),
    )
    .remedy(format!(
        "take the label out of the template of pod {name}: `kubectl -n {namespace} patch deployment NAME --type json -p \
         '[{{\"op\": \"remove\", \"path\": \"/spec/template/metadata/labels/eks.amazonaws.com~1skip-pod-identity-webhook\"}}]'`"
    ))
}

fn not_mutated(cluster: &Cluster, pod: &Pod) -> Seen {
    let account = cluster.learned.account.as_ref();
    let annotated = account.and_then(|account| account.metadata.annotated(ROLE_ARN));
    let (namespace, name) = (&pod.metadata.namespace, &pod.metadata.name);
    let delete = format!("`kubectl -n {namespace} delete pod {name}`");
    let late = annotated.zip(pod.metadata.created);
    let late = late.and_then(|(annotated, created)| annotated.duration_since(created).ok());
    let (why, remedy) = match late.filter(|late| late.as_secs() > 0) {
        Some(late) => (
            format!("the annotation was set {} after the pod was created", span(late)),
            format!("{delete}, so that it is created anew; restarting its containers is not enough"),
        ),
        None => (
            "the annotation was there by then, so the webhook was not asked, failed, or did not know of it yet".to_owned(),
            format!(
                "{delete}; if the new one has none either, look at the webhook's log, and at the way from the API server \
                 to its port"
            ),
        ),
    };
    let age = age(pod.metadata.created, cluster.now);
    Seen::broken(
        Cause::PodNotMutated,
        format!("{ROLE_VARIABLE} and {TOKEN_FILE} are missing; the pod is {age}, and {why}"),
    )
    .remedy(remedy)
}

pub(super) fn is_the_accounts(cluster: &mut Cluster, name: &str) -> Seen {
    let Some((pod, container)) = found(cluster, name) else {
        return Seen::not_reached("cluster-pod");
    };
    let Some(variable) = container.variable(ROLE_VARIABLE) else {
        return Seen::not_applicable(format!("{ROLE_VARIABLE} is not set"));
    };
    let Some(annotated) = annotated_role(cluster) else {
        return Seen::not_applicable("the service account names no role");
    };
    match variable.value.as_deref() {
        None => from_elsewhere(pod, name, variable),
        Some(value) if value == annotated => {
            Seen::holds(format!("{} in both", quoted(value)))
        }
        Some(value) => Seen::broken(
            Cause::RoleArnDiffers,
            format!(
                "{ROLE_VARIABLE} is {}, the annotation {}",
                quoted(value),
                quoted(annotated)
            ),
        )
        .remedy(format!(
            "take {ROLE_VARIABLE} out of `env` in the template of pod {} (a chart may set it), or correct the annotation \
             if the pod is right; if the annotation was changed later, delete the pod",
            pod.metadata.name
        )),
    }
}

fn from_elsewhere(pod: &Pod, container: &str, variable: &Variable) -> Seen {
    let name = &variable.name;
    if !variable.is_from_elsewhere {
        return Seen::broken(Cause::RoleArnDiffers, format!("{name} is set, and empty"));
    }
    let (namespace, pod) = (&pod.metadata.namespace, &pod.metadata.name);
    Seen::unsure(format!(
        "{name} comes from another object (`valueFrom`), which is not read"
    ))
    .remedy(format!(
        "`kubectl -n {namespace} exec {pod} -c {container} -- irsa doctor` sees it"
    ))
}

pub(super) fn is_the_only_one(cluster: &mut Cluster, name: &str) -> Seen {
    let Some((pod, container)) = found(cluster, name) else {
        return Seen::not_reached("cluster-pod");
    };
    let mut first = OTHERS_FIRST.into_iter();
    if let Some(other) = first.find(|other| container.variable(other).is_some()) {
        return Seen::broken(
            Cause::AnotherIdentityGiven,
            format!("{other} is set, and SDKs take it first"),
        )
        .remedy(format!(
            "take {other} out of `env` of container {name} in the template of pod {}",
            pod.metadata.name
        ));
    }
    if has_web_identity(container) && has_pod_identity(container) {
        return Seen::warning(
            Cause::AnotherIdentityGiven,
            "it has the variables of IRSA and of EKS Pod Identity; SDKs take IRSA's",
        );
    }
    unread(pod, container)
        .unwrap_or_else(|| Seen::holds("no access key and no profile in its environment"))
}

/// A Secret or ConfigMap whose keys are in the environment by names that can't be seen.
fn unread(pod: &Pod, container: &Container) -> Option<Seen> {
    let sources = container.env_from.iter();
    let mut sources = sources
        .filter(|source| "AWS_".starts_with(&source.prefix) || source.prefix.starts_with("AWS_"));
    let object = &sources.next()?.object;
    let (namespace, name) = (&pod.metadata.namespace, &pod.metadata.name);
    let seen = Seen::unsure(format!(
        "{object} is in its environment (`envFrom`), and is not read"
    ));
    Some(seen.remedy(format!(
        "`kubectl -n {namespace} exec {name} -c {} -- irsa doctor` sees whether there is an access key in it",
        container.name
    )))
}

/// The pod and one of its containers.
pub(super) fn found<'a>(cluster: &'a Cluster, name: &str) -> Option<(&'a Pod, &'a Container)> {
    let pod = cluster.learned.pod.as_ref()?;
    Some((pod, pod.container(name)?))
}
