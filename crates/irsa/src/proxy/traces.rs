//! Traces of the proxy: the exporter, and the spans of calls that obtain credentials.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use irsa_chain::Cause;
use irsa_identity::{Clock, IdentityCall, IdentityObserver, IdentityService, SystemClock};
use irsa_net::tls::ReplaceableRoots;
use irsa_ops::metrics::Metrics;
use irsa_ops::trace::{Span, SpanKind, TraceMetrics, TraceSettings, Tracer};
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

/// Records a span of each call to STS or to the Pod Identity agent. The calls are made in the background, so each is a
/// separate trace.
#[derive(Debug)]
struct IdentitySpans(Tracer);

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

    /// Returns the observer of calls that obtain credentials.
    pub(super) fn observer(&self) -> Option<Arc<dyn IdentityObserver>> {
        let tracer = self.tracer.clone()?;
        Some(Arc::new(IdentitySpans(tracer)))
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

// === impl IdentitySpans ===

impl IdentityObserver for IdentitySpans {
    fn called(&self, call: &IdentityCall<'_>) {
        let name = match call.service {
            IdentityService::Sts { operation, .. } => format!("STS/{operation}"),
            IdentityService::PodIdentityAgent { .. } => "PodIdentity/credentials".to_owned(),
        };
        let Some(span) = self.0.start(name, SpanKind::Client, None) else {
            return;
        };
        let mut span = span.backdated(call.took);
        describe(&mut span, call.service);
        if let Some(error) = call.error {
            span.set("irsa.link", error.link().id());
            span.fail(error.cause().map_or("unknown", Cause::id));
        }
        span.end();
    }
}

/// Adds the attributes of the service. Those of STS follow the semantic conventions for the AWS SDK.
fn describe(span: &mut Span, service: IdentityService<'_>) {
    match service {
        IdentityService::Sts { operation, region } => {
            span.set("rpc.system", "aws-api");
            span.set("rpc.service", "STS");
            span.set("rpc.method", operation);
            if let Some(region) = region {
                span.set("cloud.region", region.to_string());
            }
        }
        IdentityService::PodIdentityAgent { host } => span.set("server.address", host.to_owned()),
    }
}
