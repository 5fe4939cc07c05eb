//! The async runtime of the control thread, which calls AWS APIs and serves the admin endpoints, but relays no client
//! data.

use std::future::Future;

use tokio::runtime::{Builder, Runtime};

use crate::Failure;

/// Creates the runtime.
///
/// # Errors
/// The process is out of file descriptors.
pub fn control() -> Result<Runtime, Failure> {
    Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::other(format!("cannot start the async runtime: {error}")))
}

/// Runs `work` to completion. A thread that is still blocked afterwards, for example in a DNS lookup, does not delay
/// the return.
///
/// See `work` and [`control`].
/// As `work`, or as [`control`].
pub fn run<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let runtime = control()?;
    let outcome = runtime.block_on(work);
    runtime.shutdown_background();
    outcome
}
