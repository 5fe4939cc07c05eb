//! The error of a kubeconfig that cannot be used.

use std::time::Duration;

use kube_client::client::AuthError;
use kube_client::config::KubeconfigError;
use thiserror::Error;

/// The reason why no client for the Kubernetes API can be created. Contains no secrets of the kubeconfig.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// There is neither a kubeconfig nor a service account of this pod.
    #[error(
        "no kubeconfig was found, and this process does not run in a pod with a service account"
    )]
    Absent,
    /// The kubeconfig cannot be used, for this reason.
    #[error("cannot use the kubeconfig: {0}")]
    Kubeconfig(String),
    /// This part of the kubeconfig cannot be used. The details may contain secrets and are omitted.
    #[error("cannot use {0} in the kubeconfig")]
    Unusable(String),
    /// Reading the file or running the credential plugin did not complete within this time.
    #[error(
        "reading the kubeconfig and running its credential plugin did not complete within {0:?}"
    )]
    TimedOut(Duration),
}

impl ConfigError {
    /// The remedy.
    pub fn remedy(&self) -> &'static str {
        match self {
            Self::Absent => {
                "name a kubeconfig with `--kubeconfig`; for EKS, `aws eks update-kubeconfig --name CLUSTER` creates one"
            }
            Self::Kubeconfig(_) | Self::Unusable(_) | Self::TimedOut(_) => {
                "check that `kubectl get serviceaccounts` works with the same kubeconfig and context"
            }
        }
    }
}

impl From<KubeconfigError> for ConfigError {
    /// Keeps only text without quotations: a parser quotes what it cannot read, which may be a key.
    fn from(error: KubeconfigError) -> Self {
        Self::Kubeconfig(match error {
            KubeconfigError::Parse(_) => "it is not valid YAML of a kubeconfig".to_owned(),
            KubeconfigError::ReadConfig(error, path) => format!("`{}`: {error}", path.display()),
            KubeconfigError::CurrentContextNotSet => "it has no current context".to_owned(),
            KubeconfigError::LoadContext(name) => format!("it has no context `{name}`"),
            KubeconfigError::LoadClusterOfContext(name) => format!("it has no cluster `{name}`"),
            KubeconfigError::ParseNoProxy(error) => format!("NO_PROXY: {error}"),
            KubeconfigError::ParseProxyUrl(_) => "the proxy's URL is invalid".to_owned(),
            other => other.to_string(),
        })
    }
}

/// The part of the kubeconfig that cannot be used. The output of a plugin is omitted.
pub(crate) fn unusable(error: &kube_client::Error) -> ConfigError {
    ConfigError::Unusable(match error {
        kube_client::Error::Auth(AuthError::AuthExecStart(error)) => {
            format!("the user's credential plugin ({error})")
        }
        kube_client::Error::Auth(AuthError::AuthExecRun { out, .. }) => {
            format!("the user's credential plugin ({})", out.status)
        }
        kube_client::Error::Auth(_) => "the user's credentials".to_owned(),
        kube_client::Error::RustlsTls(_) => "the certificates".to_owned(),
        kube_client::Error::ProxyProtocolUnsupported { .. } => {
            "the proxy (only `http`, `https` and `socks5` are supported)".to_owned()
        }
        _ => "the cluster's address".to_owned(),
    })
}
