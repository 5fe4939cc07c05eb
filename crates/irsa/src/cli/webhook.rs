//! Arguments of `irsa webhook`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use irsa_cli::LogArgs;

#[derive(Debug, Clone, Args)]
pub(crate) struct WebhookArgs {
    /// TOML or YAML configuration file; flags and environment variables take precedence over it
    #[arg(long, env = "IRSA_CONFIG", value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Address that serves reviews over HTTPS, at /mutate, and at /mutate-required for namespaces that require the
    /// sidecar
    #[arg(
        long,
        env = "IRSA_WEBHOOK_LISTEN",
        value_name = "ADDRESS",
        default_value = "*:9443"
    )]
    pub(crate) listen: String,
    /// Address that serves /livez, /readyz, /startupz and /metrics, or off
    #[arg(
        long,
        alias = "admin",
        env = "IRSA_ADMIN_ADDRESS",
        value_name = "ADDRESS",
        default_value = "*:9441"
    )]
    pub(crate) admin_address: String,
    /// Namespace of the webhook, its Service and its Secret
    #[arg(long, env = "POD_NAMESPACE", value_name = "NAMESPACE")]
    pub(crate) namespace: String,
    /// Name of the webhook's pod, for events and for the image of the sidecars
    #[arg(long, env = "POD_NAME", value_name = "NAME")]
    pub(crate) pod: Option<String>,
    /// Name of the Service in front of the webhook
    #[arg(
        long,
        env = "IRSA_WEBHOOK_SERVICE",
        value_name = "NAME",
        default_value = "irsa-webhook"
    )]
    pub(crate) service: String,
    /// Name of the MutatingWebhookConfiguration whose `caBundle` the webhook sets
    #[arg(
        long,
        env = "IRSA_WEBHOOK_CONFIGURATION",
        value_name = "NAME",
        default_value = "irsa"
    )]
    pub(crate) configuration: String,
    /// Kubeconfig file [default: ~/.kube/config, or the in-cluster service account]
    #[arg(long, value_name = "FILE", env = "KUBECONFIG")]
    pub(crate) kubeconfig: Option<PathBuf>,
    /// Context in the kubeconfig file [default: its current context]
    #[arg(long, value_name = "NAME")]
    pub(crate) context: Option<String>,
    /// Interval at which the pods that lack their sidecar are counted, or never
    #[arg(
        long,
        env = "IRSA_WEBHOOK_SWEEP_INTERVAL",
        value_name = "DURATION",
        default_value = "5m"
    )]
    pub(crate) sweep_interval: String,
    /// Time to keep accepting reviews after SIGTERM, while /readyz returns 503 and the Service stops using this pod
    #[arg(
        long,
        env = "IRSA_WEBHOOK_DRAIN_DELAY",
        value_name = "DURATION",
        default_value = "10s"
    )]
    pub(crate) drain_delay: String,
    /// Time to wait for reviews in progress after that
    #[arg(
        long,
        env = "IRSA_WEBHOOK_DRAIN_TIMEOUT",
        value_name = "DURATION",
        default_value = "10s"
    )]
    pub(crate) drain_timeout: String,
    #[command(flatten)]
    pub(crate) certificates: WebhookCertificateArgs,
    #[command(flatten)]
    pub(crate) sidecars: SidecarArgs,
    #[command(flatten)]
    pub(crate) logs: LogArgs,
}

#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Certificates")]
pub(crate) struct WebhookCertificateArgs {
    /// Name of the Secret with the CA of the serving certificate. The webhook creates and renews it
    #[arg(
        long,
        env = "IRSA_WEBHOOK_CA_SECRET",
        value_name = "NAME",
        default_value = "irsa-webhook-ca"
    )]
    pub(crate) ca_secret: String,
    /// Validity of the CA. Its successor is published when a third of it is left
    #[arg(
        long,
        env = "IRSA_WEBHOOK_CA_LIFETIME",
        value_name = "DURATION",
        default_value = "365d"
    )]
    pub(crate) ca_lifetime: String,
    /// PEM certificate chain to serve instead, as cert-manager mounts it. The webhook then neither creates a CA nor sets
    /// `caBundle`
    #[arg(long, env = "IRSA_WEBHOOK_TLS_CERTIFICATE", value_name = "FILE")]
    pub(crate) tls_certificate: Option<PathBuf>,
    /// PEM private key of --tls-certificate
    #[arg(long, env = "IRSA_WEBHOOK_TLS_KEY", value_name = "FILE")]
    pub(crate) tls_key: Option<PathBuf>,
}

#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Sidecars")]
pub(crate) struct SidecarArgs {
    /// Image of the sidecars [default: the image of the webhook's own pod, by digest]
    #[arg(long, env = "IRSA_WEBHOOK_IMAGE", value_name = "IMAGE")]
    pub(crate) image: Option<String>,
    /// Pull policy of the image: Always, IfNotPresent or Never [default: the rule of Kubernetes]
    #[arg(long, env = "IRSA_WEBHOOK_IMAGE_PULL_POLICY", value_name = "POLICY")]
    pub(crate) image_pull_policy: Option<String>,
    /// Secret for pulling the image, which must exist in the namespaces of the pods; may be repeated
    #[arg(
        long = "image-pull-secret",
        id = "image_pull_secret",
        env = "IRSA_WEBHOOK_IMAGE_PULL_SECRETS",
        value_name = "NAME",
        value_delimiter = ','
    )]
    pub(crate) image_pull_secrets: Vec<String>,
    /// AWS region of the sidecars, unless an annotation sets it
    #[arg(long, env = "AWS_REGION", value_name = "REGION")]
    pub(crate) region: Option<String>,
    /// CPU request
    #[arg(
        long,
        env = "IRSA_WEBHOOK_SIDECAR_CPU_REQUEST",
        value_name = "QUANTITY"
    )]
    pub(crate) sidecar_cpu_request: Option<String>,
    /// CPU limit. Without one, the sidecar is never throttled; a ResourceQuota on `limits.cpu` requires one
    #[arg(long, env = "IRSA_WEBHOOK_SIDECAR_CPU_LIMIT", value_name = "QUANTITY")]
    pub(crate) sidecar_cpu_limit: Option<String>,
    /// Memory request
    #[arg(
        long,
        env = "IRSA_WEBHOOK_SIDECAR_MEMORY_REQUEST",
        value_name = "QUANTITY"
    )]
    pub(crate) sidecar_memory_request: Option<String>,
    /// Memory limit
    #[arg(
        long,
        env = "IRSA_WEBHOOK_SIDECAR_MEMORY_LIMIT",
        value_name = "QUANTITY"
    )]
    pub(crate) sidecar_memory_limit: Option<String>,
    /// Whether a pod with a malformed role ARN starts without the sidecar, with a warning, or is rejected
    #[arg(
        long,
        env = "IRSA_WEBHOOK_MALFORMED_ROLE_ARN",
        value_enum,
        default_value_t
    )]
    pub(crate) malformed_role_arn: MalformedRoleArn,
}

/// What happens to a pod with a malformed role ARN.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum MalformedRoleArn {
    /// Starts without the sidecar, with a warning
    #[default]
    Warn,
    /// Is rejected
    Deny,
}
