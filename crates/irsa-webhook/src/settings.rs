//! The settings of the webhook.

use irsa_chain::Region;
use irsa_sidecar::Resources;

/// Parses an upstream, such as `postgres://HOST?listen=15432`, with the Region of the sidecar, and returns the ports
/// that it listens on. The error is one line.
pub type UpstreamPorts = fn(&str, Option<&Region>) -> Result<Vec<u16>, String>;

/// The settings of the webhook, which are the defaults of all sidecars.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The version that injected pods are annotated with.
    pub version: String,
    /// The image of the sidecar: the webhook's own, with its digest.
    pub image: String,
    /// The pull policy of the image; by default, the rule of Kubernetes applies.
    pub pull_policy: Option<String>,
    /// The Secrets for pulling the image. They must exist in the namespaces of the pods.
    pub pull_secrets: Vec<String>,
    /// The AWS Region of the sidecars.
    pub region: Option<Region>,
    /// Requests and limits of the sidecars.
    pub resources: Resources,
    /// Whether nodes run native sidecars (Kubernetes 1.29 or later).
    pub native_sidecars: bool,
    /// What happens to a pod with a malformed role ARN.
    pub malformed_arn: MalformedArn,
    /// The webhook's own namespace, whose pods it leaves alone: it could not start if it depended on itself.
    pub own_namespace: Option<String>,
    /// The parser of upstreams.
    pub upstream_ports: UpstreamPorts,
}

/// What happens to a pod with a malformed role ARN.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MalformedArn {
    /// It starts without the sidecar, with a warning.
    Warn,
    /// It is rejected.
    Deny,
}

impl Settings {
    /// The default settings: native sidecars, and warnings about malformed ARNs.
    pub fn new(
        version: impl Into<String>,
        image: impl Into<String>,
        upstream_ports: UpstreamPorts,
    ) -> Self {
        Self {
            version: version.into(),
            image: image.into(),
            pull_policy: None,
            pull_secrets: Vec::new(),
            region: None,
            resources: Resources::default(),
            native_sidecars: true,
            malformed_arn: MalformedArn::Warn,
            own_namespace: None,
            upstream_ports,
        }
    }
}
