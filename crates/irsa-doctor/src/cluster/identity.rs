//! The identity that a container was given.

use irsa_chain::duration::short;
use irsa_chain::{Cause, Link};
use irsa_kube::Pod;
use irsa_sidecar::names::eks::ROLE_ARN;

use super::containers::{
    self, AGENT, AGENT_TOKEN_FILE, ROLE as ROLE_VARIABLE, TOKEN_FILE, found, has_pod_identity,
    has_web_identity, may_go_without,
};
use super::text::{age, then_recreate};
use super::{Cluster, specified};
use crate::{Check, CheckOutcome, Place, Remedy};
use irsa_chain::untrusted::quoted;

/// Excludes a pod from identity injection.
pub(super) const SKIP_LABEL: &str = "eks.amazonaws.com/skip-pod-identity-webhook";
/// The label of pods on Fargate; its value is the name of the profile ("Fargate profile" in the EKS user guide).
const FARGATE_LABEL: &str = "eks.amazonaws.com/fargate-profile";
/// Excludes containers from identity injection: their names, separated by commas.
const SKIP_CONTAINERS: &str = "eks.amazonaws.com/skip-containers";

pub(super) static IDENTITY: Check = Check {
    id: "container-identity",
    place: Place::Cluster,
    link: Link::ServiceAccount,
    question: "Does the container have the pod's identity?",
    description: "Looks for AWS_ROLE_ARN and AWS_WEB_IDENTITY_TOKEN_FILE (or the two variables of EKS Pod Identity) in the \
               container, and checks whether the pod was created after the service account was annotated: the webhook \
               injects the identity only when a pod is created.",
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
        return CheckOutcome::not_applicable(
            "only a different container of the pod has an identity",
        );
    }
    if let Some(specified) = &cluster.specified
        && !specified.is_annotated
    {
        return specified::without_identity(specified, pod, container);
    }
    match cluster.learned.webhook_fault {
        Some(fault) => CheckOutcome::not_reached(fault),
        None => not_given(cluster, pod, name),
    }
}

/// Handles a pod on Fargate: EKS sets the variables of an association there although no agent runs.
fn without_agent(cluster: &Cluster, pod: &Pod) -> CheckOutcome {
    let account = cluster.service_account();
    let name = account.as_ref().map_or("NAME", |account| account.name());
    let namespace = &pod.metadata.namespace;
    CheckOutcome::broken(
        Cause::PodIdentityRefused,
        format!("{AGENT} is set, but the pod runs on Fargate, which has no EKS Pod Identity agent"),
    )
    .remedy(format!(
        "run the pod on EC2 nodes, or use IRSA instead: run `kubectl -n {namespace} annotate serviceaccount {name} \
         {ROLE_ARN}=ROLE_ARN`, delete the association (`aws eks list-pod-identity-associations --cluster-name CLUSTER \
         --namespace {namespace} --service-account {name}` lists it), then delete the pod"
    ))
}

fn half(pod: &Pod, set: &str, unset: &str) -> CheckOutcome {
    CheckOutcome::broken(
        Cause::HalfAnIdentity,
        format!("{set} is set, but {unset} is not: EKS injects neither if the pod template sets one of them"),
    )
    .remedy(format!(
        "remove {set} from `env` in the template of {} so that EKS injects both, or set {unset} as well",
        pod.template()
    ))
}

fn not_given(cluster: &Cluster, pod: &Pod, name: &str) -> CheckOutcome {
    if pod.is_mirror() {
        return CheckOutcome::broken(
            Cause::NoIdentityGiven,
            "this is a static pod: the kubelet starts it without the API server, so it gets no service account token",
        )
        .remedy("run it as a Deployment or DaemonSet");
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
            "remove `{name}` from {SKIP_CONTAINERS} in the template of {}, which recreates its pods",
            pod.template()
        ));
    }
    if containers::any_has_identity(pod) {
        return came_later(cluster, pod, name);
    }
    not_mutated(cluster, pod)
}

/// Handles a container that a different webhook added after the identity webhook had run.
fn came_later(cluster: &Cluster, pod: &Pod, name: &str) -> CheckOutcome {
    let own = format!(
        "configure the webhook that adds `{name}` to add the variables, the volume and the mount too"
    );
    let webhook = cluster.learned.webhook.as_ref();
    let again = webhook.filter(|webhook| webhook.reinvocation_policy != "IfNeeded");
    let again = again.map(|_| {
        format!(
            ", or let the API server call the identity webhook again after the others: `kubectl patch \
             mutatingwebhookconfiguration {} --type json -p '[{{\"op\": \"add\", \"path\": \
             \"/webhooks/0/reinvocationPolicy\", \"value\": \"IfNeeded\"}}]'`",
            cluster.learned.webhook_configuration
        )
    });
    let (namespace, pod) = (&pod.metadata.namespace, &pod.metadata.name);
    CheckOutcome::broken(
        Cause::PodNotMutated,
        format!(
            "a different container of the pod has the identity, but `{name}` does not: a webhook that ran after the \
             identity webhook added this container"
        ),
    )
    .remedy(format!(
        "{own}{}; then `kubectl -n {namespace} delete pod {pod}`",
        again.unwrap_or_default()
    ))
}

/// The outcome for a pod whose label excludes it from identity injection.
pub(super) fn skipped(pod: &Pod) -> CheckOutcome {
    let (namespace, template) = (&pod.metadata.namespace, pod.template());
    CheckOutcome::broken(
        Cause::PodSkipped,
        format!("the pod has the label {SKIP_LABEL}, so the API server does not call the webhook for it"),
    )
    .remedy(format!(
        "remove the label from the template: `kubectl -n {namespace} patch {template} --type json -p '[{{\"op\": \
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
            format!("the annotation was set {} after the pod was created", short(late)),
            "restarting its containers is not enough: the webhook injects the identity when a pod is created",
        ),
        None => (
            "the annotation is older than the pod: the API server did not call the webhook, the call failed, or the \
             webhook had not seen the annotation yet"
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
