//! A real OpenSearch node, and the directory of downloads.
#![expect(clippy::print_stderr, reason = "downloads are reported")]

use std::path::PathBuf;

use irsa_components::cache;
use irsa_components::opensearch::{
    OpenSearch, OpenSearchBinaries, OpenSearchError, OpenSearchOptions,
};
use irsa_components::run_as::private_folder;
use irsa_testing::skip;
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
                skip(error);
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
    cache::folder(std::env::var_os).expect("a home")
}
