//! Errors of downloading, starting, calling and stopping OpenSearch, with their remedies.

use std::path::PathBuf;
use std::process::ExitStatus;
use std::time::Duration;

use thiserror::Error;

use crate::fetch::FetchError;
use crate::files::FileError;

/// An error of downloading, starting, calling or stopping OpenSearch.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum OpenSearchError {
    /// No suitable Java was found.
    #[error("no Java 11 to 21 was found{}", listed(seen))]
    NoJava {
        /// The versions that were found instead.
        seen: Vec<String>,
    },
    /// A download failed, or its digest is wrong.
    #[error(transparent)]
    Fetch(#[from] FetchError),
    /// A file or directory cannot be used, at least not by the account that runs OpenSearch.
    #[error(transparent)]
    File(#[from] FileError),
    /// The node's certificate could not be created.
    #[error("cannot create a certificate for OpenSearch")]
    Certificate(#[from] rcgen::Error),
    /// Java could not be run.
    #[error("can't run `{}`", program.display())]
    Run {
        /// The program.
        program: PathBuf,
        /// The operating system's error.
        source: std::io::Error,
    },
    /// The node ended before it was ready.
    #[error("OpenSearch stopped while it started ({status}): {log}")]
    Stopped {
        /// Its exit status.
        status: ExitStatus,
        /// The end of its log.
        log: String,
    },
    /// The node runs, but does not accept its administrator yet.
    #[error("OpenSearch was not ready after {} s: {log}", waited.as_secs())]
    NotReady {
        /// The time that was waited.
        waited: Duration,
        /// The end of its log.
        log: String,
    },
    /// The node did not respond to a request of the administrator.
    #[error("OpenSearch did not respond to `{method} {path}`")]
    Call {
        /// The method.
        method: String,
        /// The path.
        path: String,
        /// The reason.
        source: reqwest::Error,
    },
    /// The method of a request is invalid.
    #[error("`{0}` is not an HTTP method")]
    Method(String),
    /// The node did not stop and was killed.
    #[error("OpenSearch did not stop within {} s and was killed", waited.as_secs())]
    Killed {
        /// The time that was waited.
        waited: Duration,
    },
}

impl OpenSearchError {
    /// Returns the remedy, if there is a single one.
    pub fn remedy(&self) -> Option<&'static str> {
        Some(match self {
            Self::NoJava { .. } => {
                "install one (Debian: `apt-get install openjdk-17-jre-headless`), or set JAVA_HOME to its directory"
            }
            Self::Fetch(error) => return error.remedy(),
            Self::File(error) => return error.remedy(),
            _ => return None,
        })
    }
}

fn listed(seen: &[String]) -> String {
    if seen.is_empty() {
        String::new()
    } else {
        format!(" (only {})", seen.join(", "))
    }
}
