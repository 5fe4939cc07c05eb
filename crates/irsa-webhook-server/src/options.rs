//! The options of the server.

use std::path::PathBuf;
use std::time::Duration;

use irsa_net::listen::ListenAddress;
use irsa_webhook::Settings;

/// The options of a [`WebhookServer`](crate::WebhookServer).
#[derive(Debug, Clone)]
pub struct ServerOptions {
    /// The address that the API server connects to, through a Service.
    pub listen: ListenAddress,
    /// The name of the MutatingWebhookConfiguration whose `caBundle` the webhook sets.
    pub configuration: String,
    /// The namespace of the webhook, its Service and its Secret.
    pub namespace: String,
    /// The name of the Service, which is in the serving certificate.
    pub service: String,
    /// The name of the webhook's pod, for events.
    pub instance: String,
    /// The source of the serving certificate.
    pub certificate: CertificateSource,
    /// The image of sidecars.
    pub image: ImageSource,
    /// The settings of the sidecars. Their image is replaced if it is [`ImageSource::OwnPod`].
    pub sidecars: Settings,
    /// The interval at which pods that lack their sidecar are counted; `None` switches this off.
    pub sweep_interval: Option<Duration>,
}

/// The source of the serving certificate.
#[derive(Debug, Clone)]
pub enum CertificateSource {
    /// A CA that all replicas share through a Secret, which they create.
    Secret {
        /// The name of the Secret.
        name: String,
        /// The times of the CA.
        times: AuthorityTimes,
    },
    /// PEM files that another program, such as cert-manager, renews. That program also sets `caBundle`.
    Files {
        /// The certificate with its intermediates.
        certificate: PathBuf,
        /// The key.
        key: PathBuf,
    },
}

/// The times of the CA and its certificates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AuthorityTimes {
    /// The validity of a CA. Its successor is created when a third of it is left. Default: 365 days.
    pub authority_life: Duration,
    /// The time between the publication of a new CA in `caBundle` and its first certificate, in which all API servers
    /// learn of the new CA. Default: a minute.
    pub publication_delay: Duration,
    /// The interval at which the Secret is read. Default: a minute.
    pub poll: Duration,
}

/// The image of sidecars.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ImageSource {
    /// The image in the settings.
    Settings,
    /// The image of the webhook's own pod, by digest.
    OwnPod,
}

impl Default for AuthorityTimes {
    fn default() -> Self {
        Self {
            authority_life: Duration::from_hours(365 * 24),
            publication_delay: Duration::from_mins(1),
            poll: Duration::from_mins(1),
        }
    }
}

impl AuthorityTimes {
    /// The time before the end of a CA at which its successor is created.
    pub(crate) fn renewal(&self) -> Duration {
        self.authority_life / 3
    }

    /// The validity of a serving certificate, which is renewed after half of it.
    pub(crate) fn certificate_life(&self) -> Duration {
        self.authority_life / 12
    }
}
