//! Errors of TLS configurations.

use std::io;
use std::path::{Path, PathBuf};

/// The reason why a TLS configuration could not be created.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TlsError {
    /// A file cannot be read or written.
    #[error("cannot use `{}`: {error}", path.display())]
    File {
        /// The path of the file.
        path: PathBuf,
        /// The error of the operating system.
        error: io::Error,
    },
    /// A file has the wrong content.
    #[error("`{}` {problem}", path.display())]
    Content {
        /// The path of the file.
        path: PathBuf,
        /// The problem, as a predicate such as `contains no certificate`.
        problem: String,
    },
    /// There are no root certificates.
    #[error("no root certificates are configured to verify servers")]
    NoRoots,
    /// A certificate could not be issued.
    #[error("cannot issue a certificate for `{name}`: {error}")]
    Issue {
        /// The name in the certificate.
        name: String,
        /// The error of the library.
        error: rcgen::Error,
    },
    /// The stored certificate or key of a CA cannot be used.
    #[error("the stored CA {0}")]
    StoredAuthority(&'static str),
    /// The configuration is invalid.
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

    /// Returns what to do.
    pub fn remedy(&self) -> &'static str {
        match self {
            Self::File { .. } => "check the path and the permissions of the file",
            Self::Content { .. } => {
                "use a complete PEM file, with lines such as `-----BEGIN CERTIFICATE-----`"
            }
            Self::NoRoots => "configure a file with root certificates",
            Self::Issue { .. } => "use a DNS name or an IP address",
            Self::StoredAuthority(_) => {
                "delete what is stored, so that a new CA is generated, or restore it"
            }
            Self::Configuration(_) => "check that the certificate and the key belong together",
        }
    }
}
