//! The options of an OpenSearch.

use std::path::{Path, PathBuf};
use std::time::Duration;

/// The options of an OpenSearch.
#[derive(Debug, Clone)]
pub struct OpenSearchOptions {
    /// Directory for configuration, data and logs. A second start in the same directory uses the existing data.
    pub folder: PathBuf,
    /// The Java heap in mebibytes. With 512 the process takes about 400 MB, with 256 about 300 MB.
    pub heap_mebibytes: u32,
    /// Settings as in `opensearch.yml`, lists separated by commas; they override the defaults.
    pub settings: Vec<(String, String)>,
    /// Time limit until it accepts its administrator; it takes about 8 s on two cores.
    pub start_timeout: Duration,
}

impl OpenSearchOptions {
    /// Returns options for a throw-away node with everything in `folder`.
    pub fn new(folder: &Path) -> Self {
        Self {
            folder: folder.to_owned(),
            heap_mebibytes: 512,
            settings: Vec::new(),
            start_timeout: Duration::from_mins(3),
        }
    }
}
