//! What can go wrong between "no OpenSearch here" and "ready", each with its remedy.

use std::path::PathBuf;
use std::process::ExitStatus;
use std::time::Duration;

use thiserror::Error;

use crate::fetch::FetchError;
use crate::files::FileError;

/// An OpenSearch that could not be fetched, started, reached or stopped.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum OpenSearchError {
    /// No Java fits.
    #[error("no Java 11 to 21 was found{}", listed(seen))]
    NoJava {
        /// What was found instead.
        seen: Vec<String>,
    },
    /// A file of it could not be fetched, or is not the pinned one.
    #[error(transparent)]
    Fetch(#[from] FetchError),
    /// A file or folder can't be used, or not by the account that OpenSearch runs under.
    #[error(transparent)]
    File(#[from] FileError),
    /// The node's certificate could not be made.
    #[error("can't make a certificate for OpenSearch")]
    Certificate(#[from] rcgen::Error),
    /// Java could not be run.
    #[error("can't run `{}`", program.display())]
    Run {
        /// The program.
        program: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
    /// The node ended before it was ready.
    #[error("OpenSearch stopped while it started ({status}): {log}")]
    Stopped {
        /// How it ended.
        status: ExitStatus,
        /// The end of its log.
        log: String,
    },
    /// The node runs, but does not let its administrator in.
    #[error("OpenSearch was not ready after {} s: {log}", waited.as_secs())]
    NotReady {
        /// How long was waited.
        waited: Duration,
        /// The end of its log.
        log: String,
    },
    /// The administrator's request got no answer.
    #[error("the own OpenSearch does not answer `{method} {path}`")]
    Call {
        /// The method.
        method: String,
        /// The path.
        path: String,
        /// The reason.
        source: reqwest::Error,
    },
    /// The method of a request is none.
    #[error("`{0}` is not a method of HTTP")]
    Method(String),
    /// The node did not stop and was killed.
    #[error("OpenSearch did not stop within {} s and was killed", waited.as_secs())]
    Killed {
        /// How long was waited.
        waited: Duration,
    },
}

impl OpenSearchError {
    /// What to do about it, where one thing helps.
    pub fn remedy(&self) -> Option<&'static str> {
        Some(match self {
            Self::NoJava { .. } => {
                "install one (Debian: `apt-get install openjdk-17-jre-headless`), or name its folder in JAVA_HOME"
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
