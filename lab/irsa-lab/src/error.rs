//! Errors of a lab.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

use crate::world::WorldError;

/// An underlying error of any crate.
pub type Source = Box<dyn std::error::Error + Send + Sync>;

/// A lab could not start, or failed later.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum LabError {
    /// The world file is invalid.
    #[error("the lab's world is invalid: {0}")]
    World(#[from] WorldError),
    /// The lab of a state directory was killed and left its description behind.
    #[error("the lab in `{}` has ended; start it again", state_dir.display())]
    Ended {
        /// The state directory.
        state_dir: PathBuf,
    },
    /// A file or directory of the lab's state could not be used.
    #[error("cannot {doing} `{}`", path.display())]
    File {
        /// The attempted operation: "write", "create".
        doing: &'static str,
        /// The file or directory.
        path: PathBuf,
        /// The operating system's error.
        source: io::Error,
    },
    /// A listener, certificate or key could not be created.
    #[error("cannot start the lab's {part}")]
    Part {
        /// The part: "STS", "OIDC issuer".
        part: &'static str,
        /// The reason.
        source: Source,
    },
    /// The Aurora front, or PostgreSQL behind it, could not start.
    #[error("cannot start the lab's Aurora: {doing}")]
    Aurora {
        /// The step that failed.
        doing: String,
        /// The reason.
        source: Source,
    },
    /// The OpenSearch front, or OpenSearch behind it, could not start.
    #[error("cannot start the lab's OpenSearch: {doing}")]
    OpenSearch {
        /// The step that failed.
        doing: String,
        /// The reason.
        source: Source,
    },
}

impl LabError {
    /// Returns whether the error means that no lab is running.
    pub(crate) fn is_no_lab(&self) -> bool {
        match self {
            Self::Ended { .. } => true,
            Self::File { source, .. } => source.kind() == io::ErrorKind::NotFound,
            _ => false,
        }
    }

    /// Returns an error of an OpenSearch front.
    pub fn opensearch(doing: impl Into<String>, source: impl Into<Source>) -> Self {
        Self::OpenSearch {
            doing: doing.into(),
            source: source.into(),
        }
    }

    /// Returns an error of an Aurora front.
    pub fn aurora(doing: impl Into<String>, source: impl Into<Source>) -> Self {
        Self::Aurora {
            doing: doing.into(),
            source: source.into(),
        }
    }

    pub(crate) fn part(part: &'static str, source: impl Into<Source>) -> Self {
        Self::Part {
            part,
            source: source.into(),
        }
    }

    pub(crate) fn file(doing: &'static str, path: impl Into<PathBuf>, source: io::Error) -> Self {
        Self::File {
            doing,
            path: path.into(),
            source,
        }
    }
}
