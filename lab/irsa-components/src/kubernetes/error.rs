//! Errors of building, starting and stopping Kubernetes, with their remedies.

use std::path::PathBuf;
use std::process::ExitStatus;
use std::time::Duration;

use thiserror::Error;

use crate::files::FileError;
use crate::go::GoError;

/// An error of building, starting or stopping Kubernetes.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum KubernetesError {
    /// The program is missing and could not be built.
    #[error(transparent)]
    Go(#[from] GoError),
    /// A file or directory cannot be used.
    #[error(transparent)]
    File(#[from] FileError),
    /// The certificates could not be created.
    #[error("cannot create certificates for Kubernetes")]
    Certificate(#[from] rcgen::Error),
    /// The key that signs tokens could not be created.
    #[error("cannot create the key that signs service account tokens: {0}")]
    SigningKey(String),
    /// The HTTP client could not be set up.
    #[error("cannot set up the HTTP client")]
    Client(#[source] reqwest::Error),
    /// TLS could not be set up.
    #[error("cannot set up TLS")]
    Tls(#[source] rustls::Error),
    /// A program could not be run.
    #[error("can't run `{}`", program.display())]
    Run {
        /// The program.
        program: PathBuf,
        /// The operating system's error.
        source: std::io::Error,
    },
    /// A server ended before it was ready.
    #[error("{server} stopped while it started ({status}): {log}")]
    Stopped {
        /// `etcd` or `kube-apiserver`.
        server: &'static str,
        /// Its exit status.
        status: ExitStatus,
        /// The end of its log.
        log: String,
    },
    /// A server runs, but is not ready.
    #[error("{server} was not ready after {} s: {log}", waited.as_secs())]
    NotReady {
        /// `etcd` or `kube-apiserver`.
        server: &'static str,
        /// The time that was waited.
        waited: Duration,
        /// The end of its log.
        log: String,
    },
    /// A server did not stop and was killed.
    #[error("{server} did not stop within {} s and was killed", waited.as_secs())]
    Killed {
        /// `etcd` or `kube-apiserver`.
        server: &'static str,
        /// The time that was waited.
        waited: Duration,
    },
}

impl KubernetesError {
    /// Returns the remedy, if there is a single one.
    pub fn remedy(&self) -> Option<&'static str> {
        match self {
            Self::Go(error) => error.remedy(),
            Self::File(error) => error.remedy(),
            _ => None,
        }
    }
}
