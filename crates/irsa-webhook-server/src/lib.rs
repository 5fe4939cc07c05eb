//! The admission webhook as a server: `irsa webhook`.
//!
//! [`WebhookServer::start`] answers reviews over HTTPS with the decisions of `irsa-webhook`, keeps its serving certificate
//! and the `caBundle` of its configuration current, reports pods that get no sidecar as events, and regularly counts the
//! pods that lack one. It needs the Kubernetes API, but no leader: all replicas do the same.

mod body;
mod certificates;
mod clock;
mod endpoint;
mod event_recorder;
mod lookup;
mod metrics;
mod options;
mod own_image;
mod request;
mod server;
mod sweep;
mod throttle;

pub use self::metrics::WebhookMetrics;
pub use self::options::{AuthorityTimes, CertificateSource, ImageSource, ServerOptions};
pub use self::server::WebhookServer;
