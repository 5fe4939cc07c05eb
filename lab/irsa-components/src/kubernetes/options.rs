//! How a Kubernetes is to run.

use std::path::{Path, PathBuf};
use std::time::Duration;

/// How a Kubernetes is to run.
#[derive(Debug, Clone)]
pub struct KubernetesOptions {
    /// Holds everything: keys, state, logs, the kubeconfig. It is thrown away with the server, whose state is not
    /// written with care.
    pub folder: PathBuf,
    /// The `iss` of service accounts' tokens, with https; the server's own address when absent.
    pub issuer: Option<String>,
    /// How long it may take until `/readyz` says yes; about 4 s on two cores.
    pub start_timeout: Duration,
}

impl KubernetesOptions {
    /// A throw-away server with everything under `folder`.
    pub fn new(folder: &Path) -> Self {
        Self {
            folder: folder.to_owned(),
            issuer: None,
            start_timeout: Duration::from_mins(2),
        }
    }
}
