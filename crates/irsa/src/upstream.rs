//! `postgres://HOST[:PORT][?listen=...&dial=...]`: one database, as a person writes it.

use irsa_chain::endpoint::RdsEndpoint;
use irsa_chain::{Region, RoleArn, SessionName};
use irsa_identity::RoleStep;
use irsa_net::listen::ListenAddress;
use irsa_postgres::Upstream;
use rustls::pki_types::ServerName;
use url::Url;

/// PostgreSQL's port (IANA service name `postgresql`).
const POSTGRES_PORT: u16 = 5432;
/// The parameters that an upstream may have.
const PARAMETERS: &str = "listen, dial, region, sign-host, sign-port, tls-name, role, external-id";

/// An upstream with its listeners.
#[derive(Debug, Clone)]
pub(crate) struct UpstreamSpec {
    pub(crate) upstream: Upstream,
    pub(crate) listen: Vec<ListenAddress>,
    /// Whether `listen` was given, not the default.
    pub(crate) listens_where_told: bool,
    /// A role to assume for this database alone.
    pub(crate) role: Option<RoleStep>,
}

/// An upstream's parameters while they are being read.
#[derive(Default)]
struct Parameters {
    listen: Vec<ListenAddress>,
    dial: Option<(String, u16)>,
    region: Option<Region>,
    sign_host: Option<String>,
    sign_port: Option<u16>,
    tls_name: Option<String>,
    role: Option<RoleArn>,
    external_id: Option<String>,
}

/// Reads one upstream. Every mistake in it becomes a sentence of its own.
pub(crate) fn parse(text: &str, default_region: Option<&Region>) -> Result<UpstreamSpec, Vec<String>> {
    let url = Url::parse(text).map_err(|error| {
        vec![format!("upstream `{text}`: {error}; expected `postgres://HOST[:PORT][?listen=...]`")]
    })?;
    let mut mistakes = Vec::new();
    check_shape(&url, &mut mistakes);
    let host = url.host_str().unwrap_or_default().trim_end_matches('.').to_owned();
    let port = url.port().unwrap_or(POSTGRES_PORT);
    let parameters = Parameters::read(&url, port, &mut mistakes);
    let upstream = resolve(&host, port, &parameters, default_region, &mut mistakes);
    match upstream {
        Some(upstream) if mistakes.is_empty() => Ok(UpstreamSpec {
            upstream,
            listen: parameters.listen_or_default(),
            listens_where_told: !parameters.listen.is_empty(),
            role: parameters.role.map(|role| RoleStep {
                role,
                external_id: parameters.external_id,
                session_name: None::<SessionName>,
            }),
        }),
        _ => Err(mistakes
            .into_iter()
            .map(|mistake| format!("upstream `{text}`: {mistake}"))
            .collect()),
    }
}

fn check_shape(url: &Url, mistakes: &mut Vec<String>) {
    if !matches!(url.scheme(), "postgres" | "postgresql") {
        mistakes.push(format!("unknown scheme `{}`; expected `postgres`", url.scheme()));
    }
    if url.host_str().is_none_or(str::is_empty) {
        mistakes.push("the host is missing".to_owned());
    }
    if !url.username().is_empty() || url.password().is_some() {
        mistakes.push(
            "it holds a user or a password; the client names its own user and no password is used"
                .to_owned(),
        );
    }
    if !matches!(url.path(), "" | "/") {
        mistakes.push("it names a database; the client names its own".to_owned());
    }
}

fn resolve(
    host: &str,
    port: u16,
    parameters: &Parameters,
    default_region: Option<&Region>,
    mistakes: &mut Vec<String>,
) -> Option<Upstream> {
    let sign_host = parameters.sign_host.clone().unwrap_or_else(|| host.to_owned());
    let endpoint: Option<RdsEndpoint> = sign_host.parse().ok();
    let region = parameters
        .region
        .clone()
        .or_else(|| endpoint.as_ref().and_then(|endpoint| endpoint.region().cloned()))
        .or_else(|| default_region.cloned());
    if region.is_none() {
        mistakes.push(format!("the region can't be told from `{sign_host}`; add `region=...` or set --region"));
    }
    let tls_name = parameters.tls_name.clone().unwrap_or_else(|| sign_host.clone());
    let tls_name = ServerName::try_from(tls_name.clone())
        .map_err(|_| mistakes.push(format!("`{tls_name}` is not a name that a certificate could hold")));
    let (dial_host, dial_port) = parameters.dial.clone().unwrap_or_else(|| (host.to_owned(), port));
    Some(Upstream {
        sign_host,
        sign_port: parameters.sign_port.unwrap_or(port),
        dial_host,
        dial_port,
        region: region?,
        tls_name: tls_name.ok()?,
    })
}

// === impl Parameters ===

impl Parameters {
    fn read(url: &Url, port: u16, mistakes: &mut Vec<String>) -> Self {
        let mut parameters = Self::default();
        for (name, value) in url.query_pairs() {
            if let Err(mistake) = parameters.set(&name, &value, port) {
                mistakes.push(mistake);
            }
        }
        if parameters.external_id.is_some() && parameters.role.is_none() {
            mistakes.push("`external-id` goes with `role`".to_owned());
        }
        parameters
    }

    fn set(&mut self, name: &str, value: &str, port: u16) -> Result<(), String> {
        match name {
            "listen" => self.listen.push(parse_value(name, value)?),
            "dial" => self.dial = Some(host_and_port(value, port)?),
            "region" => self.region = Some(parse_value(name, value)?),
            "sign-host" => self.sign_host = Some(value.to_ascii_lowercase()),
            "sign-port" => self.sign_port = Some(parse_value(name, value)?),
            "tls-name" => self.tls_name = Some(value.to_owned()),
            "role" => self.role = Some(parse_value(name, value)?),
            "external-id" => self.external_id = Some(value.to_owned()),
            _ => return Err(format!("unknown parameter `{name}`; known are {PARAMETERS}")),
        }
        Ok(())
    }

    fn listen_or_default(&self) -> Vec<ListenAddress> {
        if self.listen.is_empty() {
            vec![ListenAddress::Loopback { port: POSTGRES_PORT }]
        } else {
            self.listen.clone()
        }
    }
}

fn parse_value<T>(name: &str, value: &str) -> Result<T, String>
where
    T: std::str::FromStr,
    T::Err: std::fmt::Display,
{
    value.parse().map_err(|error| format!("`{name}`: {error}"))
}

/// `HOST[:PORT]`, with an IPv6 address in brackets.
fn host_and_port(value: &str, default_port: u16) -> Result<(String, u16), String> {
    let bad = || format!("`dial`: `{value}` is not HOST[:PORT]");
    let (host, port) = match value.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, port.parse().map_err(|_| bad())?),
        _ => (value, default_port),
    };
    let host = host.trim_start_matches('[').trim_end_matches(']');
    if host.is_empty() { Err(bad()) } else { Ok((host.to_owned(), port)) }
}
