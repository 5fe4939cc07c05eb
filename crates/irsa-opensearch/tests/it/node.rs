//! A real OpenSearch node, and the directory of downloads.
#![expect(
    clippy::print_stderr,
    reason = "downloads and skipped tests are reported"
)]

use std::path::PathBuf;

use irsa_components::cache;
use irsa_components::opensearch::{
    OpenSearch, OpenSearchBinaries, OpenSearchError, OpenSearchOptions,
};
use irsa_components::run_as::private_folder;
use tempfile::TempDir;

/// A node with its own directory.
pub(crate) struct Node {
    pub(crate) opensearch: OpenSearch,
    _folder: TempDir,
}

// === impl Node ===

impl Node {
    /// Starts a node. Returns `None` and prints the reason if there is no suitable Java.
    pub(crate) async fn start_unless_without_java() -> Option<Self> {
        let note = |line: &str| eprintln!("{line}");
        let binaries = match OpenSearchBinaries::locate(None, &cache_folder(), &note).await {
            Err(error @ OpenSearchError::NoJava { .. }) => {
                skip(&error.to_string());
                return None;
            }
            located => located.unwrap(),
        };
        let folder = private_folder(binaries.run_as()).unwrap();
        let options = OpenSearchOptions::new(folder.path());
        Some(Self {
            opensearch: OpenSearch::start(&binaries, options).await.unwrap(),
            _folder: folder,
        })
    }
}

/// Returns the directory of downloads.
pub(crate) fn cache_folder() -> PathBuf {
    if let Some(given) = std::env::var_os("IRSA_CACHE_DIR") {
        return given.into();
    }
    let (cache, home) = (std::env::var_os("XDG_CACHE_HOME"), std::env::var_os("HOME"));
    cache::default_folder(cache.as_deref(), home.as_deref()).expect("a home")
}

/// Prints why a test is skipped. With `IRSA_REQUIRE_CLIENTS=1`, the test fails.
pub(crate) fn skip(reason: &str) {
    let is_required = std::env::var_os("IRSA_REQUIRE_CLIENTS").is_some_and(|value| value == "1");
    assert!(!is_required, "{reason}");
    eprintln!("skipped: {reason}");
}
