//! What can go wrong between "no Kubernetes here" and "ready", each with its remedy.

use std::path::PathBuf;
use std::process::ExitStatus;
use std::time::Duration;

use thiserror::Error;

use crate::files::FileError;

/// A Kubernetes that could not be built, started or stopped.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum KubernetesError {
    /// There is no Go that can build it.
    #[error("no Go 1.25 or later is on PATH{}", seen.as_ref().map(|seen| format!(" (only {seen})")).unwrap_or_default())]
    NoGo {
        /// What is there instead.
        seen: Option<String>,
    },
    /// Go could not build it.
    #[error(
        "go could not build Kubernetes {} ({status}): {output}",
        super::VERSION
    )]
    Build {
        /// How it ended.
        status: ExitStatus,
        /// The end of what it said.
        output: String,
    },
    /// A file or folder can't be used.
    #[error(transparent)]
    File(#[from] FileError),
    /// The certificates could not be made.
    #[error("can't make certificates for Kubernetes")]
    Certificate(#[from] rcgen::Error),
    /// The key that signs tokens could not be made.
    #[error("can't make the key that signs service accounts' tokens: {0}")]
    SigningKey(String),
    /// The HTTP client could not be set up.
    #[error("can't set up the HTTP client")]
    Client(#[source] reqwest::Error),
    /// TLS could not be set up.
    #[error("can't set up TLS")]
    Tls(#[source] rustls::Error),
    /// A program could not be run.
    #[error("can't run `{}`", program.display())]
    Run {
        /// The program.
        program: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
    /// A server ended before it was ready.
    #[error("{server} stopped while it started ({status}): {log}")]
    Stopped {
        /// `etcd` or `kube-apiserver`.
        server: &'static str,
        /// How it ended.
        status: ExitStatus,
        /// The end of its log.
        log: String,
    },
    /// A server runs, but is not ready.
    #[error("{server} was not ready after {} s: {log}", waited.as_secs())]
    NotReady {
        /// `etcd` or `kube-apiserver`.
        server: &'static str,
        /// How long was waited.
        waited: Duration,
        /// The end of its log.
        log: String,
    },
    /// A server did not stop and was killed.
    #[error("{server} did not stop within {} s and was killed", waited.as_secs())]
    Killed {
        /// `etcd` or `kube-apiserver`.
        server: &'static str,
        /// How long was waited.
        waited: Duration,
    },
}

impl KubernetesError {
    /// What to do about it, where one thing helps.
    pub fn remedy(&self) -> Option<&'static str> {
        Some(match self {
            Self::NoGo { .. } => {
                "install Go 1.25 or later (https://go.dev/dl), which builds Kubernetes"
            }
            Self::Build { .. } => {
                "give it 4 GB of memory and a way to its module proxy (`go env GOPROXY`)"
            }
            Self::File(error) => return error.remedy(),
            _ => return None,
        })
    }
}
