//! The real Helm.

use std::path::PathBuf;

use irsa_components::{GoError, cache, helm};
use irsa_testing::{print_line, skip};
use tokio::runtime::Builder;

/// Returns the path of Helm. If Go, which builds it, is missing, prints why the test is skipped.
pub(crate) fn program() -> Option<PathBuf> {
    let cache = cache::folder(std::env::var_os).unwrap();
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    let located = runtime.block_on(helm::locate(&cache, &print_line));
    if let Err(error @ GoError::Missing { .. }) = &located {
        skip(error);
        return None;
    }
    Some(located.unwrap())
}
