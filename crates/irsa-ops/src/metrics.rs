//! Metrics, for Prometheus to fetch.

mod process;

use std::sync::{Arc, Mutex, PoisonError};

pub use prometheus_client;
use prometheus_client::encoding::text;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::Registry;

use self::process::ProcessCollector;

/// The media type of [`Metrics::encode`]: OpenMetrics, which Prometheus has read since 2.5.
pub const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// All metrics of the process. The name of each gets the prefix `irsa_`, except for those that the process has whatever
/// it does (`process_cpu_seconds_total` and others, as Prometheus's client libraries have them). Clones share the metrics.
#[derive(Clone, Debug)]
pub struct Metrics {
    registry: Arc<Mutex<Registry>>,
    process: Arc<Registry>,
}

impl Metrics {
    /// Those of the process, and no others yet.
    pub fn new() -> Self {
        let mut process = Registry::default();
        process.register_collector(Box::new(ProcessCollector));
        Self {
            registry: Arc::new(Mutex::new(Registry::with_prefix("irsa"))),
            process: Arc::new(process),
        }
    }

    /// Registers `irsa_build_info`, whose labels say what runs.
    pub fn register_build(&self, version: &'static str, commit: &'static str) {
        let labels = [("version", version), ("commit", commit)];
        self.register(|registry| {
            registry.register(
                "build",
                "The version and the commit that this process was built from",
                Info::new(labels),
            );
        });
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
        let all = text::encode_registry(&mut encoded, &self.process)
            .and_then(|()| text::encode(&mut encoded, &registry));
        if all.is_err() {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_what_runs_and_what_the_process_uses() {
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
