//! Panics. A bug in irsa ends the task in which it occurs, and is logged and counted.

use std::io::{self, Write};
use std::panic::{Location, PanicHookInfo, set_hook};
use std::sync::LazyLock;

use prometheus_client::metrics::counter::Counter;
use prometheus_client::registry::Registry;

static PANICS: LazyLock<Counter> = LazyLock::new(Counter::default);

/// Logs and counts all panics of the process from now on.
///
/// The log contains the location of a panic, but not its message, which may include data from outside. A process
/// without a log prints the location.
pub fn report() {
    set_hook(Box::new(|panic| {
        PANICS.inc();
        log(panic);
    }));
}

/// Registers the number of panics as a metric.
pub fn register_metrics(metrics: &mut Registry) {
    metrics.register(
        "panics",
        "Internal errors of irsa that ended a session, a request or a task",
        PANICS.clone(),
    );
}

fn log(panic: &PanicHookInfo<'_>) {
    let location = panic.location().map(Location::to_string);
    let location = location.unwrap_or_default();
    let thread = std::thread::current();
    let thread = thread.name().unwrap_or_default();
    if tracing::dispatcher::has_been_set() {
        tracing::error!(
            location,
            thread,
            "internal error: please report it with this location"
        );
    } else {
        let version = env!("CARGO_PKG_VERSION");
        // Standard error may be closed, and a panic here would abort the process.
        let _ = writeln!(
            io::stderr(),
            "internal error at {location} (irsa {version}): please report it"
        );
    }
}
