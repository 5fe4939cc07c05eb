//! The pod identity webhook.

use irsa_chain::{Cause, Link};
use irsa_kube::{ReadError, Selector, Webhook, WebhookConfiguration};

use super::identity::{SKIP_LABEL, skipped};
use super::text::unreadable;
use super::{Cluster, containers};
use crate::{Check, CheckOutcome, Place};

/// The configuration's name on EKS and in the webhook's own manifests.
const CONFIGURATION: &str = "pod-identity-webhook";
/// The webhook's name on EKS, and in its own manifests.
const NAMES: [&str; 2] = [
    "iam-for-pods.amazonaws.com",
    "pod-identity-webhook.amazonaws.com",
];
/// The outcome for a workload whose sidecar alone has the role.
const SIDECAR_ONLY: &str = "irsa.yaml gives the role to the sidecar only, whose template has it";
/// The volume that the webhook adds.
const VOLUME: &str = "aws-iam-token";
/// A label that every namespace has, and its value for the cluster's own pods.
const NAME_LABEL: (&str, &str) = ("kubernetes.io/metadata.name", "kube-system");

pub(super) static WEBHOOK: Check = Check {
    id: "identity-webhook",
    place: Place::Cluster,
    link: Link::ServiceAccount,
    question: "Does the cluster have the pod identity webhook?",
    description: "Looks for the mutating webhook configuration `pod-identity-webhook`, which is part of EKS. A pod whose \
               template sets the variables and the volume itself does not need it.",
    causes: &[Cause::WebhookMissing],
    needs: &["cluster-pod"],
};

pub(super) static POLICY: Check = Check {
    id: "webhook-policy",
    place: Place::Cluster,
    link: Link::ServiceAccount,
    question: "Can system pods start while the webhook is down?",
    description: "Reads `failurePolicy` and the selectors: with `Fail` and no exclusions, no pod in kube-system can start \
               while the webhook is down, not even the webhook itself. With `Ignore`, the value on EKS, pods start without \
               an identity in the meantime.",
    causes: &[Cause::WebhookLocksOut],
    needs: &["identity-webhook"],
};

pub(super) static SELECTION: Check = Check {
    id: "webhook-selects",
    place: Place::Cluster,
    link: Link::ServiceAccount,
    question: "Does the webhook select this pod?",
    description: "Applies the webhook's namespaceSelector and objectSelector to the labels of the namespace and the pod.",
    causes: &[Cause::PodSkipped, Cause::PodNotMutated],
    needs: &["identity-webhook", "cluster-pod"],
};

pub(super) async fn exists(cluster: &mut Cluster) -> CheckOutcome {
    match find(cluster).await {
        Ok(Some((configuration, webhook))) => {
            let seen = format!("{configuration} calls {}", address(&webhook));
            cluster.learned.webhook = Some(webhook);
            cluster.learned.webhook_configuration = configuration;
            CheckOutcome::holds(seen)
        }
        Ok(None) if !cluster.is_injected() => CheckOutcome::not_applicable(SIDECAR_ONLY),
        Ok(None) => missing(cluster),
        Err(error) => unreadable(&error),
    }
}

async fn find(cluster: &Cluster) -> Result<Option<(String, Webhook)>, ReadError> {
    let all = match &cluster.webhook {
        None => cluster.reader.webhook_configurations().await?,
        Some(name) => match cluster.reader.webhook_configuration(name).await {
            Ok(configuration) => return Ok(first(configuration)),
            Err(error) if error.is_absent() => Vec::new(),
            Err(error) => return Err(error),
        },
    };
    let is_it = |configuration: &WebhookConfiguration| {
        configuration.metadata.name == CONFIGURATION
            || configuration
                .webhooks
                .iter()
                .any(|webhook| NAMES.contains(&webhook.name.as_str()))
    };
    Ok(all.into_iter().find(is_it).and_then(first))
}

fn first(configuration: WebhookConfiguration) -> Option<(String, Webhook)> {
    let webhook = configuration.webhooks.into_iter().next()?;
    Some((configuration.metadata.name, webhook))
}

/// The URL or service that the API server calls.
fn address(webhook: &Webhook) -> String {
    let at = &webhook.client_config;
    match (&at.url, &at.service) {
        (Some(url), _) => url.clone(),
        (None, Some(service)) => format!("service {}/{}", service.namespace, service.name),
        (None, None) => "no address".to_owned(),
    }
}

fn missing(cluster: &mut Cluster) -> CheckOutcome {
    let name = cluster.webhook.as_deref().unwrap_or(CONFIGURATION);
    let what = format!("the cluster has no mutating webhook configuration `{name}`");
    match &cluster.learned.pod {
        Some(pod) if containers::any_has_identity(pod) && pod.volume(VOLUME).is_none() => {
            CheckOutcome::not_applicable(format!(
                "{what}, but the pod does not need it: its template configures the identity"
            ))
        }
        Some(pod) if containers::any_has_identity(pod) => CheckOutcome::warning(
            Cause::WebhookMissing,
            format!("{what} anymore: this pod has its identity, but the next one will not"),
        ),
        _ => {
            cluster.learned.webhook_fault = Some(WEBHOOK.id);
            CheckOutcome::broken(Cause::WebhookMissing, what)
        }
    }
}

pub(super) async fn excludes_system_pods(cluster: &mut Cluster) -> CheckOutcome {
    let Some(webhook) = &cluster.learned.webhook else {
        return CheckOutcome::not_applicable("the cluster has no pod identity webhook");
    };
    if webhook.failure_policy != "Fail" {
        return CheckOutcome::holds(format!(
            "failurePolicy is {}: pods start without an identity while the webhook is down",
            webhook.failure_policy
        ));
    }
    let (label, system) = NAME_LABEL;
    let labels = [(label.to_owned(), system.to_owned())].into();
    let leaves_out = !webhook.namespace_selector.selects(&labels);
    let asks_only_some =
        !webhook.object_selector.match_labels.is_empty() || has_positive(&webhook.object_selector);
    if leaves_out || asks_only_some || webhook.match_conditions > 0 {
        return CheckOutcome::holds(
            "failurePolicy is Fail, and the selectors exclude the system pods",
        );
    }
    CheckOutcome::warning(
        Cause::WebhookLocksOut,
        "failurePolicy is Fail and kube-system is not excluded: no pod there can start while the webhook is down",
    )
    .remedy(format!(
        "run `kubectl edit mutatingwebhookconfiguration {}` and add `namespaceSelector: {{matchExpressions: [{{key: \
         kubernetes.io/metadata.name, operator: NotIn, values: [kube-system]}}]}}`, plus the webhook's own namespace if \
         it is a different one, or set `failurePolicy: Ignore`",
        cluster.learned.webhook_configuration
    ))
}

/// Returns whether the selector requires a label, so that pods are selected only if they opt in.
fn has_positive(selector: &Selector) -> bool {
    let mut all = selector.match_expressions.iter();
    all.any(|condition| matches!(condition.operator.as_str(), "In" | "Exists"))
}

pub(super) async fn selects_pod(cluster: &mut Cluster) -> CheckOutcome {
    let (Some(webhook), Some(pod)) = (&cluster.learned.webhook, &cluster.learned.pod) else {
        return CheckOutcome::not_applicable("no webhook or no pod was found");
    };
    if !cluster.is_injected() {
        return CheckOutcome::not_applicable(SIDECAR_ONLY);
    }
    let is_given = containers::any_has_identity(pod);
    let seen = match webhook.object_selector.unmet(&pod.metadata.labels) {
        Some(_) if pod.metadata.labels.contains_key(SKIP_LABEL) => skipped(pod),
        Some(unmet) => CheckOutcome::broken(
            Cause::PodSkipped,
            format!("the pod's labels do not match the webhook's objectSelector: {unmet}"),
        )
        .remedy(format!(
            "add the labels `{unmet}` to the template of {}",
            pod.template()
        )),
        None => match selects_namespace(cluster, webhook).await {
            Ok(seen) => seen,
            Err(error) => return unreadable(&error),
        },
    };
    if seen.cause.is_some() && is_given {
        return CheckOutcome::not_applicable(
            "the webhook does not select the pod, but the pod template configures the identity",
        );
    }
    if seen.cause.is_some() {
        cluster.learned.webhook_fault = Some(SELECTION.id);
    }
    seen
}

async fn selects_namespace(
    cluster: &Cluster,
    webhook: &Webhook,
) -> Result<CheckOutcome, ReadError> {
    let selector = &webhook.namespace_selector;
    let conditions = match webhook.match_conditions {
        0 => String::new(),
        1 => "; its CEL match condition is not evaluated here".to_owned(),
        count => format!("; its {count} CEL match conditions are not evaluated here"),
    };
    let holds = CheckOutcome::holds(format!("its selectors match the pod{conditions}"));
    if *selector == Selector::default() {
        return Ok(holds);
    }
    let name = cluster.namespace();
    let namespace = cluster.reader.namespace(name).await?;
    Ok(match selector.unmet(&namespace.metadata.labels) {
        None => holds,
        Some(unmet) => CheckOutcome::broken(
            Cause::PodNotMutated,
            format!("the labels of namespace {name} do not match the webhook's namespaceSelector: {unmet}"),
        )
        .remedy(format!("run `kubectl label namespace {name} '{unmet}'` and delete the pod")),
    })
}
