//! The metrics of the webhook. No label has a value from a pod.

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use irsa_ops::metrics::prometheus_client::collector::Collector;
use irsa_ops::metrics::prometheus_client::encoding::{
    DescriptorEncoder, EncodeLabelSet, EncodeMetric,
};
use irsa_ops::metrics::prometheus_client::metrics::MetricType;
use irsa_ops::metrics::prometheus_client::metrics::counter::Counter;
use irsa_ops::metrics::prometheus_client::metrics::family::Family;
use irsa_ops::metrics::prometheus_client::metrics::gauge::{ConstGauge, Gauge};
use irsa_ops::metrics::prometheus_client::metrics::histogram::Histogram;
use irsa_ops::metrics::prometheus_client::registry::{Registry, Unit};
use irsa_webhook::{Outcome, Reason};

use crate::lookup::ObjectLookup;
use crate::request::Rejection;

/// The upper limits of the durations of reviews, in seconds.
const DURATIONS: [f64; 9] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 0.5, 1.0, 2.5];

/// A label `result` or `reason`.
type Labeled = Family<[(&'static str, &'static str); 1], Counter>;

/// The metrics of the webhook. Clones share them.
#[derive(Debug, Clone)]
pub struct WebhookMetrics {
    reviews: Family<ReviewLabels, Counter>,
    duration: Histogram,
    rejected: Labeled,
    events: Labeled,
    sweeps: Labeled,
    bundle_updates: Labeled,
    pods_without_sidecar: Gauge,
    pods_with_other_version: Gauge,
    last_sweep: Gauge,
    authority_end: Gauge,
    certificate_end: Gauge,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ReviewLabels {
    outcome: &'static str,
    reason: &'static str,
}

// === impl WebhookMetrics ===

impl WebhookMetrics {
    /// Registers the metrics. All series exist from the start, so that the first increase is one.
    pub fn register(registry: &mut Registry) -> Self {
        let registry = registry.sub_registry_with_prefix("webhook");
        let metrics = Self {
            reviews: Family::default(),
            duration: Histogram::new(DURATIONS),
            rejected: labeled("reason", &Rejection::ALL.map(Rejection::as_str)),
            events: labeled("result", &["created", "failed", "suppressed"]),
            sweeps: labeled("result", &["ok", "failed"]),
            bundle_updates: labeled("result", &["ok", "failed"]),
            pods_without_sidecar: Gauge::default(),
            pods_with_other_version: Gauge::default(),
            last_sweep: Gauge::default(),
            authority_end: Gauge::default(),
            certificate_end: Gauge::default(),
        };
        metrics.create_reviews();
        metrics.register_reviews(registry);
        metrics.register_certificates(registry);
        metrics.register_sweep(registry);
        metrics
    }

    fn create_reviews(&self) {
        let reasons = Reason::ALL.into_iter();
        let refused = reasons.flat_map(|reason| {
            [
                Outcome::Kept(reason),
                Outcome::NotInjected(reason),
                Outcome::Denied(reason),
            ]
        });
        let others = [Outcome::Injected, Outcome::Restored, Outcome::Unchanged];
        for outcome in others.into_iter().chain(refused) {
            drop(self.reviews.get_or_create(&labels(outcome)));
        }
    }

    fn register_reviews(&self, registry: &mut Registry) {
        registry.register(
            "reviews",
            "Answered reviews of pods, by outcome, and by reason if the pod was not injected",
            self.reviews.clone(),
        );
        registry.register_with_unit(
            "review_duration",
            "Time from the head of a request to the response",
            Unit::Seconds,
            self.duration.clone(),
        );
        registry.register(
            "rejected_requests",
            "Requests that were not answered with a review, by reason",
            self.rejected.clone(),
        );
        registry.register(
            "events",
            "Events about pods without a sidecar: created, failed, or suppressed by the rate limit",
            self.events.clone(),
        );
    }

    fn register_certificates(&self, registry: &mut Registry) {
        registry.register(
            "ca_bundle_updates",
            "Updates of `caBundle` in the MutatingWebhookConfiguration, by result",
            self.bundle_updates.clone(),
        );
        registry.register_with_unit(
            "ca_expiration_timestamp",
            "Expiration time of the CA that issues serving certificates, in seconds since 1970; 0 for a certificate from \
             files",
            Unit::Seconds,
            self.authority_end.clone(),
        );
        registry.register_with_unit(
            "certificate_expiration_timestamp",
            "Expiration time of the serving certificate, in seconds since 1970; 0 for a certificate from files",
            Unit::Seconds,
            self.certificate_end.clone(),
        );
    }

    fn register_sweep(&self, registry: &mut Registry) {
        registry.register(
            "pods_without_sidecar",
            "Pods that ask for a sidecar and lack it, at the last sweep",
            self.pods_without_sidecar.clone(),
        );
        registry.register(
            "pods_with_other_version",
            "Pods with a sidecar that a different version of the webhook injected, at the last sweep",
            self.pods_with_other_version.clone(),
        );
        registry.register(
            "sweeps",
            "Sweeps over all pods, by result",
            self.sweeps.clone(),
        );
        registry.register_with_unit(
            "sweep_last_success_timestamp",
            "Time of the last successful sweep, in seconds since 1970; 0 before the first one",
            Unit::Seconds,
            self.last_sweep.clone(),
        );
    }

    /// Registers the metrics of the caches.
    pub(crate) fn watch(registry: &mut Registry, lookup: &ObjectLookup) {
        let registry = registry.sub_registry_with_prefix("webhook");
        registry.register_collector(Box::new(CacheCollector(Some(lookup.clone()))));
    }

    /// Registers the metrics of the caches with example values, for the documentation.
    pub fn register_examples(registry: &mut Registry) {
        let registry = registry.sub_registry_with_prefix("webhook");
        registry.register_collector(Box::new(CacheCollector(None)));
    }

    pub(crate) fn review(&self, outcome: Outcome, duration: Duration) {
        self.reviews.get_or_create(&labels(outcome)).inc();
        self.duration.observe(duration.as_secs_f64());
    }

    pub(crate) fn rejected(&self, rejection: Rejection) {
        let label = [("reason", rejection.as_str())];
        self.rejected.get_or_create(&label).inc();
    }

    pub(crate) fn event(&self, result: &'static str) {
        self.events.get_or_create(&[("result", result)]).inc();
    }

    pub(crate) fn bundle_update(&self, is_ok: bool) {
        let label = [("result", result(is_ok))];
        self.bundle_updates.get_or_create(&label).inc();
    }

    pub(crate) fn certificates(&self, authority: SystemTime, certificate: SystemTime) {
        self.authority_end.set(seconds(authority));
        self.certificate_end.set(seconds(certificate));
    }

    pub(crate) fn swept(&self, without_sidecar: usize, with_other_version: usize, now: SystemTime) {
        let count = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
        self.pods_without_sidecar.set(count(without_sidecar));
        self.pods_with_other_version.set(count(with_other_version));
        self.last_sweep.set(seconds(now));
        self.sweep(true);
    }

    pub(crate) fn sweep_failed(&self) {
        self.sweep(false);
    }

    fn sweep(&self, is_ok: bool) {
        let label = [("result", result(is_ok))];
        self.sweeps.get_or_create(&label).inc();
    }
}

fn labeled(label: &'static str, values: &[&'static str]) -> Labeled {
    let family = Labeled::default();
    for value in values {
        drop(family.get_or_create(&[(label, *value)]));
    }
    family
}

fn labels(outcome: Outcome) -> ReviewLabels {
    let (outcome, reason) = match outcome {
        Outcome::Injected => ("injected", None),
        Outcome::Restored => ("restored", None),
        Outcome::Unchanged => ("unchanged", None),
        Outcome::Kept(reason) => ("kept", Some(reason)),
        Outcome::NotInjected(reason) => ("not-injected", Some(reason)),
        Outcome::Denied(reason) => ("denied", Some(reason)),
    };
    ReviewLabels {
        outcome,
        reason: reason.map_or("", Reason::as_str),
    }
}

fn result(is_ok: bool) -> &'static str {
    if is_ok { "ok" } else { "failed" }
}

fn seconds(time: SystemTime) -> i64 {
    let seconds = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(seconds.as_secs()).unwrap_or(i64::MAX)
}

/// The state of the caches when it is scraped; without a lookup, examples.
#[derive(Debug)]
struct CacheCollector(Option<ObjectLookup>);

impl CacheCollector {
    /// The kind, the number of objects, and the time without a watch in seconds.
    fn states(&self) -> Vec<(&'static str, usize, f64)> {
        let Some(lookup) = &self.0 else {
            return vec![("namespaces", 0, 0.0)];
        };
        let statuses = lookup.statuses().into_iter();
        let states = statuses.map(|(kind, status)| {
            let stale = status.stale_for.unwrap_or_default();
            (kind, status.objects, stale.as_secs_f64())
        });
        states.collect()
    }
}

impl Collector for CacheCollector {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let states = self.states();
        let help = "Objects in the cache, by kind";
        let mut objects =
            encoder.encode_descriptor("cache_objects", help, None, MetricType::Gauge)?;
        for (kind, count, _) in &states {
            let gauge = ConstGauge::new(i64::try_from(*count).unwrap_or(i64::MAX));
            gauge.encode(objects.encode_family(&[("kind", *kind)])?)?;
        }
        let help = "Time for which the cache has had no watch, by kind; after 10 s, objects are read one by one";
        let unit = Some(&Unit::Seconds);
        let mut stale = encoder.encode_descriptor("cache_stale", help, unit, MetricType::Gauge)?;
        for (kind, _, seconds) in &states {
            ConstGauge::new(*seconds).encode(stale.encode_family(&[("kind", *kind)])?)?;
        }
        Ok(())
    }
}
