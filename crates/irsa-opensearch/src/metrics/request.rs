//! The measurement of a single request.

use std::sync::Arc;
use std::time::Instant;

use http::{Method, StatusCode};
use irsa_ops::trace::{Span, TraceContext};
use prometheus_client::metrics::histogram::Histogram;

use super::DomainMetrics;
use super::labels::{RequestLabels, RouteLabels, method_label, status_label};
use crate::failure::Failure;
use crate::traces;

/// Counts a request and ends its trace when it is dropped: together with the body of its response, or earlier if the
/// client disconnects.
#[derive(Debug)]
pub(crate) struct RequestMeter {
    metrics: Arc<DomainMetrics>,
    duration: Histogram,
    begun: Instant,
    method: &'static str,
    route: &'static str,
    status: Option<StatusCode>,
    span: Option<Span>,
}

// === impl RequestMeter ===

impl RequestMeter {
    pub(super) fn new(metrics: Arc<DomainMetrics>, method: &Method, route: &'static str) -> Self {
        metrics.active.inc();
        let labels = RouteLabels {
            upstream: metrics.upstream.clone(),
            route,
        };
        Self {
            duration: metrics.all.durations.get_or_create_owned(&labels),
            metrics,
            begun: Instant::now(),
            method: method_label(method),
            route,
            status: None,
            span: None,
        }
    }

    /// Records a trace of the request.
    pub(crate) fn traced(mut self, span: Option<Span>) -> Self {
        self.span = span;
        self
    }

    /// Returns the position of the request in its trace.
    pub(crate) fn trace(&self) -> Option<TraceContext> {
        self.span.as_ref()?.context().cloned()
    }

    /// Records why irsa rejected the request.
    pub(crate) fn failed(&mut self, failure: &Failure) {
        if let Some(span) = &mut self.span {
            traces::note_failure(span, failure);
        }
    }

    /// Returns the name of the upstream in metrics and logs.
    pub(crate) fn upstream(&self) -> &str {
        &self.metrics.upstream
    }

    pub(crate) fn answered(&mut self, status: StatusCode) {
        self.status = Some(status);
    }

    /// Counts bytes that were sent to the client.
    pub(crate) fn sent(&self, bytes: usize) {
        self.metrics.bytes_to_client.inc_by(bytes as u64);
    }
}

impl Drop for RequestMeter {
    fn drop(&mut self) {
        let took = self.begun.elapsed();
        self.metrics.active.dec();
        self.duration.observe(took.as_secs_f64());
        // The path is not logged, because document IDs may contain personal data.
        tracing::debug!(
            upstream = self.metrics.upstream,
            method = self.method,
            route = self.route,
            status = self.status.map(|status| status.as_u16()),
            ?took,
            "request ended"
        );
        let labels = RequestLabels {
            upstream: self.metrics.upstream.clone(),
            method: self.method,
            route: self.route,
            status: status_label(self.status),
        };
        self.metrics.all.requests.get_or_create(&labels).inc();
        if let Some(span) = self.span.take() {
            traces::end_request(span, self.status);
        }
    }
}
