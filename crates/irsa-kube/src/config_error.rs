//! A kubeconfig that can't be used.

use std::time::Duration;

use kube_client::client::AuthError;
use kube_client::config::KubeconfigError;
use thiserror::Error;

/// There is no way to the Kubernetes API. Holds nothing secret of a kubeconfig.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// There is neither a kubeconfig nor a pod's own service account.
    #[error("there is neither a kubeconfig nor a service account of this pod's own")]
    Absent,
    /// The kubeconfig can't be used, and why.
    #[error("can't use the kubeconfig: {0}")]
    Kubeconfig(String),
    /// What it says of TLS or of the user's credentials can't be used. Its details may be secret, and are left out.
    #[error("can't use {0} of the kubeconfig")]
    Unusable(String),
    /// A file that is never read to its end, or a plug-in for credentials that does not end.
    #[error(
        "the kubeconfig, or its plug-in for the user's credentials, did not come to an end within {0:?}"
    )]
    TimedOut(Duration),
}

impl ConfigError {
    /// What to do about it.
    pub fn remedy(&self) -> &'static str {
        match self {
            Self::Absent => {
                "give one with `--kubeconfig`; for EKS `aws eks update-kubeconfig --name CLUSTER` writes it"
            }
            Self::Kubeconfig(_) | Self::Unusable(_) | Self::TimedOut(_) => {
                "see that `kubectl get serviceaccounts` works with the same kubeconfig and context"
            }
        }
    }
}

impl From<KubeconfigError> for ConfigError {
    /// Keeps words only: a parser quotes what it can't read, which may be a key.
    fn from(error: KubeconfigError) -> Self {
        Self::Kubeconfig(match error {
            KubeconfigError::Parse(_) => "it is not the YAML of one".to_owned(),
            KubeconfigError::ReadConfig(error, path) => format!("`{}`: {error}", path.display()),
            KubeconfigError::CurrentContextNotSet => "it has no current context".to_owned(),
            KubeconfigError::LoadContext(name) => format!("it has no context `{name}`"),
            KubeconfigError::LoadClusterOfContext(name) => format!("it has no cluster `{name}`"),
            KubeconfigError::ParseNoProxy(error) => format!("NO_PROXY: {error}"),
            KubeconfigError::ParseProxyUrl(_) => "the proxy's address is none".to_owned(),
            other => other.to_string(),
        })
    }
}

/// Which part of the kubeconfig a client can't be made of. What a plug-in printed is left out.
pub(crate) fn unusable(error: &kube_client::Error) -> ConfigError {
    ConfigError::Unusable(match error {
        kube_client::Error::Auth(AuthError::AuthExecStart(error)) => {
            format!("the plug-in for the user's credentials ({error})")
        }
        kube_client::Error::Auth(AuthError::AuthExecRun { out, .. }) => {
            format!("the plug-in for the user's credentials ({})", out.status)
        }
        kube_client::Error::Auth(_) => "the user's credentials".to_owned(),
        kube_client::Error::RustlsTls(_) => "the certificates".to_owned(),
        kube_client::Error::ProxyProtocolUnsupported { .. } => {
            "the proxy (only `http`, `https` and `socks5` are known)".to_owned()
        }
        _ => "the cluster's address".to_owned(),
    })
}
