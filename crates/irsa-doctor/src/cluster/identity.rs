//! What identity a container was given.

use irsa_chain::{Cause, Link};
use irsa_kube::Pod;

use super::Cluster;
use super::account::ROLE_ARN;
use super::containers::{
    self, AGENT, AGENT_TOKEN_FILE, ROLE as ROLE_VARIABLE, TOKEN_FILE, found, has_pod_identity,
    has_web_identity, may_go_without,
};
use super::text::{age, span, then_recreate};
use crate::{Check, CheckOutcome, Place, Remedy};
use irsa_chain::untrusted::quoted;

/// Keeps the identity out of a whole pod.
pub(super) const SKIP_LABEL: &str = "eks.amazonaws.com/skip-pod-identity-webhook";
/// Carried by pods on Fargate, with the profile's name ("Fargate profile" in the EKS user guide).
const FARGATE_LABEL: &str = "eks.amazonaws.com/fargate-profile";
/// Keeps the identity out of containers, as a list with commas.
const SKIP_CONTAINERS: &str = "eks.amazonaws.com/skip-containers";

pub(super) static IDENTITY: Check = Check {
    id: "container-identity",
    place: Place::Cluster,
    link: Link::ServiceAccount,
    question: "Was the container given the identity?",
    description: "Looks for AWS_ROLE_ARN and AWS_WEB_IDENTITY_TOKEN_FILE (or the two variables of EKS Pod Identity) in the \
               container, and compares the pod's age with the annotation's: the webhook acts only when a pod is created.",
    causes: &[
        Cause::PodNotMutated,
        Cause::PodSkipped,
        Cause::ContainerSkipped,
        Cause::HalfAnIdentity,
        Cause::NoIdentityGiven,
        Cause::PodIdentityRefused,
    ],
    needs: &["cluster-pod", "account-annotation"],
};

pub(super) fn was_given(cluster: &mut Cluster, name: &str) -> CheckOutcome {
    let Some((pod, container)) = found(cluster, name) else {
        return CheckOutcome::not_reached("cluster-pod");
    };
    let variable = |name| container.variable(name).is_some();
    if has_web_identity(container) {
        return CheckOutcome::holds(format!("{ROLE_VARIABLE} and {TOKEN_FILE} are set"));
    }
    if has_pod_identity(container) && pod.metadata.labels.contains_key(FARGATE_LABEL) {
        return without_agent(cluster, pod);
    }
    if has_pod_identity(container) {
        return CheckOutcome::holds(format!("{AGENT} and {AGENT_TOKEN_FILE} are set"));
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
        return CheckOutcome::not_applicable("it was given none, another container of the pod was");
    }
    match cluster.learned.webhook_fault {
        Some(fault) => CheckOutcome::not_reached(fault),
        None => not_given(cluster, pod, name),
    }
}

/// EKS gives a pod on Fargate the variables of its association all the same.
fn without_agent(cluster: &Cluster, pod: &Pod) -> CheckOutcome {
    let account = cluster.service_account();
    let name = account.as_ref().map_or("NAME", |account| account.name());
    let namespace = &pod.metadata.namespace;
    CheckOutcome::broken(
        Cause::PodIdentityRefused,
        format!("{AGENT} is set, and the pod runs on Fargate, where there is no agent of EKS Pod Identity"),
    )
    .remedy(format!(
        "run it on EC2 nodes, or give it IRSA: `kubectl -n {namespace} annotate serviceaccount {name} {ROLE_ARN}=ROLE_ARN`, \
         delete the association (`aws eks list-pod-identity-associations --cluster-name CLUSTER --namespace {namespace} \
         --service-account {name}`), then the pod"
    ))
}

fn half(pod: &Pod, set: &str, unset: &str) -> CheckOutcome {
    CheckOutcome::broken(
        Cause::HalfAnIdentity,
        format!("{set} is set, {unset} is not: EKS adds neither when the pod's template has one"),
    )
    .remedy(format!(
        "remove {set} from `env` in the template of {}, so that EKS sets both, or set {unset} as well",
        pod.template()
    ))
}

fn not_given(cluster: &Cluster, pod: &Pod, name: &str) -> CheckOutcome {
    if pod.is_mirror() {
        return CheckOutcome::broken(
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
        return CheckOutcome::broken(
            Cause::ContainerSkipped,
            format!("the pod's annotation {SKIP_CONTAINERS} is {}", quoted(list)),
        )
        .remedy(format!(
            "take `{name}` out of {SKIP_CONTAINERS} in the template of {}, which creates its pods anew",
            pod.template()
        ));
    }
    if containers::any_has_identity(pod) {
        return came_later(cluster, pod, name);
    }
    not_mutated(cluster, pod)
}

/// The webhook acted, and this container was not there yet: another webhook added it.
fn came_later(cluster: &Cluster, pod: &Pod, name: &str) -> CheckOutcome {
    let own = format!("let whoever adds `{name}` add variables, volume and mount to it");
    let webhook = cluster.learned.webhook.as_ref();
    let again = webhook.filter(|webhook| webhook.reinvocation_policy != "IfNeeded");
    let again = again.map(|_| {
        format!(
            ", or have the identity's webhook asked again after the others: `kubectl patch \
             mutatingwebhookconfiguration {} --type json -p '[{{\"op\": \"add\", \"path\": \
             \"/webhooks/0/reinvocationPolicy\", \"value\": \"IfNeeded\"}}]'`",
            cluster.learned.webhook_configuration
        )
    });
    let (namespace, pod) = (&pod.metadata.namespace, &pod.metadata.name);
    CheckOutcome::broken(
        Cause::PodNotMutated,
        format!(
            "another container of the pod was given it, and `{name}` was not: a webhook that acts after the identity's \
             has added it"
        ),
    )
    .remedy(format!(
        "{own}{}; then `kubectl -n {namespace} delete pod {pod}`",
        again.unwrap_or_default()
    ))
}

/// The label that keeps the webhook away from the whole pod.
pub(super) fn skipped(pod: &Pod) -> CheckOutcome {
    let (namespace, template) = (&pod.metadata.namespace, pod.template());
    CheckOutcome::broken(
        Cause::PodSkipped,
        format!("the pod has the label {SKIP_LABEL}, and the webhook is not asked"),
    )
    .remedy(format!(
        "take the label out of the template: `kubectl -n {namespace} patch {template} --type json -p '[{{\"op\": \
         \"remove\", \"path\": \"/spec/template/metadata/labels/eks.amazonaws.com~1skip-pod-identity-webhook\"}}]'`"
    ))
}

fn not_mutated(cluster: &Cluster, pod: &Pod) -> CheckOutcome {
    let account = cluster.learned.account.as_ref();
    let annotated = account.and_then(|account| account.metadata.annotated(ROLE_ARN));
    let late = annotated.zip(pod.metadata.created);
    let late = late.and_then(|(annotated, created)| annotated.duration_since(created).ok());
    let (why, note) = match late.filter(|late| late.as_secs() > 0) {
        Some(late) => (
            format!("the annotation was set {} after the pod was created", span(late)),
            "restarting its containers is not enough: the webhook acts when a pod is created",
        ),
        None => (
            "the annotation was there by then, so the API server did not call the webhook, the call failed, or the webhook \
             did not know the annotation yet"
                .to_owned(),
            "if the new pod has no identity either, check the webhook's log and the connection from the API server to its \
             port",
        ),
    };
    let remedy = match then_recreate(pod, None) {
        Remedy::Commands(commands) => commands.with_note(note).into(),
        Remedy::Advice(advice) => Remedy::from(format!("{advice}; {note}")),
    };
    let age = age(pod.metadata.created, cluster.now);
    CheckOutcome::broken(
        Cause::PodNotMutated,
        format!("{ROLE_VARIABLE} and {TOKEN_FILE} are missing; the pod is {age}, and {why}"),
    )
    .remedy(remedy)
}
