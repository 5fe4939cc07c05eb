//! Why a TLS configuration cannot be made.

use std::io;
use std::path::{Path, PathBuf};

/// A TLS configuration cannot be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TlsError {
    /// A file cannot be read or written.
    #[error("cannot use `{}`: {error}", path.display())]
    File {
        /// Its path.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
    /// A file does not hold what it should.
    #[error("`{}` {problem}", path.display())]
    Content {
        /// Its path.
        path: PathBuf,
        /// What is wrong with it, as the second half of a sentence.
        problem: String,
    },
    /// No root certificate was given, so nobody could be trusted.
    #[error("there is no root certificate to verify a server with")]
    NoRoots,
    /// A certificate could not be made.
    #[error("cannot make a certificate for `{name}`: {error}")]
    Issue {
        /// The name that it was to be for.
        name: String,
        /// What the library says.
        error: rcgen::Error,
    },
    /// The parts do not fit together.
    #[error("cannot set up TLS: {0}")]
    Configuration(rustls::Error),
}

impl TlsError {
    pub(super) fn file(path: &Path, error: io::Error) -> Self {
        Self::File {
            path: path.to_owned(),
            error,
        }
    }

    pub(super) fn content(path: &Path, problem: impl Into<String>) -> Self {
        Self::Content {
            path: path.to_owned(),
            problem: problem.into(),
        }
    }

    /// What to do.
    pub fn remedy(&self) -> &'static str {
        match self {
            Self::File { .. } => "check the path, and that this user may use it",
            Self::Content { .. } => {
                "give a PEM file, as in `-----BEGIN CERTIFICATE-----`, that is complete"
            }
            Self::NoRoots => "name a file with root certificates",
            Self::Issue { .. } => "give a DNS name or an IP address",
            Self::Configuration(_) => "check that certificate and key belong together",
        }
    }
}
