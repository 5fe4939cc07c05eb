//! A short-lived cache of the encoded metrics.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;

use crate::metrics::Metrics;

/// The maximum age of the metrics, which is irrelevant for Prometheus.
const MAX_AGE: Duration = Duration::from_millis(100);

/// Caches the encoded metrics for 100 ms, so that they are encoded at most ten times per second.
#[derive(Debug, Default)]
pub(super) struct RecentMetrics(Mutex<Option<(Instant, Bytes)>>);

// === impl RecentMetrics ===

impl RecentMetrics {
    pub(super) fn encode(&self, metrics: &Metrics) -> Bytes {
        self.encode_at(metrics, Instant::now())
    }

    fn encode_at(&self, metrics: &Metrics, now: Instant) -> Bytes {
        let mut recent = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match &*recent {
            Some((at, encoded)) if now.duration_since(*at) < MAX_AGE => encoded.clone(),
            _ => {
                let encoded = Bytes::from(metrics.encode());
                *recent = Some((now, encoded.clone()));
                encoded
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use prometheus_client::metrics::counter::Counter;

    use super::*;

    #[test]
    fn the_metrics_are_encoded_at_most_ten_times_per_second() {
        let metrics = Metrics::new();
        let counter: Counter = Counter::default();
        metrics.register(|registry| registry.register("a", "A", counter.clone()));
        let (recent, now) = (RecentMetrics::default(), Instant::now());
        let at_once = recent.encode_at(&metrics, now);
        counter.inc();
        assert_eq!(recent.encode_at(&metrics, now), at_once);
        assert_ne!(recent.encode_at(&metrics, now + MAX_AGE), at_once);
    }
}
