//! A kubeconfig that can't be used.

use kube_client::config::{InferConfigError, KubeconfigError};
use thiserror::Error;

/// There is no way to the Kubernetes API.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// There is neither a kubeconfig nor a pod's own service account.
    #[error("there is neither a kubeconfig nor a service account of this pod's own")]
    Absent(#[source] InferConfigError),
    /// The kubeconfig can't be used.
    #[error("can't use the kubeconfig")]
    Kubeconfig(#[from] KubeconfigError),
    /// What it says of TLS or of the user's credentials can't be used. Its details may be secret, and are left out.
    #[error("can't use {0} of the kubeconfig")]
    Unusable(&'static str),
}

impl ConfigError {
    /// What to do about it.
    pub fn remedy(&self) -> &'static str {
        match self {
            Self::Absent(_) => {
                "give one with `--kubeconfig`; for EKS `aws eks update-kubeconfig --name CLUSTER` writes it"
            }
            Self::Kubeconfig(_) | Self::Unusable(_) => {
                "see that `kubectl get serviceaccounts` works with the same kubeconfig and context"
            }
        }
    }
}

/// Which part of the kubeconfig a client can't be made of.
pub(crate) fn unusable(error: &kube_client::Error) -> ConfigError {
    ConfigError::Unusable(match error {
        kube_client::Error::Auth(_) => "the user's credentials",
        kube_client::Error::RustlsTls(_) => "the certificates",
        _ => "the cluster's address",
    })
}
