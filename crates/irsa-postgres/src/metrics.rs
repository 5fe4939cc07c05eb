//! Metrics of the PostgreSQL proxy. The label `upstream` is the configured host and never depends on clients, so the
//! number of series is bounded.

use std::time::Duration;

use irsa_chain::{Cause, Link};
use irsa_ops::refusals::Refusals;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

/// The metrics of all PostgreSQL upstreams of a process.
#[derive(Debug, Clone)]
pub struct PostgresMetrics {
    connections: Family<UpstreamLabel, Counter>,
    active: Family<UpstreamLabel, Gauge>,
    refusals: Refusals,
    refusals_repeated: Family<UpstreamLabel, Counter>,
    unauthenticated_refusals: Family<UpstreamLabel, Counter>,
    token_retries: Family<UpstreamLabel, Counter>,
    cancels: Family<UpstreamLabel, Counter>,
    cancels_unknown: Family<UpstreamLabel, Counter>,
    unresolved: Family<UpstreamLabel, Counter>,
    panics: Family<UpstreamLabel, Counter>,
    bytes: Family<DirectionLabels, Counter>,
    logins: Family<UpstreamLabel, Histogram, fn() -> Histogram>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct UpstreamLabel {
    upstream: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct DirectionLabels {
    upstream: String,
    direction: &'static str,
}

/// The metrics of one upstream, looked up once.
#[derive(Debug, Clone)]
pub(crate) struct DatabaseMetrics {
    all: PostgresMetrics,
    upstream: String,
    pub(crate) connections: Counter,
    pub(crate) active: Gauge,
    pub(crate) refusals_repeated: Counter,
    pub(crate) unauthenticated_refusals: Counter,
    pub(crate) token_retries: Counter,
    pub(crate) cancels: Counter,
    pub(crate) cancels_unknown: Counter,
    pub(crate) unresolved: Counter,
    pub(crate) panics: Counter,
    pub(crate) bytes_to_server: Counter,
    pub(crate) bytes_to_client: Counter,
    logins: Histogram,
}

// === impl PostgresMetrics ===

impl PostgresMetrics {
    /// Registers the metrics under `postgres_`.
    pub fn register(registry: &mut Registry) -> Self {
        let metrics = Self::new();
        let registry = registry.sub_registry_with_prefix("postgres");
        metrics.register_sessions(registry);
        metrics.register_refusals(registry);
        metrics
    }

    fn new() -> Self {
        Self {
            connections: Family::default(),
            active: Family::default(),
            refusals: Refusals::default(),
            refusals_repeated: Family::default(),
            unauthenticated_refusals: Family::default(),
            token_retries: Family::default(),
            cancels: Family::default(),
            cancels_unknown: Family::default(),
            unresolved: Family::default(),
            panics: Family::default(),
            bytes: Family::default(),
            logins: Family::new_with_constructor(login_histogram),
        }
    }

    fn register_sessions(&self, registry: &mut Registry) {
        registry.register(
            "connections",
            "Client connections accepted",
            self.connections.clone(),
        );
        registry.register(
            "sessions_active",
            "Open client connections",
            self.active.clone(),
        );
        registry.register(
            "cancels",
            "Cancel requests forwarded to the server",
            self.cancels.clone(),
        );
        registry.register(
            "cancels_unknown",
            "Cancel requests ignored because their key is unknown or their client sent too many unknown keys",
            self.cancels_unknown.clone(),
        );
        registry.register(
            "sessions_unresolved",
            "Sessions closed at shutdown before the server answered their last request (SQLSTATE 08007)",
            self.unresolved.clone(),
        );
        registry.register(
            "panics",
            "Sessions ended by an internal error of irsa",
            self.panics.clone(),
        );
        registry.register_with_unit("relayed", "Bytes relayed", Unit::Bytes, self.bytes.clone());
        registry.register_with_unit(
            "login_duration",
            "Time from a client's startup packet to its first ReadyForQuery",
            Unit::Seconds,
            self.logins.clone(),
        );
    }

    fn register_refusals(&self, registry: &mut Registry) {
        registry.register(
            "refusals",
            "Sessions that could not be established, by link of the identity chain and cause",
            self.refusals.metric(),
        );
        registry.register(
            "refusals_repeated",
            "Refusals by the server that irsa repeated for libpq's second attempt in clear text, without a second login",
            self.refusals_repeated.clone(),
        );
        registry.register(
            "unauthenticated_refusals",
            "Connections refused because of the limit of unauthenticated connections from other machines",
            self.unauthenticated_refusals.clone(),
        );
        registry.register(
            "token_retries",
            "Logins retried with a new token after SQLSTATE 28000",
            self.token_retries.clone(),
        );
    }

    /// Creates one series of each metric, for the documentation.
    pub fn create_examples(&self) {
        drop(self.for_upstream("UPSTREAM"));
    }

    pub(crate) fn for_upstream(&self, upstream: &str) -> DatabaseMetrics {
        self.refusals.create(upstream);
        let label = UpstreamLabel {
            upstream: upstream.to_owned(),
        };
        let direction = |direction| DirectionLabels {
            upstream: upstream.to_owned(),
            direction,
        };
        DatabaseMetrics {
            all: self.clone(),
            upstream: upstream.to_owned(),
            connections: self.connections.get_or_create_owned(&label),
            active: self.active.get_or_create_owned(&label),
            refusals_repeated: self.refusals_repeated.get_or_create_owned(&label),
            unauthenticated_refusals: self.unauthenticated_refusals.get_or_create_owned(&label),
            token_retries: self.token_retries.get_or_create_owned(&label),
            cancels: self.cancels.get_or_create_owned(&label),
            cancels_unknown: self.cancels_unknown.get_or_create_owned(&label),
            unresolved: self.unresolved.get_or_create_owned(&label),
            panics: self.panics.get_or_create_owned(&label),
            bytes_to_server: self.bytes.get_or_create_owned(&direction("to_server")),
            bytes_to_client: self.bytes.get_or_create_owned(&direction("to_client")),
            logins: self.logins.get_or_create_owned(&label),
        }
    }
}

// === impl DatabaseMetrics ===

impl DatabaseMetrics {
    pub(crate) fn logged_in(&self, took: Duration) {
        self.logins.observe(took.as_secs_f64());
    }

    pub(crate) fn refused(&self, link: Option<Link>, cause: Option<Cause>) {
        self.all.refusals.count(&self.upstream, link, cause);
    }
}

fn login_histogram() -> Histogram {
    Histogram::new([
        0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0,
    ])
}
