//! The runtime of the control thread, which talks to AWS's APIs and serves the admin pages, but relays no client's bytes.

use std::future::Future;

use tokio::runtime::{Builder, Runtime};

use crate::Failure;

/// Creates the runtime.
///
/// # Errors
/// The process has no file descriptor left.
pub fn control() -> Result<Runtime, Failure> {
    Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::other(format!("the runtime could not start: {error}")))
}

/// Runs `work` to its end. A thread that is still blocked then, in a name lookup or in a file that has no end, does not
/// delay the return.
///
/// # Errors
/// As `work`, or as [`control`].
pub fn run<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let runtime = control()?;
    let outcome = runtime.block_on(work);
    runtime.shutdown_background();
    outcome
}
