//! The control thread's runtime: STS, admin and signals; no client's bytes.

use tokio::runtime::{Builder, Runtime};

use crate::exit::Failure;

pub(crate) fn control() -> Result<Runtime, Failure> {
    Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::other(format!("the runtime could not start: {error}")))
}
