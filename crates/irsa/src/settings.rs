//! Validates the arguments and turns them into settings. All mistakes are reported together, before anything is opened.

mod clients;
mod doctor;
mod exposure;
mod file;
mod identity;
mod limits;
mod listeners;
mod private_folder;
mod token;
mod traces;
mod upstreams;
mod webhook;

use std::time::Duration;

use irsa_cli::LogSettings;
use irsa_identity::{IdentitySettings, RdsTarget};
use irsa_net::listen::ListenAddress;
use irsa_net::tls::Roots;
use irsa_opensearch::BodyStoreOptions;
use irsa_ops::trace::TraceSettings;

pub(crate) use irsa_cli::{Mistakes, shown};

pub(crate) use self::clients::{ClientSettings, Protocol};
pub(crate) use self::doctor::{DoctorSettings, SetupDoctorSettings, reader_identity};
pub(crate) use self::file::ConfigFile;
pub(crate) use self::private_folder::PrivateFolder;
pub(crate) use self::webhook::WebhookSettings;
use crate::cli::{AdminArgs, DoctorArgs, IdentityArgs, ServeArgs, TokenArgs, WebhookArgs};
use crate::upstream::UpstreamSpec;

/// The settings of `irsa proxy` and `irsa exec`.
#[derive(Debug)]
pub(crate) struct ProxySettings {
    pub(crate) upstreams: Vec<UpstreamSpec>,
    pub(crate) identity: IdentitySettings,
    pub(crate) logs: LogSettings,
    pub(crate) postgres: irsa_postgres::Limits,
    pub(crate) opensearch: irsa_opensearch::Limits,
    pub(crate) bodies: BodyStoreOptions,
    pub(crate) drain: DrainSettings,
    pub(crate) admin: AdminSettings,
    pub(crate) roots: Roots,
    pub(crate) clients: ClientSettings,
    /// `None` if traces are off.
    pub(crate) traces: Option<TraceSettings>,
    /// Possible problems, to be logged as warnings.
    pub(crate) warnings: Vec<String>,
}

/// The default listeners of upstreams without `listen=`.
#[derive(Debug)]
pub(crate) enum DefaultListeners<'a> {
    /// The port on which clients expect such a data store.
    Standard,
    /// Listeners for a single command: Unix sockets in this directory, or free ports.
    Private(&'a mut PrivateFolder),
}

/// The part of the drain timeout that is reserved for closing database sessions and passing on the server's last
/// response.
const TERMINATION_TIME: Duration = Duration::from_secs(3);
/// The minimum of that time, however short the timeout is.
const SHORTEST_TERMINATION_TIME: Duration = Duration::from_secs(1);

/// The times of a shutdown.
#[derive(Debug, Clone, Default)]
pub(crate) struct DrainSettings {
    pub(crate) delay: Duration,
    pub(crate) timeout: Duration,
}

impl DrainSettings {
    /// Returns the time in which database sessions may end by themselves.
    pub(crate) fn sessions_timeout(&self) -> Duration {
        self.timeout.saturating_sub(TERMINATION_TIME)
    }

    /// Returns the time for closing the remaining database sessions after that.
    pub(crate) fn termination_time(&self) -> Duration {
        self.timeout
            .clamp(SHORTEST_TERMINATION_TIME, TERMINATION_TIME)
    }
}

/// The addresses of the admin and status endpoints.
#[derive(Debug, Clone)]
pub(crate) struct AdminSettings {
    pub(crate) public: Option<ListenAddress>,
    pub(crate) private: Option<ListenAddress>,
}

/// Validates the settings of `irsa proxy` and `irsa exec`.
pub(crate) fn proxy(
    upstreams: &[String],
    args: ServeArgs,
    ports: DefaultListeners<'_>,
    mut mistakes: Mistakes,
) -> Result<ProxySettings, Mistakes> {
    let region = args.identity.region.clone();
    let identity = identity::resolve(args.identity, &mut mistakes);
    let roots = identity::roots(identity.ca_file.as_deref(), &mut mistakes);
    let mut upstreams = upstreams::resolve(upstreams, region.as_deref(), &identity, &mut mistakes);
    // With `irsa exec`, the variables are those of the command.
    let traces = match ports {
        DefaultListeners::Standard => traces::resolve(&identity.environment, &mut mistakes),
        DefaultListeners::Private(_) => None,
    };
    if let DefaultListeners::Private(folder) = ports {
        // libpq does not use TLS on Unix sockets, so clients could not send a certificate.
        let folder = args.clients.client_ca.is_none().then_some(folder);
        listeners::for_one_command(&mut upstreams, folder, &mut mistakes);
    }
    let mut limits = limits::resolve(&args.limits, args.bodies, &mut mistakes);
    let log_sessions = Some(args.session_logs.log_sessions.as_str());
    limits.postgres.log_sessions = mistakes
        .parse("--log-sessions", log_sessions)
        .unwrap_or_default();
    let admin = admin(&args.admin, &mut mistakes);
    let clients = clients::resolve(args.clients, &mut mistakes);
    let logs = LogSettings::from_args(args.logs, &mut mistakes);
    listeners::check(&upstreams, &admin, &mut mistakes);
    exposure::check(&upstreams, clients.given, &mut mistakes);
    let mut warnings = match &identity.ca_file {
        None => upstreams::uncovered(&upstreams, &roots),
        Some(_) => Vec::new(),
    };
    warnings.extend(exposure::warnings(&upstreams, clients.given));
    if let Some(traces) = &traces {
        warnings.extend(traces.warnings().iter().cloned());
    }
    let is_in_pod = identity
        .environment
        .get("KUBERNETES_SERVICE_HOST")
        .is_some();
    warnings.extend(unreachable_admin(&admin).filter(|_| is_in_pod));
    mistakes.or(ProxySettings {
        upstreams,
        identity,
        logs,
        postgres: limits.postgres,
        opensearch: limits.opensearch,
        bodies: limits.bodies,
        drain: limits.drain,
        admin,
        roots,
        clients,
        traces,
        warnings,
    })
}

/// Validates the identity settings, for commands that need no others.
pub(crate) fn identity_only(
    args: IdentityArgs,
    mut mistakes: Mistakes,
) -> Result<IdentitySettings, Mistakes> {
    let identity = identity::checked(args, &mut mistakes);
    mistakes.or(identity)
}

/// The settings of a command that calls domains itself.
#[derive(Debug)]
pub(crate) struct DomainSettings {
    pub(crate) upstreams: Vec<UpstreamSpec>,
    pub(crate) identity: IdentitySettings,
    pub(crate) roots: Roots,
}

/// Validates the identity for calls to these domains.
pub(crate) fn domains(
    upstreams: &[String],
    args: IdentityArgs,
    mut mistakes: Mistakes,
) -> Result<DomainSettings, Mistakes> {
    let region = args.region.clone();
    let identity = identity::resolve(args, &mut mistakes);
    let roots = identity::roots(identity.ca_file.as_deref(), &mut mistakes);
    let upstreams = if upstreams.is_empty() {
        Vec::new()
    } else {
        upstreams::resolve(upstreams, region.as_deref(), &identity, &mut mistakes)
    };
    mistakes.or(DomainSettings {
        upstreams,
        identity,
        roots,
    })
}

/// Validates the arguments of `irsa token`.
pub(crate) fn token(
    args: TokenArgs,
    mistakes: Mistakes,
) -> Result<(IdentitySettings, RdsTarget), Mistakes> {
    token::resolve(args, mistakes)
}

/// Validates the arguments of `irsa doctor`.
pub(crate) fn doctor(args: DoctorArgs, mistakes: Mistakes) -> Result<DoctorSettings, Mistakes> {
    doctor::resolve(args, mistakes)
}

/// Validates the arguments of `irsa doctor --file`.
pub(crate) fn setup_doctor(
    args: DoctorArgs,
    mistakes: Mistakes,
) -> Result<SetupDoctorSettings, Mistakes> {
    doctor::resolve_setup(args, mistakes)
}

/// Validates the arguments of `irsa webhook`.
pub(crate) fn webhook(args: WebhookArgs, mistakes: Mistakes) -> Result<WebhookSettings, Mistakes> {
    webhook::resolve(args, mistakes)
}

fn admin(args: &AdminArgs, mistakes: &mut Mistakes) -> AdminSettings {
    let public = mistakes.address_or_off("--admin-address", &args.admin_address);
    let private = mistakes.address_or_off("--status-address", &args.status_address);
    if let Some(address) = private.as_ref().filter(|address| !address.is_loopback()) {
        let problem =
            format!("`{address}` must be a loopback address: any client of it can stop the proxy");
        mistakes.check::<()>("--status-address", Err(problem));
    }
    AdminSettings { public, private }
}

/// Returns a warning about an admin address that only containers of the same pod can reach.
fn unreachable_admin(admin: &AdminSettings) -> Option<String> {
    let address = admin.public.as_ref()?;
    let port = match address {
        ListenAddress::Loopback { port } => *port,
        ListenAddress::Tcp(address) => address.port(),
        ListenAddress::Unix(_) => 9441,
    };
    address.is_loopback().then(|| {
        format!(
            "--admin-address: the probes of the kubelet and Prometheus cannot reach `{address}`, which is inside the \
             pod; set it to `*:{port}`"
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_loopback_admin_address_causes_a_warning() {
        let warning = |address: &str| {
            let public = Some(address.parse().unwrap());
            let private = None;
            unreachable_admin(&AdminSettings { public, private })
        };
        for address in ["9441", "127.0.0.1:9441", "[::1]:9441", "unix:/run/admin"] {
            let sentence = warning(address).unwrap();
            assert!(sentence.ends_with("set it to `*:9441`"), "{sentence}");
        }
        for address in ["*:9441", "0.0.0.0:9441", "10.1.2.3:9441"] {
            assert_eq!(warning(address), None, "{address}");
        }
    }

    #[test]
    fn closing_sessions_uses_the_end_of_the_drain_timeout() {
        for (timeout, waiting, closing) in [
            (25_000, 22_000, 3_000),
            (3_000, 0, 3_000),
            (2_000, 0, 2_000),
            (0, 0, 1_000),
        ] {
            let drain = DrainSettings {
                delay: Duration::ZERO,
                timeout: Duration::from_millis(timeout),
            };
            let waits = drain.sessions_timeout().as_millis();
            let closes = drain.termination_time().as_millis();
            assert_eq!((waits, closes), (waiting, closing), "{timeout} ms");
        }
    }
}
