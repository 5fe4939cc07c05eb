//! The parameters of an upstream, in one table that the documentation is also generated from.

use std::collections::BTreeSet;

use irsa_chain::{Region, RoleArn};
use irsa_cli::suggest;
use irsa_identity::{RoleStep, SigningService};
use irsa_net::connect::HttpProxy;
use irsa_net::listen::ListenAddress;
use irsa_opensearch::Guards;
use url::Url;

/// A kind of data store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scheme {
    Postgres,
    OpenSearch,
}

/// The kinds of data stores that a parameter applies to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AppliesTo {
    Both,
    Postgres,
    OpenSearch,
}

/// The HTTP proxy of an upstream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum ProxyChoice {
    Url(HttpProxy),
    /// The proxy that `HTTPS_PROXY` and `NO_PROXY` select.
    Environment,
}

/// All parameters of upstreams, with their descriptions.
pub(crate) const PARAMETERS: [(&str, AppliesTo, &str); 18] = [
    (
        "listen=ADDRESS",
        AppliesTo::Both,
        "a port on 127.0.0.1 and ::1, an IP address with a port, or `unix:/PATH` (for PostgreSQL a folder); may be repeated [default: 5432 for PostgreSQL, 9200 for OpenSearch]",
    ),
    (
        "socket-mode=MODE",
        AppliesTo::Both,
        "octal file mode of the Unix sockets, for when application and proxy run as different users [default: 600; with --client-uid 666, because every client's user ID is checked]",
    ),
    (
        "dial=HOST[:PORT]",
        AppliesTo::Both,
        "address to connect to instead of the endpoint itself, such as a tunnel or a private DNS name",
    ),
    (
        "http-proxy=URL|env",
        AppliesTo::Both,
        "HTTP proxy to connect through (`CONNECT`), such as `http://proxy.corp:3128`; `env` uses HTTPS_PROXY, unless NO_PROXY names the host [default: connect directly]",
    ),
    (
        "region=REGION",
        AppliesTo::Both,
        "AWS region of the data store, if it cannot be derived from the host name",
    ),
    (
        "sign-host=HOST",
        AppliesTo::Both,
        "AWS endpoint to sign for, if the upstream is a custom DNS name for it",
    ),
    (
        "sign-port=PORT",
        AppliesTo::Postgres,
        "port to sign for [default: the upstream's port]",
    ),
    (
        "tls-name=NAME",
        AppliesTo::Both,
        "name that the server's certificate must contain [default: the endpoint that is signed for]",
    ),
    (
        "role=ARN",
        AppliesTo::Both,
        "role to assume for this upstream, with the credentials of the pod's role (role chaining)",
    ),
    (
        "external-id=ID",
        AppliesTo::Both,
        "external ID to send when assuming that role",
    ),
    (
        "service=es|aoss",
        AppliesTo::OpenSearch,
        "service to sign for, if it cannot be derived from the host name: `es` for a domain, `aoss` for a serverless collection [default: es]",
    ),
    (
        "read-only",
        AppliesTo::OpenSearch,
        "allow only requests whose route is known to be read-only",
    ),
    (
        "allow-path=PATTERN",
        AppliesTo::OpenSearch,
        "allow only paths that match the pattern, in which `*` stands for any characters; endpoints that can access any index (`_bulk`, `_msearch`, ...) need a pattern that names them; may be repeated",
    ),
    (
        "deny-security-api",
        AppliesTo::OpenSearch,
        "block the REST API of the security plugin, which manages users, roles and role mappings",
    ),
    (
        "allow-origin=URL",
        AppliesTo::OpenSearch,
        "web origin that may send requests from a browser, such as `http://localhost:8080`; requests from all other origins are blocked; may be repeated",
    ),
    (
        "unsigned-payload",
        AppliesTo::OpenSearch,
        "do not sign request bodies, so that they stream through without buffering; TLS still protects them",
    ),
    (
        "http2",
        AppliesTo::OpenSearch,
        "use HTTP/2 to the domain if it supports it: fewer connections, but slower large request bodies",
    ),
    (
        "server-name=NAME",
        AppliesTo::OpenSearch,
        "additional host name under which clients reach the proxy, such as that of a Kubernetes Service; may be repeated",
    ),
];

/// Parameters that may be given more than once.
const REPEATED: [&str; 4] = ["listen", "allow-path", "allow-origin", "server-name"];

/// The parameters of an upstream while they are read.
#[derive(Default)]
pub(super) struct Parameters {
    pub(super) listen: Vec<ListenAddress>,
    pub(super) socket_mode: Option<u32>,
    pub(super) dial: Option<(String, u16)>,
    pub(super) http_proxy: Option<ProxyChoice>,
    pub(super) region: Option<Region>,
    pub(super) sign_host: Option<String>,
    pub(super) sign_port: Option<u16>,
    pub(super) tls_name: Option<String>,
    role: Option<RoleArn>,
    external_id: Option<String>,
    pub(super) service: Option<SigningService>,
    pub(super) guards: Guards,
    pub(super) unsigned_payload: bool,
    pub(super) http2: bool,
    pub(super) server_names: Vec<String>,
    /// Names of invalid parameters. What depends on them is not reported as a second mistake.
    wrong: BTreeSet<String>,
}

// === impl Scheme ===

impl Scheme {
    /// Returns the kind of the data store. Any other scheme is a mistake.
    pub(super) fn from_url(url: &Url, mistakes: &mut Vec<String>) -> Option<Self> {
        match url.scheme() {
            "postgres" | "postgresql" => Some(Self::Postgres),
            "opensearch" => Some(Self::OpenSearch),
            other => {
                mistakes.push(format!(
                    "unknown scheme `{other}`; expected `postgres` or `opensearch`"
                ));
                None
            }
        }
    }

    /// Returns the data store's port: PostgreSQL's (IANA service name `postgresql`), or HTTPS, the only port of Amazon
    /// OpenSearch Service besides 80.
    pub(super) fn port(self) -> u16 {
        match self {
            Self::Postgres => 5432,
            Self::OpenSearch => 443,
        }
    }

    /// Returns the port on which clients expect such a data store on their own machine.
    pub(super) fn local_port(self) -> u16 {
        match self {
            Self::Postgres => 5432,
            Self::OpenSearch => 9200,
        }
    }

    pub(super) fn no_user(self) -> &'static str {
        match self {
            Self::Postgres => {
                "remove the user and password: the client chooses the user, and irsa needs no password"
            }
            Self::OpenSearch => {
                "remove the user and password: irsa authenticates as the pod's role"
            }
        }
    }

    pub(super) fn no_path(self) -> &'static str {
        match self {
            Self::Postgres => "remove the database name: the client chooses the database",
            Self::OpenSearch => "remove the path: the client chooses it",
        }
    }

    fn has(self, owner: AppliesTo) -> bool {
        match owner {
            AppliesTo::Both => true,
            AppliesTo::Postgres => self == Self::Postgres,
            AppliesTo::OpenSearch => self == Self::OpenSearch,
        }
    }
}

// === impl ProxyChoice ===

impl ProxyChoice {
    /// A user and password are only accepted in the environment: the arguments of a process are public.
    fn parse(value: &str) -> Result<Self, String> {
        if value == "env" {
            return Ok(Self::Environment);
        }
        if value.contains('@') {
            return Err(
                "`http-proxy`: a URL with a user or password is not accepted here; set HTTPS_PROXY to it and use \
                 `http-proxy=env`"
                    .to_owned(),
            );
        }
        let proxy = HttpProxy::parse(value).map(Self::Url);
        proxy.map_err(|error| format!("`http-proxy`: `{value}` {error}, or `env`"))
    }
}

// === impl Parameters ===

impl Parameters {
    /// Returns the HTTP proxy, if the upstream itself names it.
    pub(super) fn given_http_proxy(&self) -> Option<HttpProxy> {
        match &self.http_proxy {
            Some(ProxyChoice::Url(proxy)) => Some(proxy.clone()),
            Some(ProxyChoice::Environment) | None => None,
        }
    }

    pub(super) fn uses_proxy_variables(&self) -> bool {
        self.http_proxy == Some(ProxyChoice::Environment)
    }

    /// Reads the parameters of `url`. If the scheme is unknown, parameters of any kind of data store are accepted.
    pub(super) fn read(
        url: &Url,
        scheme: Option<Scheme>,
        port: u16,
        mistakes: &mut Vec<String>,
    ) -> Self {
        let is_of_this_kind = |owner: AppliesTo| scheme.is_none_or(|scheme| scheme.has(owner));
        let known: Vec<&str> = PARAMETERS
            .iter()
            .filter(|(_, owner, _)| is_of_this_kind(*owner))
            .map(|(form, _, _)| name_of(form))
            .collect();
        let mut parameters = Self::default();
        let mut seen = BTreeSet::new();
        for (name, value) in url.query_pairs() {
            let set = if known.contains(&name.as_ref()) {
                let set = parameters.set(&name, &value, port);
                set.map_err(|problem| (name.to_string(), problem))
            } else {
                Err(unknown(&name, &known))
            };
            if let Err((meant, problem)) = set {
                parameters.wrong.insert(meant);
                mistakes.push(problem);
            }
            let is_new = seen.insert(name.clone());
            if !is_new && !REPEATED.contains(&name.as_ref()) {
                mistakes.push(format!("`{name}` is given more than once"));
            }
        }
        let is_missing = |name: &str| !parameters.wrong.contains(name);
        if parameters.external_id.is_some() && parameters.role.is_none() && is_missing("role") {
            mistakes.push("`external-id` requires `role`".to_owned());
        }
        let is_socket = |address: &ListenAddress| matches!(address, ListenAddress::Unix(_));
        let has_socket = parameters.listen.iter().any(is_socket);
        if parameters.socket_mode.is_some() && !has_socket && is_missing("listen") {
            mistakes.push("`socket-mode` requires `listen=unix:/PATH`".to_owned());
        }
        parameters
    }

    fn set(&mut self, name: &str, value: &str, port: u16) -> Result<(), String> {
        match name {
            "listen" => self.listen.push(parse_value(name, value)?),
            "socket-mode" => self.socket_mode = Some(mode(value)?),
            "dial" => self.dial = Some(host_and_port(value, port)?),
            "http-proxy" => self.http_proxy = Some(ProxyChoice::parse(value)?),
            "region" => self.region = Some(parse_value(name, value)?),
            "sign-host" => {
                self.sign_host = Some(value.trim_end_matches('.').to_ascii_lowercase());
            }
            "sign-port" => self.sign_port = Some(parse_value(name, value)?),
            "tls-name" => self.tls_name = Some(value.to_owned()),
            "role" => self.role = Some(parse_value(name, value)?),
            "external-id" => self.external_id = Some(value.to_owned()),
            "service" => self.service = Some(parse_value(name, value)?),
            "read-only" => self.guards.read_only = switch(name, value)?,
            "allow-path" => self.guards.allow_paths.push(parse_value(name, value)?),
            "allow-origin" => self.guards.allow_origins.push(parse_value(name, value)?),
            "deny-security-api" => self.guards.deny_security_api = switch(name, value)?,
            "unsigned-payload" => self.unsigned_payload = switch(name, value)?,
            "http2" => self.http2 = switch(name, value)?,
            "server-name" => self.server_names.push(value.to_ascii_lowercase()),
            _ => return Err(format!("`{name}` is not supported")),
        }
        Ok(())
    }

    pub(super) fn listen_or(&self, port: u16) -> Vec<ListenAddress> {
        if self.listen.is_empty() {
            vec![ListenAddress::Loopback { port }]
        } else {
            self.listen.clone()
        }
    }

    /// Returns whether the `region` parameter is invalid.
    pub(super) fn has_wrong_region(&self) -> bool {
        self.wrong.contains("region")
    }

    pub(super) fn role_step(&self) -> Option<RoleStep> {
        Some(RoleStep {
            role: self.role.clone()?,
            external_id: self.external_id.clone(),
            session_name: None,
        })
    }

    pub(super) fn dial_or(&self, host: &str, port: u16) -> (String, u16) {
        self.dial.clone().unwrap_or_else(|| (host.to_owned(), port))
    }
}

/// Returns the parameter that was probably meant, and a message about the one that was given.
fn unknown(name: &str, known: &[&str]) -> (String, String) {
    let word = name.to_ascii_lowercase().replace('_', "-");
    if let Some(meant) = suggest::nearest(&word, known.iter().copied()) {
        let sentence = format!("unknown parameter `{name}`; did you mean `{meant}`?");
        return (meant.to_owned(), sentence);
    }
    let known = known.join(", ");
    let sentence = format!("unknown parameter `{name}`; expected one of {known}");
    (name.to_owned(), sentence)
}

fn name_of(form: &str) -> &str {
    form.split('=').next().unwrap_or(form)
}

fn parse_value<T>(name: &str, value: &str) -> Result<T, String>
where
    T: std::str::FromStr,
    T::Err: std::fmt::Display,
{
    value.parse().map_err(|error| format!("`{name}`: {error}"))
}

/// Reads a parameter that is on or off: without a value it is on, and `=true` and `=false` are accepted.
fn switch(name: &str, value: &str) -> Result<bool, String> {
    match value {
        "" | "true" => Ok(true),
        "false" => Ok(false),
        _ => Err(format!(
            "`{name}`: `{value}` is invalid; expected `true` or `false`"
        )),
    }
}

/// Reads a file mode in octal digits, like chmod(1).
fn mode(value: &str) -> Result<u32, String> {
    let is_octal = value.bytes().all(|byte| matches!(byte, b'0'..=b'7'));
    let mode = u32::from_str_radix(value, 8)
        .ok()
        .filter(|mode| is_octal && *mode <= 0o777);
    mode.ok_or_else(|| {
        format!("`socket-mode`: `{value}` is not an octal file mode; expected for example `660`")
    })
}

/// Reads `HOST[:PORT]`, with an IPv6 address in brackets.
fn host_and_port(value: &str, default_port: u16) -> Result<(String, u16), String> {
    let bad = || format!("`dial`: `{value}` is not HOST[:PORT]");
    let (host, port) = match value.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, port.parse().map_err(|_| bad())?),
        _ => (value, default_port),
    };
    let host = host.trim_start_matches('[').trim_end_matches(']');
    if host.is_empty() || host.contains(['/', '@', ' ']) || port == 0 {
        Err(bad())
    } else {
        Ok((host.to_owned(), port))
    }
}
