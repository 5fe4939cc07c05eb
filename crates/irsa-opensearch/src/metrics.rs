//! Metrics of OpenSearch upstreams. No label contains client input: upstreams are the configured hosts, and methods and
//! routes are from fixed lists, so the number of series is bounded.

mod labels;
mod request;

use std::sync::Arc;

use http::Method;
use irsa_chain::{Cause, Link};
use irsa_ops::refusals::Refusals;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

use self::labels::{DirectionLabels, ReasonLabels, RequestLabels, RouteLabels, UpstreamLabel};
use crate::body::BodyMetrics;

pub(crate) use self::labels::method_label;
pub(crate) use self::request::RequestMeter;

/// The metrics of all OpenSearch upstreams of a process.
#[derive(Debug, Clone)]
pub struct OpenSearchMetrics {
    requests: Family<RequestLabels, Counter>,
    durations: Family<RouteLabels, Histogram, fn() -> Histogram>,
    body_sizes: Family<UpstreamLabel, Histogram, fn() -> Histogram>,
    bytes: Family<DirectionLabels, Counter>,
    active: Family<UpstreamLabel, Gauge>,
    retries: Family<ReasonLabels, Counter>,
    refusals: Refusals,
    rejections: Family<ReasonLabels, Counter>,
    connections: Family<UpstreamLabel, Counter>,
    stalled: Family<UpstreamLabel, Counter>,
    connections_refused: Family<UpstreamLabel, Counter>,
    skew: Family<UpstreamLabel, Gauge>,
    bodies: BodyMetrics,
}

/// The metrics of one upstream, looked up once.
#[derive(Debug)]
pub(crate) struct DomainMetrics {
    all: OpenSearchMetrics,
    upstream: String,
    active: Gauge,
    body_sizes: Histogram,
    pub(crate) bytes_to_server: Counter,
    pub(crate) bytes_to_client: Counter,
    pub(crate) connections: Counter,
    pub(crate) stalled: Counter,
    pub(crate) connections_refused: Counter,
    pub(crate) skew: Gauge,
    pub(crate) malformed: Counter,
    pub(crate) bodies: BodyMetrics,
}

// === impl OpenSearchMetrics ===

impl OpenSearchMetrics {
    /// Registers the metrics with the prefix `opensearch_`.
    pub fn register(registry: &mut Registry) -> Self {
        let metrics = Self::new();
        let registry = registry.sub_registry_with_prefix("opensearch");
        metrics.register_requests(registry);
        metrics.register_chain(registry);
        metrics.register_bodies(registry);
        metrics
    }

    fn new() -> Self {
        Self {
            requests: Family::default(),
            durations: Family::new_with_constructor(durations),
            body_sizes: Family::new_with_constructor(body_sizes),
            bytes: Family::default(),
            active: Family::default(),
            retries: Family::default(),
            refusals: Refusals::default(),
            rejections: Family::default(),
            connections: Family::default(),
            stalled: Family::default(),
            connections_refused: Family::default(),
            skew: Family::default(),
            bodies: BodyMetrics::default(),
        }
    }

    fn register_requests(&self, registry: &mut Registry) {
        registry.register(
            "requests",
            "Requests by route and status class; `gone` if the client disconnected before the response",
            self.requests.clone(),
        );
        registry.register_with_unit(
            "request_duration",
            "Time from the headers of a request to the end of its response",
            Unit::Seconds,
            self.durations.clone(),
        );
        registry.register(
            "requests_active",
            "Requests in progress",
            self.active.clone(),
        );
        registry.register_with_unit(
            "forwarded",
            "Bytes of forwarded bodies",
            Unit::Bytes,
            self.bytes.clone(),
        );
        registry.register(
            "rejections",
            "Requests that irsa itself rejected",
            self.rejections.clone(),
        );
        registry.register(
            "connections_refused",
            "Connections rejected because too many clients have not authenticated",
            self.connections_refused.clone(),
        );
    }

    fn register_chain(&self, registry: &mut Registry) {
        registry.register(
            "refusals",
            "Responses that indicate a broken link of the identity chain, by link and cause",
            self.refusals.metric(),
        );
        registry.register("retries", "Retries, by reason", self.retries.clone());
        registry.register(
            "upstream_connections",
            "Connections opened to the domain",
            self.connections.clone(),
        );
        registry.register(
            "stalled_requests",
            "Requests that stalled on a reused connection while the domain responded to others",
            self.stalled.clone(),
        );
        registry.register_with_unit(
            "clock_skew",
            "Offset by which this machine's clock is behind the domain's, derived from rejected signatures",
            Unit::Seconds,
            self.skew.clone(),
        );
    }

    fn register_bodies(&self, registry: &mut Registry) {
        registry.register_with_unit(
            "request_body",
            "Sizes of request bodies",
            Unit::Bytes,
            self.body_sizes.clone(),
        );
        registry.register_with_unit(
            "bodies_memory",
            "Request bodies in memory",
            Unit::Bytes,
            self.bodies.memory.clone(),
        );
        registry.register_with_unit(
            "bodies_spilled",
            "Request bodies in temporary files",
            Unit::Bytes,
            self.bodies.disk.clone(),
        );
        registry.register(
            "bodies_spills",
            "Request bodies that were written to a temporary file",
            self.bodies.spilled.clone(),
        );
        registry.register(
            "bodies_waiting",
            "Requests that are waiting for space for their bodies",
            self.bodies.waiting.clone(),
        );
    }

    /// Creates one series of each metric, for the documentation.
    pub fn create_examples(&self) {
        let metrics = Arc::new(self.for_upstream("UPSTREAM"));
        drop(metrics.begin(&Method::GET, "/"));
        metrics.rejected("reason");
        metrics.retried("reason");
    }

    pub(crate) fn for_upstream(&self, upstream: &str) -> DomainMetrics {
        self.refusals.create(upstream);
        let label = UpstreamLabel {
            upstream: upstream.to_owned(),
        };
        let direction = |direction| DirectionLabels {
            upstream: upstream.to_owned(),
            direction,
        };
        DomainMetrics {
            all: self.clone(),
            upstream: upstream.to_owned(),
            active: self.active.get_or_create_owned(&label),
            body_sizes: self.body_sizes.get_or_create_owned(&label),
            bytes_to_server: self.bytes.get_or_create_owned(&direction("to_server")),
            bytes_to_client: self.bytes.get_or_create_owned(&direction("to_client")),
            connections: self.connections.get_or_create_owned(&label),
            stalled: self.stalled.get_or_create_owned(&label),
            connections_refused: self.connections_refused.get_or_create_owned(&label),
            skew: self.skew.get_or_create_owned(&label),
            malformed: self.rejections.get_or_create_owned(&ReasonLabels {
                upstream: upstream.to_owned(),
                reason: "malformed",
            }),
            bodies: self.bodies.clone(),
        }
    }
}

// === impl DomainMetrics ===

impl DomainMetrics {
    /// Starts measuring a request.
    pub(crate) fn begin(self: &Arc<Self>, method: &Method, path: &str) -> RequestMeter {
        RequestMeter::new(Arc::clone(self), method, crate::route::class(path))
    }

    pub(crate) fn received(&self, body: u64) {
        #[expect(clippy::cast_precision_loss, reason = "the bucket is the same")]
        self.body_sizes.observe(body as f64);
    }

    pub(crate) fn refused(&self, link: Option<Link>, cause: Option<Cause>) {
        self.all.refusals.count(&self.upstream, link, cause);
    }

    pub(crate) fn rejected(&self, reason: &'static str) {
        self.all
            .rejections
            .get_or_create(&self.reason(reason))
            .inc();
    }

    pub(crate) fn retried(&self, reason: &'static str) {
        self.all.retries.get_or_create(&self.reason(reason)).inc();
    }

    fn reason(&self, reason: &'static str) -> ReasonLabels {
        ReasonLabels {
            upstream: self.upstream.clone(),
            reason,
        }
    }
}

/// Returns a histogram in seconds: small searches take milliseconds, and a reindex takes minutes.
fn durations() -> Histogram {
    Histogram::new([
        0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 120.0,
    ])
}

/// Returns a histogram in bytes, with buckets at the limits of OpenSearch Service, 10 MiB and 100 MiB.
fn body_sizes() -> Histogram {
    Histogram::new([
        0.0,
        1_024.0,
        16_384.0,
        131_072.0,
        1_048_576.0,
        5_242_880.0,
        8_388_608.0,
        10_485_760.0,
        20_971_520.0,
        52_428_800.0,
        83_886_080.0,
        104_857_600.0,
    ])
}
