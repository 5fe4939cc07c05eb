//! The parameters of an upstream: one table, from which help and documentation are made too.

use std::collections::BTreeSet;

use irsa_chain::{Region, RoleArn};
use irsa_cli::suggest;
use irsa_identity::{RoleStep, SigningService};
use irsa_net::listen::ListenAddress;
use irsa_opensearch::Guards;
use url::Url;

/// The kinds of data stores.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scheme {
    Postgres,
    OpenSearch,
}

/// Whose parameter it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum For {
    Both,
    Postgres,
    OpenSearch,
}

/// The parameters that an upstream may have, with what they mean.
pub(crate) const PARAMETERS: [(&str, For, &str); 17] = [
    (
        "listen=ADDRESS",
        For::Both,
        "a port on 127.0.0.1 and ::1, an IP address with a port, or `unix:/PATH` (for PostgreSQL a folder); may be repeated [default: 5432 for PostgreSQL, 9200 for OpenSearch]",
    ),
    (
        "socket-mode=MODE",
        For::Both,
        "octal file mode of the Unix sockets, for when application and proxy run as different users [default: 600; with --client-uid 666, because every client's user ID is checked]",
    ),
    (
        "dial=HOST[:PORT]",
        For::Both,
        "where to connect, if not to the endpoint itself: a tunnel, a private name",
    ),
    (
        "region=REGION",
        For::Both,
        "the data store's region, where the endpoint's name does not tell it",
    ),
    (
        "sign-host=HOST",
        For::Both,
        "the AWS endpoint that is signed for, where the upstream is a name of your own for it",
    ),
    (
        "sign-port=PORT",
        For::Postgres,
        "that endpoint's port [default: the upstream's]",
    ),
    (
        "tls-name=NAME",
        For::Both,
        "the name that the server's certificate must hold [default: what is signed for]",
    ),
    (
        "role=ARN",
        For::Both,
        "a role to assume for this upstream, on top of the one before",
    ),
    (
        "external-id=ID",
        For::Both,
        "the external id that this role asks for",
    ),
    (
        "service=es|aoss",
        For::OpenSearch,
        "what is signed for, a domain or a serverless collection, where the endpoint's name does not tell it [default: es]",
    ),
    (
        "read-only",
        For::OpenSearch,
        "allow only requests that are known to read, by a table of OpenSearch's routes",
    ),
    (
        "allow-path=PATTERN",
        For::OpenSearch,
        "allow only paths that match, with `*` for any characters; endpoints that can name any index (`_bulk`, `_msearch`, ...) only where a pattern names them; may be repeated",
    ),
    (
        "deny-security-api",
        For::OpenSearch,
        "refuse the API of the security plugin, which changes users, roles and mappings",
    ),
    (
        "allow-origin=URL",
        For::OpenSearch,
        "the origin of a browser tool whose pages may send requests (`http://localhost:8080`); pages of all other origins are refused; may be repeated",
    ),
    (
        "unsigned-payload",
        For::OpenSearch,
        "leave the body out of the signature, so that it streams through; TLS still protects it",
    ),
    (
        "http2",
        For::OpenSearch,
        "speak HTTP/2 to the domain where it can: fewer connections, slower large bodies",
    ),
    (
        "server-name=NAME",
        For::OpenSearch,
        "a further name that clients may call the proxy by (a Kubernetes Service's); may be repeated",
    ),
];

/// Those that may be given more than once.
const REPEATED: [&str; 4] = ["listen", "allow-path", "allow-origin", "server-name"];

/// An upstream's parameters while they are being read.
#[derive(Default)]
pub(super) struct Parameters {
    pub(super) listen: Vec<ListenAddress>,
    pub(super) socket_mode: Option<u32>,
    pub(super) dial: Option<(String, u16)>,
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
    /// The parameters that have a mistake: what depends on them is not a second one.
    wrong: BTreeSet<String>,
}

// === impl Scheme ===

impl Scheme {
    /// `None` and a mistake for any other.
    pub(super) fn of(url: &Url, mistakes: &mut Vec<String>) -> Option<Self> {
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

    /// The store's port: PostgreSQL's (IANA service name `postgresql`), and HTTPS, the only one
    /// that Amazon OpenSearch Service answers on besides 80.
    pub(super) fn port(self) -> u16 {
        match self {
            Self::Postgres => 5432,
            Self::OpenSearch => 443,
        }
    }

    /// Where clients expect such a store on their own machine.
    pub(super) fn local_port(self) -> u16 {
        match self {
            Self::Postgres => 5432,
            Self::OpenSearch => 9200,
        }
    }

    pub(super) fn no_user(self) -> &'static str {
        match self {
            Self::Postgres => {
                "it holds a user or a password; the client names its own user and no password is used"
            }
            Self::OpenSearch => "it holds a user or a password; the pod's role is the user",
        }
    }

    pub(super) fn no_path(self) -> &'static str {
        match self {
            Self::Postgres => "it names a database; the client names its own",
            Self::OpenSearch => "it holds a path; the client names its own",
        }
    }

    fn has(self, owner: For) -> bool {
        match owner {
            For::Both => true,
            For::Postgres => self == Self::Postgres,
            For::OpenSearch => self == Self::OpenSearch,
        }
    }
}

// === impl Parameters ===

impl Parameters {
    /// Those of any kind where the scheme is not known.
    pub(super) fn read(
        url: &Url,
        scheme: Option<Scheme>,
        port: u16,
        mistakes: &mut Vec<String>,
    ) -> Self {
        let is_of_this_kind = |owner: For| scheme.is_none_or(|scheme| scheme.has(owner));
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
                mistakes.push(format!("`{name}` is given twice"));
            }
        }
        let is_missing = |name: &str| !parameters.wrong.contains(name);
        if parameters.external_id.is_some() && parameters.role.is_none() && is_missing("role") {
            mistakes.push("`external-id` goes with `role`".to_owned());
        }
        let is_socket = |address: &ListenAddress| matches!(address, ListenAddress::Unix(_));
        let has_socket = parameters.listen.iter().any(is_socket);
        if parameters.socket_mode.is_some() && !has_socket && is_missing("listen") {
            mistakes.push("`socket-mode` goes with `listen=unix:/PATH`".to_owned());
        }
        parameters
    }

    fn set(&mut self, name: &str, value: &str, port: u16) -> Result<(), String> {
        match name {
            "listen" => self.listen.push(parse_value(name, value)?),
            "socket-mode" => self.socket_mode = Some(mode(value)?),
            "dial" => self.dial = Some(host_and_port(value, port)?),
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
            _ => return Err(format!("`{name}` is not read")),
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

    /// Returns whether the region was given with a mistake in it.
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

/// The parameter that was probably meant, and the sentence about the one that was written.
fn unknown(name: &str, known: &[&str]) -> (String, String) {
    let word = name.to_ascii_lowercase().replace('_', "-");
    if let Some(meant) = suggest::nearest(&word, known.iter().copied()) {
        let sentence = format!("unknown parameter `{name}`; did you mean `{meant}`?");
        return (meant.to_owned(), sentence);
    }
    let known = known.join(", ");
    let sentence = format!("unknown parameter `{name}`; known are {known}");
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

/// A parameter that is there or not; `=true` and `=false` may be said.
fn switch(name: &str, value: &str) -> Result<bool, String> {
    match value {
        "" | "true" => Ok(true),
        "false" => Ok(false),
        _ => Err(format!("`{name}`: `{value}` is neither true nor false")),
    }
}

/// The permissions of a file, as chmod(1) takes them in digits.
fn mode(value: &str) -> Result<u32, String> {
    let is_octal = value.bytes().all(|byte| matches!(byte, b'0'..=b'7'));
    let mode = u32::from_str_radix(value, 8)
        .ok()
        .filter(|mode| is_octal && *mode <= 0o777);
    mode.ok_or_else(|| format!("`socket-mode`: `{value}` is not permissions such as 660"))
}

/// `HOST[:PORT]`, with an IPv6 address in brackets.
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
