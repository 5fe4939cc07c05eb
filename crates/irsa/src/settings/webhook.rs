//! The settings of `irsa webhook`.

use std::path::PathBuf;
use std::time::Duration;

use irsa_chain::Region;
use irsa_cli::LogSettings;
use irsa_net::listen::ListenAddress;
use irsa_sidecar::Resources;
use irsa_webhook::{MalformedArn, Settings, quantity_value};
use irsa_webhook_server::{AuthorityTimes, CertificateSource, ImageSource, ServerOptions};

use super::{DrainSettings, Mistakes};
use crate::build;
use crate::cli::{MalformedRoleArn, SidecarArgs, WebhookArgs, WebhookCertificateArgs};
use crate::upstream;

/// The pull policies of Kubernetes.
const PULL_POLICIES: [&str; 3] = ["Always", "IfNotPresent", "Never"];
/// The shortest validity of the CA. Serving certificates are valid for a twelfth of it.
const SHORTEST_CA_LIFETIME: Duration = Duration::from_hours(24);

/// The settings of `irsa webhook`.
#[derive(Debug)]
pub(crate) struct WebhookSettings {
    pub(crate) server: ServerOptions,
    pub(crate) admin: Option<ListenAddress>,
    pub(crate) drain: DrainSettings,
    pub(crate) kubeconfig: Option<PathBuf>,
    pub(crate) context: Option<String>,
    pub(crate) logs: LogSettings,
}

pub(super) fn resolve(
    args: WebhookArgs,
    mut mistakes: Mistakes,
) -> Result<WebhookSettings, Mistakes> {
    let listen = mistakes.parse("--listen", Some(&args.listen));
    let admin = mistakes.address_or_off("--admin-address", &args.admin_address);
    let sweep_interval = mistakes.timeout_or_never("--sweep-interval", &args.sweep_interval);
    let mut duration = |flag, value| mistakes.duration(flag, value).unwrap_or_default();
    let drain = DrainSettings {
        delay: duration("--drain-delay", &args.drain_delay),
        timeout: duration("--drain-timeout", &args.drain_timeout),
    };
    let certificate = certificate(args.certificates, &mut mistakes);
    let image = match (&args.sidecars.image, &args.pod) {
        (Some(_), _) => ImageSource::Settings,
        (None, Some(_)) => ImageSource::OwnPod,
        (None, None) => {
            mistakes.add("set --image, or POD_NAME so that the image of the webhook's pod is used");
            ImageSource::Settings
        }
    };
    let sidecars = sidecars(args.sidecars, &args.namespace, &mut mistakes);
    let logs = LogSettings::from_args(args.logs, &mut mistakes);
    let (Some(listen), Some(certificate)) = (listen, certificate) else {
        return Err(mistakes);
    };
    mistakes.or(WebhookSettings {
        server: ServerOptions {
            listen,
            configuration: args.configuration,
            instance: args.pod.unwrap_or_else(|| args.service.clone()),
            namespace: args.namespace,
            service: args.service,
            certificate,
            image,
            sidecars,
            sweep_interval,
        },
        admin,
        drain,
        kubeconfig: args.kubeconfig,
        context: args.context,
        logs,
    })
}

fn certificate(args: WebhookCertificateArgs, mistakes: &mut Mistakes) -> Option<CertificateSource> {
    let life = mistakes.duration("--ca-lifetime", &args.ca_lifetime)?;
    if life < SHORTEST_CA_LIFETIME {
        let problem = format!("`{}` must be at least `1d`", args.ca_lifetime);
        mistakes.check::<()>("--ca-lifetime", Err(problem));
    }
    match (args.tls_certificate, args.tls_key) {
        (Some(certificate), Some(key)) => Some(CertificateSource::Files { certificate, key }),
        (None, None) => Some(CertificateSource::Secret {
            name: args.ca_secret,
            times: AuthorityTimes {
                authority_life: life,
                ..AuthorityTimes::default()
            },
        }),
        (Some(_), None) => {
            mistakes.add("--tls-certificate needs --tls-key");
            None
        }
        (None, Some(_)) => {
            mistakes.add("--tls-key needs --tls-certificate");
            None
        }
    }
}

fn sidecars(args: SidecarArgs, namespace: &str, mistakes: &mut Mistakes) -> Settings {
    let region: Option<Region> = mistakes.parse("--region", args.region.as_deref());
    if let Some(policy) = &args.image_pull_policy
        && !PULL_POLICIES.contains(&policy.as_str())
    {
        let expected = PULL_POLICIES.join("`, `");
        let problem = format!("`{policy}` is not one of `{expected}`");
        mistakes.check::<()>("--image-pull-policy", Err(problem));
    }
    let resources = resources(&args, mistakes);
    Settings {
        pull_policy: args.image_pull_policy,
        pull_secrets: args.image_pull_secrets,
        region,
        resources,
        malformed_arn: match args.malformed_role_arn {
            MalformedRoleArn::Warn => MalformedArn::Warn,
            MalformedRoleArn::Deny => MalformedArn::Deny,
        },
        own_namespace: Some(namespace.to_owned()),
        ..Settings::new(
            build::VERSION,
            args.image.unwrap_or_default(),
            upstream::ports,
        )
    }
}

fn resources(args: &SidecarArgs, mistakes: &mut Mistakes) -> Resources {
    let mut resources = Resources::default();
    let mut quantity = |flag: &str, given: &Option<String>| {
        let given = given.as_ref()?;
        let value = quantity_value(given)
            .ok_or_else(|| format!("`{given}` is not a quantity such as `20m` or `64Mi`"));
        mistakes.check(flag, value)?;
        Some(given.clone())
    };
    let requests = [
        (
            "cpu",
            quantity("--sidecar-cpu-request", &args.sidecar_cpu_request),
        ),
        (
            "memory",
            quantity("--sidecar-memory-request", &args.sidecar_memory_request),
        ),
    ];
    let limits = [
        (
            "cpu",
            quantity("--sidecar-cpu-limit", &args.sidecar_cpu_limit),
        ),
        (
            "memory",
            quantity("--sidecar-memory-limit", &args.sidecar_memory_limit),
        ),
    ];
    let given = |(name, value): (&'static str, Option<String>)| Some((name, value?));
    resources
        .requests
        .extend(requests.into_iter().filter_map(given));
    resources
        .limits
        .extend(limits.into_iter().filter_map(given));
    for name in ["cpu", "memory"] {
        let pair = resources.requests.get(name).zip(resources.limits.get(name));
        if let Some((request, limit)) = pair
            && quantity_value(request) > quantity_value(limit)
        {
            mistakes.add(format!(
                "--sidecar-{name}-request `{request}` exceeds --sidecar-{name}-limit `{limit}`"
            ));
        }
    }
    resources
}
