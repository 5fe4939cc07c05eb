//! Traces of the proxy: the exporter, and the spans of calls to STS.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use irsa_chain::Cause;
use irsa_identity::{Clock, StsCall, StsObserver, SystemClock};
use irsa_net::tls::ReplaceableRoots;
use irsa_ops::metrics::Metrics;
use irsa_ops::trace::{SpanKind, TraceMetrics, TraceSettings, Tracer};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::prepare::tls_failure;
use crate::exit::Failure;

/// The time for the export of the last spans when the proxy stops.
pub(super) const FLUSH_TIME: Duration = Duration::from_secs(1);

/// The tracer and its exporter. Both are missing if traces are off.
#[derive(Debug, Default)]
pub(super) struct Traces {
    tracer: Option<Tracer>,
    exporter: Option<(oneshot::Sender<()>, JoinHandle<()>)>,
}

/// Records a span of each call to STS. The calls are made in the background, so each is a separate trace.
#[derive(Debug)]
struct StsSpans(Tracer);

// === impl Traces ===

impl Traces {
    /// Starts the exporter on the current runtime, if traces are on.
    pub(super) fn start(
        settings: Option<TraceSettings>,
        roots: &Arc<ReplaceableRoots>,
        metrics: &Metrics,
    ) -> Result<Self, Failure> {
        let trace_metrics = metrics.register(TraceMetrics::register);
        let Some(settings) = settings else {
            return Ok(Self::default());
        };
        tracing::info!(endpoint = settings.endpoint(), "exporting traces");
        let tls = roots.config(&[b"http/1.1"]).map_err(tls_failure)?;
        let (tracer, exporter) = Tracer::new(settings, trace_metrics, now, tls);
        let (stop, stopped) = oneshot::channel::<()>();
        let task = tokio::spawn(exporter.run(async {
            // The sender is dropped if the proxy does not start.
            let _ = stopped.await;
        }));
        Ok(Self {
            tracer: Some(tracer),
            exporter: Some((stop, task)),
        })
    }

    pub(super) fn tracer(&self) -> Option<Tracer> {
        self.tracer.clone()
    }

    /// Returns the observer of calls to STS.
    pub(super) fn observer(&self) -> Option<Arc<dyn StsObserver>> {
        let tracer = self.tracer.clone()?;
        Some(Arc::new(StsSpans(tracer)))
    }

    /// Exports the last spans, for at most [`FLUSH_TIME`].
    pub(super) async fn flush(self) {
        let Some((stop, task)) = self.exporter else {
            return;
        };
        drop(stop);
        if tokio::time::timeout(FLUSH_TIME, task).await.is_err() {
            tracing::warn!("the last traces were not exported within {FLUSH_TIME:?}");
        }
    }
}

fn now() -> SystemTime {
    SystemClock.now()
}

// === impl StsSpans ===

impl StsObserver for StsSpans {
    /// Attributes follow the semantic conventions for the AWS SDK.
    fn called(&self, call: &StsCall<'_>) {
        let name = format!("STS/{}", call.operation);
        let Some(span) = self.0.start(name, SpanKind::Client, None) else {
            return;
        };
        let mut span = span.backdated(call.took);
        span.set("rpc.system", "aws-api");
        span.set("rpc.service", "STS");
        span.set("rpc.method", call.operation);
        if let Some(region) = call.region {
            span.set("cloud.region", region.to_string());
        }
        if let Some(error) = call.error {
            span.set("irsa.link", error.link().id());
            span.fail(error.cause().map_or("unknown", Cause::id));
        }
        span.end();
    }
}
