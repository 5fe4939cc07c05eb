//! The admission webhook that gives pods their identity.

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
/// The volume that the webhook adds.
const VOLUME: &str = "aws-iam-token";
/// A label that every namespace has, and its value for the cluster's own pods.
const NAME_LABEL: (&str, &str) = ("kubernetes.io/metadata.name", "kube-system");

pub(super) static WEBHOOK: Check = Check {
    id: "identity-webhook",
    place: Place::Cluster,
    link: Link::ServiceAccount,
    question: "Is there a webhook that gives new pods their identity?",
    description: "Looks for the mutating webhook configuration `pod-identity-webhook`, which EKS brings. A pod whose template \
               has variables and volume itself takes none.",
    causes: &[Cause::WebhookMissing],
    needs: &["cluster-pod"],
};

pub(super) static POLICY: Check = Check {
    id: "webhook-policy",
    place: Place::Cluster,
    link: Link::ServiceAccount,
    question: "Does the cluster survive the webhook's absence?",
    description: "Looks at `failurePolicy` and the selectors: with `Fail` and nothing left out, no pod of kube-system starts \
               while the webhook is down, its own neither. `Ignore`, which EKS has, lets pods start without an identity \
               meanwhile.",
    causes: &[Cause::WebhookLocksOut],
    needs: &["identity-webhook"],
};

pub(super) static SELECTION: Check = Check {
    id: "webhook-selects",
    place: Place::Cluster,
    link: Link::ServiceAccount,
    question: "Is the webhook asked about this pod?",
    description: "Applies the webhook's namespaceSelector and objectSelector to the labels of namespace and pod.",
    causes: &[Cause::PodSkipped, Cause::PodNotMutated],
    needs: &["identity-webhook", "cluster-pod"],
};

pub(super) async fn is_there(cluster: &mut Cluster) -> CheckOutcome {
    match find(cluster).await {
        Ok(Some((configuration, webhook))) => {
            let seen = format!("{configuration} asks {}", place(&webhook));
            cluster.learned.webhook = Some(webhook);
            cluster.learned.webhook_configuration = configuration;
            CheckOutcome::holds(seen)
        }
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

/// Where the API server asks.
fn place(webhook: &Webhook) -> String {
    let at = &webhook.client_config;
    match (&at.url, &at.service) {
        (Some(url), _) => url.clone(),
        (None, Some(service)) => format!("service {}/{}", service.namespace, service.name),
        (None, None) => "nobody".to_owned(),
    }
}

fn missing(cluster: &mut Cluster) -> CheckOutcome {
    let what = "no webhook configuration `pod-identity-webhook`";
    let name = cluster.webhook.as_deref();
    let what = name.map_or_else(
        || what.to_owned(),
        |name| format!("no webhook configuration `{name}`"),
    );
    match &cluster.learned.pod {
        Some(pod) if containers::any_has_identity(pod) && pod.volume(VOLUME).is_none() => {
            CheckOutcome::not_applicable(format!(
                "{what}, and none is needed: the pod's template gives the identity itself"
            ))
        }
        Some(pod) if containers::any_has_identity(pod) => CheckOutcome::warning(
            Cause::WebhookMissing,
            format!("{what} any more: this pod was given its identity, its successor will not be"),
        ),
        _ => {
            cluster.learned.webhook_fault = Some(WEBHOOK.id);
            CheckOutcome::broken(Cause::WebhookMissing, what)
        }
    }
}

pub(super) async fn leaves_the_system_alone(cluster: &mut Cluster) -> CheckOutcome {
    let Some(webhook) = &cluster.learned.webhook else {
        return CheckOutcome::not_applicable("the cluster has no such webhook");
    };
    if webhook.failure_policy != "Fail" {
        return CheckOutcome::holds(format!(
            "failurePolicy is {}: pods start without an identity while it does not answer",
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
            "failurePolicy is Fail, and the selectors leave the cluster's own pods out",
        );
    }
    CheckOutcome::warning(
        Cause::WebhookLocksOut,
        "failurePolicy is Fail, and kube-system is not left out: while it is down, no pod there starts",
    )
    .remedy(format!(
        "`kubectl edit mutatingwebhookconfiguration {}`: add `namespaceSelector: {{matchExpressions: [{{key: \
         kubernetes.io/metadata.name, operator: NotIn, values: [kube-system]}}]}}`, with its own namespace beside \
         kube-system, or set `failurePolicy: Ignore`",
        cluster.learned.webhook_configuration
    ))
}

/// Whether a label must be there, so that pods take part only if they say so.
fn has_positive(selector: &Selector) -> bool {
    let mut all = selector.match_expressions.iter();
    all.any(|condition| matches!(condition.operator.as_str(), "In" | "Exists"))
}

pub(super) async fn looks_at_the_pod(cluster: &mut Cluster) -> CheckOutcome {
    let (Some(webhook), Some(pod)) = (&cluster.learned.webhook, &cluster.learned.pod) else {
        return CheckOutcome::not_applicable("there is no webhook, or no pod");
    };
    let is_given = containers::any_has_identity(pod);
    let seen = match webhook.object_selector.unmet(&pod.metadata.labels) {
        Some(_) if pod.metadata.labels.contains_key(SKIP_LABEL) => skipped(pod),
        Some(unmet) => CheckOutcome::broken(
            Cause::PodSkipped,
            format!("the pod's labels do not meet the webhook's objectSelector: {unmet}"),
        )
        .remedy(format!(
            "give the template of {} the labels `{unmet}`",
            pod.template()
        )),
        None => match selects_namespace(cluster, webhook).await {
            Ok(seen) => seen,
            Err(error) => return unreadable(&error),
        },
    };
    if seen.cause.is_some() && is_given {
        return CheckOutcome::not_applicable(
            "it is not, and the pod's template gives the identity itself",
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
        count => format!("; its {count} condition(s) in CEL are not evaluated here"),
    };
    let holds = CheckOutcome::holds(format!("it is, by its selectors{conditions}"));
    if *selector == Selector::default() {
        return Ok(holds);
    }
    let name = cluster.namespace();
    let namespace = cluster.reader.namespace(name).await?;
    Ok(match selector.unmet(&namespace.metadata.labels) {
        None => holds,
        Some(unmet) => CheckOutcome::broken(
            Cause::PodNotMutated,
            format!("the labels of namespace {name} do not meet the webhook's namespaceSelector: {unmet}"),
        )
        .remedy(format!("`kubectl label namespace {name} '{unmet}'`, and delete the pod")),
    })
}
