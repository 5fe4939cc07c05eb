//! The options of a Kubernetes.

use std::path::{Path, PathBuf};
use std::time::Duration;

/// The options of a Kubernetes.
#[derive(Debug, Clone)]
pub struct KubernetesOptions {
    /// Directory for keys, state, logs and the kubeconfig. It is meant to be deleted with the server, which does not
    /// write its state durably.
    pub folder: PathBuf,
    /// The `iss` of service account tokens, with https; the server's own address by default.
    pub issuer: Option<String>,
    /// Time limit until `/readyz` succeeds; it takes about 4 s on two cores.
    pub start_timeout: Duration,
}

impl KubernetesOptions {
    /// Returns options for a throw-away server with everything in `folder`.
    pub fn new(folder: &Path) -> Self {
        Self {
            folder: folder.to_owned(),
            issuer: None,
            start_timeout: Duration::from_mins(2),
        }
    }
}
