//! Why a lab could not start.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

use crate::world::WorldError;

/// An underlying error of any crate.
pub type Source = Box<dyn std::error::Error + Send + Sync>;

/// A lab that could not start or keep its promise.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum LabError {
    /// The world file is wrong.
    #[error("the lab's world is not valid: {0}")]
    World(#[from] WorldError),
    /// The lab of a state folder has ended without removing what described it: it was killed.
    #[error("the lab in `{}` has ended; start it again", state_dir.display())]
    Ended {
        /// The state folder.
        state_dir: PathBuf,
    },
    /// A file or folder of the lab's state could not be used.
    #[error("can't {doing} `{}`", path.display())]
    File {
        /// What was tried: "write", "create".
        doing: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// A listener, certificate or key could not be made.
    #[error("can't start the lab's {part}")]
    Part {
        /// Which part: "STS", "OIDC issuer".
        part: &'static str,
        /// The reason.
        source: Source,
    },
    /// The Aurora front or the PostgreSQL behind it could not start.
    #[error("can't start the lab's Aurora: {doing}")]
    Aurora {
        /// What was being done.
        doing: String,
        /// The reason.
        source: Source,
    },
    /// An OpenSearch front or the OpenSearch behind it could not start.
    #[error("can't start the lab's OpenSearch: {doing}")]
    OpenSearch {
        /// What was being done.
        doing: String,
        /// The reason.
        source: Source,
    },
}

impl LabError {
    /// Returns true if no lab runs where one was looked for.
    pub(crate) fn is_no_lab(&self) -> bool {
        match self {
            Self::Ended { .. } => true,
            Self::File { source, .. } => source.kind() == io::ErrorKind::NotFound,
            _ => false,
        }
    }

    /// An error of an OpenSearch front.
    pub fn opensearch(doing: impl Into<String>, source: impl Into<Source>) -> Self {
        Self::OpenSearch {
            doing: doing.into(),
            source: source.into(),
        }
    }

    /// An error of the Aurora front.
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
