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

/// The parameters that an upstream may have, with what they mean.
pub(crate) const PARAMETERS: [(&str, &str); 8] = [
    (
        "listen=ADDRESS",
        "a port on 127.0.0.1 and ::1, an IP address with a port, or `unix:/FOLDER`; may be repeated [default: 5432]",
    ),
    (
        "dial=HOST[:PORT]",
        "where to connect, if not to the endpoint itself: a tunnel, a private name",
    ),
    (
        "region=REGION",
        "the database's region, where the endpoint's name does not tell it",
    ),
    (
        "sign-host=HOST",
        "the RDS endpoint that tokens are signed for, where the upstream is a name of your own for it",
    ),
    (
        "sign-port=PORT",
        "that endpoint's port [default: the upstream's]",
    ),
    (
        "tls-name=NAME",
        "the name that the server's certificate must hold [default: what is signed for]",
    ),
    (
        "role=ARN",
        "a role to assume for this database, on top of the one before",
    ),
    ("external-id=ID", "the external id that this role asks for"),
];

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
pub(crate) fn parse(
    text: &str,
    default_region: Option<&Region>,
) -> Result<UpstreamSpec, Vec<String>> {
    let shown = without_user(text);
    let url = Url::parse(text).map_err(|error| {
        vec![format!(
            "upstream `{shown}`: {error}; expected `postgres://HOST[:PORT][?listen=...]`"
        )]
    })?;
    let mut mistakes = Vec::new();
    check_shape(&url, &mut mistakes);
    let host = url
        .host_str()
        .unwrap_or_default()
        .trim_end_matches('.')
        .to_owned();
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
            .map(|mistake| format!("upstream `{shown}`: {mistake}"))
            .collect()),
    }
}

/// The text of a URL for a message: whoever writes a user into it may have written a password too.
fn without_user(text: &str) -> String {
    let Some((scheme, rest)) = text.split_once("://") else {
        return text.to_owned();
    };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    match rest.get(..end).and_then(|authority| authority.rfind('@')) {
        Some(at) => format!("{scheme}://…{}", rest.get(at..).unwrap_or_default()),
        None => text.to_owned(),
    }
}

fn check_shape(url: &Url, mistakes: &mut Vec<String>) {
    if !matches!(url.scheme(), "postgres" | "postgresql") {
        mistakes.push(format!(
            "unknown scheme `{}`; expected `postgres`",
            url.scheme()
        ));
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
    let sign_host = parameters
        .sign_host
        .clone()
        .unwrap_or_else(|| host.to_owned());
    let endpoint: Option<RdsEndpoint> = sign_host.parse().ok();
    let region = parameters
        .region
        .clone()
        .or_else(|| {
            endpoint
                .as_ref()
                .and_then(|endpoint| endpoint.region().cloned())
        })
        .or_else(|| default_region.cloned());
    if region.is_none() {
        mistakes.push(format!(
            "the region can't be told from `{sign_host}`; add `region=...` or set --region"
        ));
    }
    let tls_name = parameters
        .tls_name
        .clone()
        .unwrap_or_else(|| sign_host.clone());
    let tls_name = ServerName::try_from(tls_name.clone()).map_err(|_| {
        mistakes.push(format!(
            "`{tls_name}` is not a name that a certificate could hold"
        ));
    });
    let (dial_host, dial_port) = parameters
        .dial
        .clone()
        .unwrap_or_else(|| (host.to_owned(), port));
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
            _ => return Err(unknown(name)),
        }
        Ok(())
    }

    fn listen_or_default(&self) -> Vec<ListenAddress> {
        if self.listen.is_empty() {
            vec![ListenAddress::Loopback {
                port: POSTGRES_PORT,
            }]
        } else {
            self.listen.clone()
        }
    }
}

fn unknown(name: &str) -> String {
    let known = PARAMETERS.map(|(form, _)| form.split('=').next().unwrap_or(form));
    format!("unknown parameter `{name}`; known are {}", known.join(", "))
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
    if host.is_empty() {
        Err(bad())
    } else {
        Ok((host.to_owned(), port))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ENDPOINT: &str = "shop.cluster-abcdefghijkl.eu-central-1.rds.amazonaws.com";

    fn upstream(more: &str) -> UpstreamSpec {
        parse(&format!("postgres://{ENDPOINT}{more}"), None).unwrap()
    }

    fn mistakes(text: &str) -> Vec<String> {
        parse(text, None).unwrap_err()
    }

    #[test]
    fn takes_region_port_and_names_from_the_endpoint() {
        let spec = upstream("");
        assert_eq!(spec.upstream.region.as_str(), "eu-central-1");
        assert_eq!(spec.upstream.to_string(), format!("{ENDPOINT}:5432"));
        assert_eq!(
            (spec.upstream.dial_host.as_str(), spec.upstream.dial_port),
            (ENDPOINT, 5432)
        );
        assert_eq!(spec.upstream.tls_name.to_str(), ENDPOINT);
        assert_eq!(spec.listen, [ListenAddress::Loopback { port: 5432 }]);
        assert!(!spec.listens_where_told);
    }

    #[test]
    fn dials_elsewhere_than_it_signs_for() {
        let spec = upstream(":6432?dial=[::1]:7000&listen=1&listen=unix:/run/irsa");
        assert_eq!(
            (spec.upstream.sign_port, spec.upstream.dial_port),
            (6432, 7000)
        );
        assert_eq!(spec.upstream.dial_host, "::1");
        assert_eq!(spec.listen.len(), 2);
        assert_eq!(upstream(":6432?dial=tunnel").upstream.dial_port, 6432);
    }

    #[test]
    fn signs_for_the_endpoint_behind_a_name_of_ones_own() {
        let spec = parse(
            &format!("postgres://db.shop.example?sign-host={ENDPOINT}"),
            None,
        )
        .unwrap();
        assert_eq!(spec.upstream.sign_host, ENDPOINT);
        assert_eq!(spec.upstream.dial_host, "db.shop.example");
        assert_eq!(spec.upstream.tls_name.to_str(), ENDPOINT);
    }

    #[test]
    fn names_every_mistake_of_one_upstream() {
        let found = mistakes("mysql://h/db?colour=red&dial=:&role=x");
        assert_eq!(found.len(), 6, "{found:#?}");
        assert!(
            found
                .iter()
                .all(|mistake| mistake.starts_with("upstream `mysql://h/db?"))
        );
    }

    #[test]
    fn wants_the_role_of_an_external_id() {
        let found = mistakes(&format!("postgres://{ENDPOINT}?external-id=1"));
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(
            found[0].ends_with("`external-id` goes with `role`"),
            "{found:?}"
        );
    }

    #[test]
    fn repeats_no_password() {
        for text in [
            "postgres://alice:hush@h",
            "postgres://alice:hu@sh@h:x",
            "postgres://alice:hush@h?x=@",
            "mysql://alice:hush@h/db",
        ] {
            let found = mistakes(text).join("\n");
            assert!(
                !found.contains("sh@") && !found.contains("alice"),
                "{found}"
            );
        }
    }
}
