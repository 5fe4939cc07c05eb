//! Counts pods that lack their sidecar, because they were created while the webhook did not run or before their service
//! account was annotated, and pods whose sidecar a different version injected.

use std::sync::Arc;
use std::time::Duration;

use irsa_kube::{KubeReader, ObjectReference, Pod, ReadError};
use irsa_ops::log_limit::LogLimit;
use irsa_sidecar::names::VERSION;
use irsa_webhook::{Settings, lacks_sidecar};
use serde_json::{Value, json};
use tokio::time::{MissedTickBehavior, interval};

use crate::clock;
use crate::event_recorder::{EventRecorder, existing};
use crate::lookup::ObjectLookup;
use crate::metrics::WebhookMetrics;

/// The maximum number of objects that one sweep creates events for.
const MOST_EVENTS: usize = 20;
/// The reason in events, which limits their rate.
const REASON: &str = "missing";

/// Sweeps over all pods.
#[derive(Debug)]
pub(crate) struct Sweeper {
    pub(crate) reader: KubeReader,
    pub(crate) lookup: ObjectLookup,
    pub(crate) settings: Arc<Settings>,
    pub(crate) metrics: WebhookMetrics,
    pub(crate) recorder: EventRecorder,
}

/// What a sweep has found.
#[derive(Debug, Default)]
struct Findings {
    without_sidecar: usize,
    with_other_version: usize,
    /// One pod per template, with the note of its event.
    events: Vec<(String, ObjectReference, String)>,
}

// === impl Sweeper ===

impl Sweeper {
    /// Sweeps immediately and then at this interval.
    pub(crate) async fn run(self, period: Duration) {
        let mut ticks = interval(period);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let log = LogLimit::default();
        loop {
            ticks.tick().await;
            match self.sweep().await {
                Ok(findings) => self.report(findings),
                Err(error) => {
                    self.metrics.sweep_failed();
                    if log.may_log("sweep").is_some() {
                        tracing::warn!(%error, "cannot look for pods without a sidecar");
                    }
                }
            }
        }
    }

    async fn sweep(&self) -> Result<Findings, ReadError> {
        let mut findings = Findings::default();
        self.reader
            .visit_pods(|pod| findings.add(&pod, &self.lookup, &self.settings))
            .await?;
        Ok(findings)
    }

    fn report(&self, findings: Findings) {
        let (without, other) = (findings.without_sidecar, findings.with_other_version);
        self.metrics.swept(without, other, clock::now());
        if without > 0 {
            let first = findings.events.first().map(|(template, ..)| template);
            tracing::warn!(
                pods = without,
                first,
                "pods lack the sidecar that they ask for"
            );
        }
        for (_, pod, note) in findings.events {
            self.recorder.record(pod, REASON, note);
        }
    }
}

// === impl Findings ===

impl Findings {
    fn add(&mut self, pod: &Pod, lookup: &ObjectLookup, settings: &Settings) {
        let is_finished = matches!(pod.status.phase.as_str(), "Succeeded" | "Failed");
        if is_finished || pod.metadata.is_being_deleted {
            return;
        }
        let version = pod.metadata.annotations.get(VERSION);
        if version.is_some_and(|version| *version != settings.version) {
            self.with_other_version += 1;
        }
        let Some(account) = pod.service_account() else {
            return;
        };
        let namespace = account.namespace();
        let facts = lookup.cached_facts(namespace, account.name());
        if !lacks_sidecar(&object(pod), namespace, &facts, settings) {
            return;
        }
        self.without_sidecar += 1;
        let template = pod.template();
        let key = format!("{namespace}/{template}");
        let is_known = self.events.iter().any(|(known, ..)| *known == key);
        if self.events.len() < MOST_EVENTS && !is_known {
            self.events
                .push((key, existing(pod), note(namespace, &template)));
        }
    }
}

/// The parts of the pod that the decision depends on.
fn object(pod: &Pod) -> Value {
    let names = |containers: &[irsa_kube::Container]| -> Vec<Value> {
        let names = containers.iter();
        names.map(|one| json!({"name": one.name})).collect()
    };
    json!({
        "metadata": {"labels": pod.metadata.labels, "annotations": pod.metadata.annotations},
        "spec": {
            "serviceAccountName": pod.spec.service_account_name,
            "initContainers": names(&pod.spec.init_containers),
            "containers": names(&pod.spec.containers),
        },
    })
}

fn note(namespace: &str, template: &str) -> String {
    let what = "the pod lacks the sidecar that it asks for: it was created while the webhook did not run or before the \
                annotations were set, or the webhook could not inject it";
    match template.split_once('/') {
        Some(("deployment" | "statefulset" | "daemonset", _)) => {
            format!("{what}. Run `kubectl rollout restart {template} --namespace {namespace}`")
        }
        _ => format!("{what}. Create it again"),
    }
}
