//! The control thread's runtime: STS and admin; no client's bytes.

use tokio::runtime::{Builder, Runtime};

use crate::exit::Failure;

pub(crate) fn control() -> Result<Runtime, Failure> {
    Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::other(format!("the runtime could not start: {error}")))
}

/// Runs `work` to its end. A thread that is still blocked then, in a name lookup or in a file that
/// has no end, does not delay the return.
pub(crate) fn run<T, E>(work: impl Future<Output = Result<T, E>>) -> Result<T, Failure>
where
    Failure: From<E>,
{
    let runtime = control()?;
    let outcome = runtime.block_on(work);
    runtime.shutdown_background();
    Ok(outcome?)
}
