//! The background task that exports spans.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use irsa_chain::untrusted::printable;
use irsa_net::retry::{Backoff, retry_after, with_jitter};
use rustls::ClientConfig;
use tokio::time::{sleep, timeout};

use super::compression::Compression;
use super::post::{Answer, Collector};
use super::queue::Queue;
use super::span::SpanData;
use super::{DropReason, TraceMetrics, TraceSettings, encode};
use crate::log_limit::LogLimit;

/// The pauses between attempts of one export.
const BACKOFF: Backoff = Backoff::new(Duration::from_millis(500), 2, Duration::from_secs(5));

/// Sends completed spans to the collector.
#[derive(Debug)]
pub struct Exporter {
    queue: Arc<Queue>,
    collector: Collector,
    compression: Compression,
    resource: Vec<(String, String)>,
    delay: Duration,
    timeout: Duration,
    metrics: TraceMetrics,
    now: fn() -> SystemTime,
    log_limit: LogLimit,
}

// === impl Exporter ===

impl Exporter {
    pub(super) fn new(
        settings: TraceSettings,
        queue: Arc<Queue>,
        metrics: TraceMetrics,
        now: fn() -> SystemTime,
        tls: Arc<ClientConfig>,
    ) -> Self {
        Self {
            queue,
            compression: settings.compression,
            collector: Collector::new(&settings, tls),
            resource: settings.resource,
            delay: settings.batch.delay,
            timeout: settings.timeout,
            metrics,
            now,
            log_limit: LogLimit::default(),
        }
    }

    /// Exports spans until `stop` completes, and then those that are left.
    pub async fn run(self, stop: impl Future<Output = ()>) {
        tokio::pin!(stop);
        loop {
            let is_last = tokio::select! {
                () = &mut stop => true,
                () = sleep(self.delay) => false,
                () = self.queue.full_batch() => false,
            };
            self.export_all(is_last).await;
            if is_last {
                return;
            }
        }
    }

    /// Exports one batch, and all further ones that are full or, if they are the last ones, that are not empty.
    async fn export_all(&self, is_last: bool) {
        loop {
            let (spans, has_more) = self.queue.take();
            if spans.is_empty() {
                return;
            }
            self.export(&spans).await;
            if !has_more && !is_last {
                return;
            }
        }
    }

    async fn export(&self, spans: &[SpanData]) {
        let count = spans.len() as u64;
        let body = encode::request(&self.resource, spans);
        let body = match self.compression.compress(body) {
            Ok(body) => Bytes::from(body),
            Err(error) => return self.warn(DropReason::Rejected, count, &error.to_string()),
        };
        let mut last = String::new();
        let answer = timeout(self.timeout, self.accepted(&body, &mut last)).await;
        match answer {
            Ok(Answer::Accepted(rejected, why)) => {
                let rejected = rejected.min(count);
                self.metrics.exported(count - rejected);
                if rejected > 0 {
                    self.warn(DropReason::Rejected, rejected, &why);
                }
            }
            Ok(Answer::Rejected(status) | Answer::Busy(status, _)) => {
                self.warn(DropReason::Rejected, count, &format!("status {status}"));
            }
            Err(_) => self.warn(DropReason::Unavailable, count, &last),
        }
    }

    /// Sends an export until the collector accepts or rejects it. `last` is the reason for the last failure.
    async fn accepted(&self, body: &Bytes, last: &mut String) -> Answer {
        let mut failures = 0;
        "no response".clone_into(last);
        loop {
            let answer = self.collector.post(body.clone(), self.timeout).await;
            let wait = match answer {
                Ok(Answer::Busy(status, wait)) => {
                    *last = format!("status {status}");
                    wait.and_then(|value| retry_after(&value, (self.now)()))
                }
                Ok(answer) => return answer,
                Err(error) => {
                    *last = error.to_string();
                    None
                }
            };
            failures += 1;
            let pause = with_jitter(BACKOFF.after(failures), rand::random());
            sleep(wait.map_or(pause, |wait| wait.max(pause))).await;
        }
    }

    fn warn(&self, reason: DropReason, spans: u64, why: &str) {
        self.metrics.dropped(reason, spans);
        if let Some(unlogged) = self.log_limit.may_log(reason.as_str()) {
            tracing::warn!(
                endpoint = %self.collector.endpoint(),
                spans,
                reason = reason.as_str(),
                unlogged,
                "cannot export traces: {}",
                printable(why)
            );
        }
    }
}
