//! Metrics, for Prometheus to fetch.

use std::sync::{Arc, Mutex, PoisonError};

pub use prometheus_client;
use prometheus_client::encoding::text;
use prometheus_client::registry::Registry;

/// The media type of [`Metrics::encode`]: OpenMetrics, which Prometheus has read since 2.5.
pub const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// All metrics of the process; each name gets the prefix `irsa_`. Clones share them.
#[derive(Clone, Debug)]
pub struct Metrics {
    registry: Arc<Mutex<Registry>>,
}

impl Metrics {
    /// None yet.
    pub fn new() -> Self {
        Self {
            registry: Arc::new(Mutex::new(Registry::with_prefix("irsa"))),
        }
    }

    /// Registers metrics: counters without `_total`, which the encoding adds, and units by
    /// `register_with_unit`.
    ///
    /// ```
    /// use irsa_ops::metrics::Metrics;
    /// use irsa_ops::metrics::prometheus_client::metrics::counter::Counter;
    ///
    /// let metrics = Metrics::new();
    /// let sessions: Counter = metrics.register(|registry| {
    ///     let counter = Counter::default();
    ///     registry.register("sessions", "Sessions begun", counter.clone());
    ///     counter
    /// });
    /// sessions.inc();
    /// assert!(metrics.encode().contains("irsa_sessions_total 1\n"));
    /// ```
    pub fn register<T>(&self, register: impl FnOnce(&mut Registry) -> T) -> T {
        register(&mut self.registry.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// All metrics as text of type [`CONTENT_TYPE`].
    pub fn encode(&self) -> String {
        let mut encoded = String::new();
        let registry = self.registry.lock().unwrap_or_else(PoisonError::into_inner);
        if text::encode(&mut encoded, &registry).is_err() {
            // Only a collector of ours can fail: a String takes everything.
            tracing::error!("cannot encode the metrics");
        }
        encoded
    }
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}
