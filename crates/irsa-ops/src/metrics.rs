//! Metrics for Prometheus.

mod process;

use std::sync::{Arc, Mutex, PoisonError};

pub use prometheus_client;
use prometheus_client::encoding::text;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::Registry;

use self::process::ProcessCollector;

/// The media type of [`Metrics::encode`]: OpenMetrics, which Prometheus supports since version 2.5.
pub const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// All metrics of the process. Their names get the prefix `irsa_`, except for the standard process metrics of
/// Prometheus client libraries (`process_cpu_seconds_total` and others). Clones share the metrics.
#[derive(Clone, Debug)]
pub struct Metrics {
    registry: Arc<Mutex<Registry>>,
    process: Arc<Registry>,
}

impl Metrics {
    /// Creates the metrics of the process itself.
    pub fn new() -> Self {
        let mut process = Registry::default();
        process.register_collector(Box::new(ProcessCollector));
        Self {
            registry: Arc::new(Mutex::new(Registry::with_prefix("irsa"))),
            process: Arc::new(process),
        }
    }

    /// Registers `irsa_build_info`, whose labels identify the build.
    pub fn register_build(&self, version: &'static str, commit: &'static str) {
        let labels = [("version", version), ("commit", commit)];
        self.register(|registry| {
            registry.register(
                "build",
                "Version and commit of this build",
                Info::new(labels),
            );
        });
    }

    /// Registers metrics. The names of counters have no `_total`, which the encoding adds, and units are set with
    /// `register_with_unit`.
    ///
    /// ```
    /// use irsa_ops::metrics::Metrics;
    /// use irsa_ops::metrics::prometheus_client::metrics::counter::Counter;
    ///
    /// let metrics = Metrics::new();
    /// let sessions: Counter = metrics.register(|registry| {
    ///     let counter = Counter::default();
    ///     registry.register("sessions", "Started sessions", counter.clone());
    ///     counter
    /// });
    /// sessions.inc();
    /// assert!(metrics.encode().contains("irsa_sessions_total 1\n"));
    /// ```
    pub fn register<T>(&self, register: impl FnOnce(&mut Registry) -> T) -> T {
        register(&mut self.registry.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Returns all metrics as text of type [`CONTENT_TYPE`].
    pub fn encode(&self) -> String {
        let mut encoded = String::new();
        let registry = self.registry.lock().unwrap_or_else(PoisonError::into_inner);
        let all = text::encode_registry(&mut encoded, &self.process)
            .and_then(|()| text::encode(&mut encoded, &registry));
        if all.is_err() {
            // Only a custom collector can fail: writing to a String does not.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contains_the_build_and_the_resource_usage() {
        let metrics = Metrics::new();
        metrics.register_build("1.2.3", "abc");
        let text = metrics.encode();
        let build = "irsa_build_info{version=\"1.2.3\",commit=\"abc\"} 1\n";
        assert!(text.contains(build), "{text}");
        for name in [
            "process_cpu_seconds_total",
            "process_resident_memory_bytes",
            "process_virtual_memory_bytes",
            "process_open_fds",
            "process_max_fds",
            "process_threads",
            "process_start_time_seconds",
        ] {
            let line = text
                .lines()
                .find(|line| line.starts_with(&format!("{name} ")));
            let value = line.unwrap_or_else(|| panic!("no {name} in {text}"));
            let value: f64 = value.rsplit(' ').next().unwrap().parse().unwrap();
            assert!(value >= 0.0, "{name}");
        }
        assert_eq!(text.matches("# EOF").count(), 1, "{text}");
    }
}
