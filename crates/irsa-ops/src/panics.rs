//! Panics: a defect of irsa's ends the task it occurs in, and is logged and counted.

use std::io::{self, Write};
use std::panic::{Location, PanicHookInfo, set_hook};
use std::sync::LazyLock;

use prometheus_client::metrics::counter::Counter;
use prometheus_client::registry::Registry;

static PANICS: LazyLock<Counter> = LazyLock::new(Counter::default);

/// Logs and counts every panic of the process from now on.
///
/// The log has the place of the panic and not its message, which can hold data from outside. A
/// process that does not log prints the place.
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
        "Defects of irsa that ended a session, a request or a task",
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
        // Standard error may be closed, and a panic in here would end the process.
        let _ = writeln!(
            io::stderr(),
            "internal error at {location} (irsa {version}): please report it"
        );
    }
}
