//! Events about pods that have no sidecar.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use irsa_kube::{EventKind, KubeReader, NewEvent, ObjectReference, Pod};
use irsa_ops::log_limit::LogLimit;
use serde_json::Value;
use tokio::sync::mpsc;

use crate::clock;
use crate::metrics::WebhookMetrics;
use crate::throttle::Throttle;

/// The reason of all events.
const REASON: &str = "SidecarNotInjected";
const ACTION: &str = "Inject";
const CONTROLLER: &str = "irsa.dev/webhook";
/// The number of events that wait to be created. Further ones are dropped: the API server may be slow.
const QUEUE: usize = 64;

/// Creates events in the background. Clones share the limits.
#[derive(Debug, Clone)]
pub(crate) struct EventRecorder {
    queue: mpsc::Sender<NewEvent>,
    throttle: Arc<Mutex<Throttle>>,
    metrics: WebhookMetrics,
    instance: String,
}

// === impl EventRecorder ===

impl EventRecorder {
    /// Creates a recorder for this instance of the webhook, and the task that creates its events.
    pub(crate) fn new(
        reader: KubeReader,
        metrics: WebhookMetrics,
        instance: String,
    ) -> (Self, impl Future<Output = ()> + Send + use<>) {
        let (queue, events) = mpsc::channel(QUEUE);
        let recorder = Self {
            queue,
            throttle: Arc::new(Mutex::new(Throttle::new(Instant::now()))),
            metrics: metrics.clone(),
            instance,
        };
        (recorder, create(reader, metrics, events))
    }

    /// Records that pods of this object start without the sidecar, unless it was recorded recently.
    pub(crate) fn record(&self, regarding: ObjectReference, why: &str, note: String) {
        let key = format!(
            "{}/{}/{} {why}",
            regarding.kind, regarding.namespace, regarding.name
        );
        let mut throttle = self.throttle.lock().unwrap_or_else(PoisonError::into_inner);
        let is_allowed = throttle.allows(&key, Instant::now());
        drop(throttle);
        let event = NewEvent {
            regarding,
            kind: EventKind::Warning,
            reason: REASON.to_owned(),
            action: ACTION.to_owned(),
            note,
            controller: CONTROLLER.to_owned(),
            instance: self.instance.clone(),
        };
        if !is_allowed || self.queue.try_send(event).is_err() {
            self.metrics.event("suppressed");
        }
    }
}

async fn create(reader: KubeReader, metrics: WebhookMetrics, mut events: mpsc::Receiver<NewEvent>) {
    let limit = LogLimit::default();
    while let Some(event) = events.recv().await {
        match reader.create_event(&event, clock::now()).await {
            Ok(()) => {
                metrics.event("created");
                let (kind, name) = (&event.regarding.kind, &event.regarding.name);
                tracing::debug!(kind, name, "event created");
            }
            Err(error) => {
                metrics.event("failed");
                if limit.may_log("event").is_some() {
                    tracing::warn!(%error, "cannot create an event");
                }
            }
        }
    }
}

/// The object that an event about a new pod refers to: its controller, because the pod itself does not exist yet and
/// usually has no name, otherwise the pod or its service account.
pub(crate) fn subject(pod: &Value, namespace: &str, service_account: &str) -> ObjectReference {
    let text = |object: &Value, key: &str| object[key].as_str().unwrap_or_default().to_owned();
    let metadata = &pod["metadata"];
    let mut owners = metadata["ownerReferences"].as_array().into_iter().flatten();
    let reference = |api_version: &str, kind: &str, name: String| ObjectReference {
        api_version: api_version.to_owned(),
        kind: kind.to_owned(),
        namespace: namespace.to_owned(),
        name,
        uid: None,
    };
    if let Some(owner) = owners.find(|owner| owner["controller"] == true) {
        let uid = Some(text(owner, "uid")).filter(|uid| !uid.is_empty());
        return ObjectReference {
            uid,
            ..reference(
                &text(owner, "apiVersion"),
                &text(owner, "kind"),
                text(owner, "name"),
            )
        };
    }
    match text(metadata, "name") {
        name if name.is_empty() => reference("v1", "ServiceAccount", service_account.to_owned()),
        name => reference("v1", "Pod", name),
    }
}

/// A pod that exists.
pub(crate) fn existing(pod: &Pod) -> ObjectReference {
    ObjectReference {
        api_version: "v1".to_owned(),
        kind: "Pod".to_owned(),
        namespace: pod.metadata.namespace.clone(),
        name: pod.metadata.name.clone(),
        uid: Some(pod.metadata.uid.clone()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_event_is_about_the_controller_the_pod_or_its_account() {
        let owners = json!([
            {"apiVersion": "v1", "kind": "Node", "name": "n"},
            {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "api-6f", "uid": "u", "controller": true},
        ]);
        let named = |pod: &Value| {
            let subject = subject(pod, "shop", "api");
            format!("{} {}/{}", subject.api_version, subject.kind, subject.name)
        };
        let owned = json!({"metadata": {"generateName": "api-6f-", "ownerReferences": owners}});
        assert_eq!(named(&owned), "apps/v1 ReplicaSet/api-6f");
        assert_eq!(
            named(&json!({"metadata": {"name": "shell"}})),
            "v1 Pod/shell"
        );
        let unnamed = json!({"metadata": {"generateName": "x-"}});
        assert_eq!(named(&unnamed), "v1 ServiceAccount/api");
        assert_eq!(named(&json!([])), "v1 ServiceAccount/api");
    }
}
