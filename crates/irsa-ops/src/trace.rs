//! OpenTelemetry traces: spans of logins, requests and calls to STS, exported over OTLP/HTTP with the JSON encoding.
//!
//! Tracing is off unless the standard `OTEL_*` variables enable it ([`TraceSettings`]). A [`Tracer`] creates spans,
//! which a background task, the [`Exporter`], sends to a collector in batches. Spans never wait for the collector: if
//! the queue is full, they are dropped and counted.
//!
//! Attributes contain no secrets, no SQL, no request paths and no bodies. Their names follow the semantic conventions
//! of OpenTelemetry; names with the prefix `irsa.` are irsa's own.

mod compression;
mod context;
mod encode;
mod export;
mod post;
mod queue;
mod sampler;
mod settings;
mod span;

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::registry::Registry;
use rustls::ClientConfig;

pub use self::context::TraceContext;
pub use self::export::Exporter;
pub use self::settings::{TraceSettings, VARIABLES, Variable};
pub use self::span::{AttributeValue, Span, SpanKind, step};

use self::context::TraceId;
use self::queue::Queue;
use self::sampler::Sampler;

/// Creates spans. Clones share the queue of completed ones.
#[derive(Clone)]
pub struct Tracer(Arc<Inner>);

struct Inner {
    sampler: Sampler,
    queue: Arc<Queue>,
    now: fn() -> SystemTime,
}

/// The metrics of the export.
#[derive(Clone, Debug, Default)]
pub struct TraceMetrics {
    exported: Counter,
    dropped: Family<[(&'static str, &'static str); 1], Counter>,
}

/// The reasons for which spans are dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum DropReason {
    /// The queue was full.
    QueueFull,
    /// The collector rejected them.
    Rejected,
    /// The collector did not accept them in time.
    Unavailable,
}

// === impl Tracer ===

impl Tracer {
    /// Creates a tracer and the task that exports its spans. `now` is the clock of timestamps, and `tls` the
    /// configuration for a collector with an `https` URL.
    pub fn new(
        settings: TraceSettings,
        metrics: TraceMetrics,
        now: fn() -> SystemTime,
        tls: Arc<ClientConfig>,
    ) -> (Self, Exporter) {
        let queue = Arc::new(Queue::new(settings.batch, metrics.clone()));
        let tracer = Self(Arc::new(Inner {
            sampler: settings.sampler,
            queue: Arc::clone(&queue),
            now,
        }));
        (tracer, Exporter::new(settings, queue, metrics, now, tls))
    }

    /// Starts a span that continues the trace of `parent`, or begins a trace. Returns `None` if the sampler does not
    /// select it.
    pub fn start(
        &self,
        name: impl Into<Cow<'static, str>>,
        kind: SpanKind,
        parent: Option<&TraceContext>,
    ) -> Option<Span> {
        let trace = parent.map_or_else(TraceId::random, TraceContext::trace);
        let is_sampled = self.0.sampler.selects(parent, trace);
        is_sampled.then(|| Span::new(self, name.into(), kind, trace, parent))
    }

    fn now(&self) -> SystemTime {
        (self.0.now)()
    }
}

impl fmt::Debug for Tracer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tracer")
            .field("sampler", &self.0.sampler)
            .finish_non_exhaustive()
    }
}

// === impl TraceMetrics ===

impl TraceMetrics {
    /// Registers the metrics.
    pub fn register(registry: &mut Registry) -> Self {
        let metrics = Self::default();
        for reason in [
            DropReason::QueueFull,
            DropReason::Rejected,
            DropReason::Unavailable,
        ] {
            metrics.dropped(reason, 0);
        }
        registry.register(
            "trace_spans_exported",
            "Trace spans that the collector accepted",
            metrics.exported.clone(),
        );
        registry.register(
            "trace_spans_dropped",
            "Trace spans dropped because the queue was full, or because the collector rejected them or was unavailable",
            metrics.dropped.clone(),
        );
        metrics
    }

    fn exported(&self, spans: u64) {
        self.exported.inc_by(spans);
    }

    fn dropped(&self, reason: DropReason, spans: u64) {
        let label = [("reason", reason.as_str())];
        self.dropped.get_or_create(&label).inc_by(spans);
    }
}

// === impl DropReason ===

impl DropReason {
    fn as_str(self) -> &'static str {
        match self {
            Self::QueueFull => "queue_full",
            Self::Rejected => "rejected",
            Self::Unavailable => "unavailable",
        }
    }
}

#[cfg(test)]
mod tests;
