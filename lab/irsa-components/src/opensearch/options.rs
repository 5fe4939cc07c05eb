//! How an OpenSearch is to run.

use std::path::{Path, PathBuf};
use std::time::Duration;

/// How an OpenSearch is to run.
#[derive(Debug, Clone)]
pub struct OpenSearchOptions {
    /// Holds everything of the node: configuration, data, logs. A second start in the same folder finds the data
    /// again.
    pub folder: PathBuf,
    /// The Java heap in mebibytes. With 512 the process takes about 400 MB, with 256 about 300 MB.
    pub heap_mebibytes: u32,
    /// Settings as in `opensearch.yml`, lists separated by commas; they win over the own ones.
    pub settings: Vec<(String, String)>,
    /// How long it may take until it lets its administrator in; about 8 s on two cores.
    pub start_timeout: Duration,
}

impl OpenSearchOptions {
    /// A throw-away node with everything under `folder`.
    pub fn new(folder: &Path) -> Self {
        Self {
            folder: folder.to_owned(),
            heap_mebibytes: 512,
            settings: Vec::new(),
            start_timeout: Duration::from_mins(3),
        }
    }
}
