//! The bounded queue of completed spans.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use super::settings::Batch;
use super::span::SpanData;
use super::{DropReason, TraceMetrics};

/// Completed spans that wait for the export.
#[derive(Debug)]
pub(super) struct Queue {
    spans: Mutex<VecDeque<SpanData>>,
    limits: Batch,
    full_batch: Notify,
    metrics: TraceMetrics,
}

impl Queue {
    pub(super) fn new(limits: Batch, metrics: TraceMetrics) -> Self {
        Self {
            spans: Mutex::default(),
            limits,
            full_batch: Notify::new(),
            metrics,
        }
    }

    /// Adds a span, or drops it if the queue is full.
    pub(super) fn push(&self, span: SpanData) {
        let mut spans = self.spans();
        if spans.len() >= self.limits.queue {
            drop(spans);
            return self.metrics.dropped(DropReason::QueueFull, 1);
        }
        spans.push_back(span);
        if spans.len() == self.limits.size {
            self.full_batch.notify_one();
        }
    }

    /// Takes the spans of one batch, and returns whether another full batch is waiting.
    pub(super) fn take(&self) -> (Vec<SpanData>, bool) {
        let mut spans = self.spans();
        let count = spans.len().min(self.limits.size);
        let batch = spans.drain(..count).collect();
        (batch, spans.len() >= self.limits.size)
    }

    /// Waits until there is a full batch.
    pub(super) async fn full_batch(&self) {
        self.full_batch.notified().await;
    }

    fn spans(&self) -> MutexGuard<'_, VecDeque<SpanData>> {
        self.spans.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
