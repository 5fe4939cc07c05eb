//! From what was typed to what is meant: flags and environment first, then the file, then the
//! defaults. Every mistake is named at once, before anything is opened.

mod file;

use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use irsa_chain::{Region, RoleArn, SessionName};
use irsa_identity::{Environment, IdentitySettings, RoleStep, SourceChoice};
use irsa_net::listen::ListenAddress;
use irsa_postgres::{ClientAuth, Limits, ScramUsers};

use crate::cli::{AdminArgs, ClientArgs, IdentityArgs, LimitArgs, LogArgs, ServeArgs};
use crate::upstream::{self, UpstreamSpec};

/// The default time for sessions to end, within Kubernetes' default grace period of 30 s.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(25);

/// The proxy as it will run.
#[derive(Debug)]
pub(crate) struct ProxySettings {
    pub(crate) upstreams: Vec<UpstreamSpec>,
    pub(crate) identity: IdentitySettings,
    pub(crate) logs: LogSettings,
    pub(crate) limits: Limits,
    pub(crate) drain_delay: Duration,
    pub(crate) drain_timeout: Duration,
    pub(crate) admin_address: Option<ListenAddress>,
    pub(crate) status_address: Option<ListenAddress>,
    pub(crate) ca_file: Option<PathBuf>,
    pub(crate) clients: ClientSettings,
}

/// How clients are met.
#[derive(Debug, Clone, Default)]
pub(crate) struct ClientSettings {
    pub(crate) tls_ca_out: Option<PathBuf>,
    pub(crate) tls_files: Option<(PathBuf, PathBuf)>,
    pub(crate) client_ca: Option<PathBuf>,
    pub(crate) passwords: Option<PathBuf>,
    pub(crate) uid: Option<u32>,
}

/// How the process logs.
#[derive(Debug, Clone)]
pub(crate) struct LogSettings {
    pub(crate) format: irsa_ops::logging::LogFormat,
    pub(crate) level: String,
}

/// Sentences about what is wrong with the configuration.
#[derive(Debug, Default)]
pub(crate) struct Mistakes(Vec<String>);

/// Resolves all that `irsa proxy` and `irsa exec` were given.
pub(crate) fn proxy(upstreams: &[String], args: ServeArgs) -> Result<ProxySettings, Mistakes> {
    let mut mistakes = Mistakes::default();
    let file = mistakes.collect(file::read(args.config.as_deref())).unwrap_or_default();
    let identity_args = file.identity_under(args.identity);
    let region = mistakes.parse::<Region>("--region", identity_args.region.as_deref());
    let ca_file = identity_args.ca_file.clone();
    let identity = identity(identity_args, &mut mistakes);
    let upstreams = if upstreams.is_empty() { file.upstreams.clone() } else { upstreams.to_vec() };
    let upstreams = resolve_upstreams(&upstreams, region.as_ref(), &mut mistakes);
    let (limits, drain_delay, drain_timeout) = limits(file.limits_under(args.limits), &mut mistakes);
    let (admin_address, status_address) = admin(file.admin_under(args.admin), &mut mistakes);
    let clients = clients(file.clients_under(args.clients), &mut mistakes);
    let logs = logs(file.logs_under(args.logs), &mut mistakes);
    check_exposure(&upstreams, &clients, &mut mistakes);
    mistakes.or(ProxySettings {
        upstreams,
        identity,
        logs,
        limits,
        drain_delay,
        drain_timeout,
        admin_address,
        status_address,
        ca_file,
        clients,
    })
}

/// Resolves who to be, for the commands that need nothing else.
pub(crate) fn identity_only(args: IdentityArgs) -> Result<IdentitySettings, Mistakes> {
    let mut mistakes = Mistakes::default();
    let identity = identity(args, &mut mistakes);
    mistakes.or(identity)
}

/// Resolves how to log.
pub(crate) fn logs_only(args: LogArgs) -> Result<LogSettings, Mistakes> {
    let mut mistakes = Mistakes::default();
    let logs = logs(args, &mut mistakes);
    mistakes.or(logs)
}

/// Reads a duration such as `30s`, for commands that take just one.
pub(crate) fn duration(flag: &str, value: Option<&str>) -> Result<Option<Duration>, Mistakes> {
    let mut mistakes = Mistakes::default();
    let duration = mistakes.duration(flag, value);
    mistakes.or(duration)
}

fn resolve_upstreams(
    texts: &[String],
    region: Option<&Region>,
    mistakes: &mut Mistakes,
) -> Vec<UpstreamSpec> {
    if texts.is_empty() {
        mistakes.add("no upstream was given; for instance `irsa proxy postgres://ENDPOINT`");
    }
    let mut upstreams = Vec::new();
    for text in texts.iter().filter(|text| !text.is_empty()) {
        match upstream::parse(text, region) {
            Ok(upstream) => upstreams.push(upstream),
            Err(found) => mistakes.0.extend(found),
        }
    }
    check_listeners(&upstreams, mistakes);
    upstreams
}

/// Two upstreams can't share a listener, except that the system picks a free port for each.
fn check_listeners(upstreams: &[UpstreamSpec], mistakes: &mut Mistakes) {
    let mut seen = Vec::new();
    for address in upstreams.iter().flat_map(|upstream| &upstream.listen) {
        if seen.contains(&address) && !takes_any_port(address) {
            mistakes.add(format!("`{address}` is listened on twice; give each upstream a `listen=` of its own"));
        }
        seen.push(address);
    }
}

fn takes_any_port(address: &ListenAddress) -> bool {
    match address {
        ListenAddress::Loopback { port } => *port == 0,
        ListenAddress::Tcp(address) => address.port() == 0,
        ListenAddress::Unix(_) => false,
    }
}

fn check_exposure(upstreams: &[UpstreamSpec], clients: &ClientSettings, mistakes: &mut Mistakes) {
    if clients.passwords.is_some() || clients.client_ca.is_some() {
        return;
    }
    for address in upstreams.iter().flat_map(|upstream| &upstream.listen) {
        if !address.is_loopback() {
            mistakes.add(format!(
                "`{address}` can be reached from outside this machine: ask clients for a password \
                 (--client-passwords) or a certificate (--client-ca), or listen on localhost"
            ));
        }
    }
}

fn identity(args: IdentityArgs, mistakes: &mut Mistakes) -> IdentitySettings {
    let choice = mistakes.parse("--identity", args.identity.as_deref());
    let region = mistakes.parse("--region", args.region.as_deref());
    let session_name: Option<SessionName> =
        mistakes.parse("--session-name", args.session_name.as_deref());
    let role: Option<RoleArn> = mistakes.parse("--role", args.role.as_deref());
    if args.external_id.is_some() && args.role.is_none() {
        mistakes.add("--external-id goes with --role");
    }
    let role_chain = role
        .map(|role| RoleStep {
            role,
            external_id: args.external_id,
            session_name: session_name.clone(),
        })
        .into_iter()
        .collect();
    IdentitySettings {
        region,
        sts_endpoint: args.sts_endpoint,
        fips: args.fips,
        dual_stack: args.dual_stack,
        ca_file: args.ca_file,
        session_name,
        role_chain,
        ..IdentitySettings::new(choice.unwrap_or(SourceChoice::Auto), Environment::current())
    }
}

fn limits(args: LimitArgs, mistakes: &mut Mistakes) -> (Limits, Duration, Duration) {
    let defaults = Limits::default();
    let limits = Limits {
        max_connections: mistakes
            .parse("--max-connections", args.max_connections.as_deref())
            .unwrap_or(defaults.max_connections),
        startup_timeout: mistakes
            .duration("--startup-timeout", args.startup_timeout.as_deref())
            .unwrap_or(defaults.startup_timeout),
        login_timeout: mistakes
            .duration("--login-timeout", args.login_timeout.as_deref())
            .unwrap_or(defaults.login_timeout),
        idle_timeout: mistakes.duration("--idle-timeout", args.idle_timeout.as_deref()),
    };
    let delay = mistakes.duration("--drain-delay", args.drain_delay.as_deref());
    let timeout = mistakes.duration("--drain-timeout", args.drain_timeout.as_deref());
    (limits, delay.unwrap_or_default(), timeout.unwrap_or(DRAIN_TIMEOUT))
}

fn admin(
    args: AdminArgs,
    mistakes: &mut Mistakes,
) -> (Option<ListenAddress>, Option<ListenAddress>) {
    let public = mistakes.parse("--admin-address", args.admin_address.as_deref());
    let private: Option<ListenAddress> =
        mistakes.parse("--status-address", args.status_address.as_deref());
    if private.as_ref().is_some_and(|address| !address.is_loopback()) {
        mistakes.add("--status-address must be on loopback: it can stop the proxy");
    }
    (public, private)
}

fn clients(args: ClientArgs, mistakes: &mut Mistakes) -> ClientSettings {
    let tls_files = match (args.tls_cert, args.tls_key) {
        (Some(cert), Some(key)) => Some((cert, key)),
        (None, None) => None,
        _ => {
            mistakes.add("--tls-cert and --tls-key go together");
            None
        }
    };
    if args.client_ca.is_some() && tls_files.is_none() {
        mistakes.add("--client-ca needs --tls-cert and --tls-key: clients must trust the listener");
    }
    ClientSettings {
        tls_ca_out: args.tls_ca_out,
        tls_files,
        client_ca: args.client_ca,
        passwords: args.client_passwords,
        uid: mistakes.parse("--client-uid", args.client_uid.as_deref()),
    }
}

fn logs(args: LogArgs, mistakes: &mut Mistakes) -> LogSettings {
    LogSettings {
        format: mistakes.parse("--log-format", args.log_format.as_deref()).unwrap_or_default(),
        level: args.log_level.unwrap_or_else(|| "info".to_owned()),
    }
}

// === impl ClientSettings ===

impl ClientSettings {
    /// The way clients are let in.
    pub(crate) fn auth(&self) -> Result<ClientAuth, Mistakes> {
        if let Some(path) = &self.passwords {
            let users = ScramUsers::from_file(path);
            return users.map(ClientAuth::Scram).map_err(|error| Mistakes(vec![error.to_string()]));
        }
        Ok(match (&self.client_ca, self.uid) {
            (Some(_), _) => ClientAuth::Certificate,
            (None, Some(uid)) => ClientAuth::UnixUser(uid),
            (None, None) => ClientAuth::Local,
        })
    }
}

// === impl Mistakes ===

impl Mistakes {
    pub(crate) fn sentences(&self) -> &[String] {
        &self.0
    }

    fn add(&mut self, sentence: impl Into<String>) {
        self.0.push(sentence.into());
    }

    fn collect<T>(&mut self, outcome: Result<T, String>) -> Option<T> {
        outcome.map_err(|sentence| self.0.push(sentence)).ok()
    }

    fn parse<T>(&mut self, flag: &str, value: Option<&str>) -> Option<T>
    where
        T: FromStr,
        T::Err: std::fmt::Display,
    {
        let value = value.filter(|value| !value.is_empty())?;
        self.collect(value.parse().map_err(|error| format!("{flag}: {error}")))
    }

    fn duration(&mut self, flag: &str, value: Option<&str>) -> Option<Duration> {
        let value = value.filter(|value| !value.is_empty())?;
        self.collect(humantime::parse_duration(value).map_err(|_| {
            format!("{flag}: `{value}` is not a duration; expected for instance `30s` or `2m`")
        }))
    }

    fn or<T>(self, value: T) -> Result<T, Self> {
        if self.0.is_empty() { Ok(value) } else { Err(self) }
    }
}

/// For messages.
pub(crate) fn shown(path: &Path) -> String {
    path.display().to_string()
}
