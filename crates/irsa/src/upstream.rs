//! An upstream, written as `postgres://HOST[:PORT][?listen=...]` or `opensearch://HOST[?listen=...]`.

mod opensearch;
mod parameters;
mod postgres;

use std::fmt::Display;

use irsa_chain::Region;
use irsa_identity::RoleStep;
use irsa_net::connect::ProxyRules;
use irsa_net::listen::ListenAddress;
use irsa_opensearch::{Guards, PayloadSigning};
use url::Url;

pub(crate) use self::parameters::{AppliesTo, PARAMETERS};
use self::parameters::{Parameters, Scheme};

/// The PostgreSQL port in the name of a socket file whose number is not given.
const POSTGRES_PORT: u16 = 5432;

/// An upstream with its listeners.
#[derive(Debug, Clone)]
pub(crate) struct UpstreamSpec {
    pub(crate) store: Store,
    pub(crate) listen: Vec<ListenAddress>,
    /// True if `listen` was given.
    pub(crate) has_explicit_listen: bool,
    /// The file mode of the Unix sockets, if given.
    pub(crate) socket_mode: Option<u32>,
    /// A role to assume for this upstream only.
    pub(crate) role: Option<RoleStep>,
    /// True if `HTTPS_PROXY` and `NO_PROXY` apply to the connections.
    pub(crate) uses_proxy_variables: bool,
}

/// The data store behind an upstream.
#[derive(Debug, Clone)]
pub(crate) enum Store {
    Postgres(irsa_postgres::Upstream),
    OpenSearch(OpenSearchStore),
}

/// A domain or collection, and what the proxy forwards to it.
#[derive(Debug, Clone)]
pub(crate) struct OpenSearchStore {
    pub(crate) upstream: irsa_opensearch::Upstream,
    pub(crate) guards: Guards,
    pub(crate) payload: PayloadSigning,
    /// True if HTTP/2 is offered to the domain.
    pub(crate) http2: bool,
    /// Additional names under which clients reach the proxy.
    pub(crate) server_names: Vec<String>,
}

/// Parses an upstream. Each mistake in it becomes one message.
pub(crate) fn parse(
    text: &str,
    default_region: Option<&Region>,
) -> Result<UpstreamSpec, Vec<String>> {
    let shown = without_user(text);
    let malformed = |problem: &dyn Display| {
        vec![format!(
            "upstream `{shown}`: {problem}; expected `postgres://HOST[:PORT][?listen=...]` or \
             `opensearch://HOST[?listen=...]`"
        )]
    };
    // Without `//`, the URL parser takes `host:port` for a scheme and a path.
    if !text.contains("://") {
        return Err(malformed(&"the scheme is missing"));
    }
    let url = Url::parse(text).map_err(|error| malformed(&error))?;
    let mut mistakes = Vec::new();
    let spec = read(&url, default_region, &mut mistakes);
    match spec {
        Some(spec) if mistakes.is_empty() => Ok(spec),
        _ => Err(mistakes
            .into_iter()
            .map(|mistake| format!("upstream `{shown}`: {mistake}"))
            .collect()),
    }
}

fn read(
    url: &Url,
    default_region: Option<&Region>,
    mistakes: &mut Vec<String>,
) -> Option<UpstreamSpec> {
    let known_scheme = Scheme::from_url(url, mistakes);
    let scheme = known_scheme.unwrap_or(Scheme::Postgres);
    check_shape(url, scheme, mistakes);
    let port = url.port().unwrap_or(scheme.port());
    let parameters = Parameters::read(url, known_scheme, port, mistakes);
    // Nothing else is validated if the scheme is unknown.
    known_scheme?;
    let any_region = any_region().filter(|_| parameters.has_wrong_region());
    let default_region = default_region.or(any_region.as_ref());
    let host = url.host_str().filter(|host| !host.is_empty())?;
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    let store = match scheme {
        Scheme::Postgres => postgres::resolve(&host, port, &parameters, default_region, mistakes)
            .map(Store::Postgres),
        Scheme::OpenSearch => {
            opensearch::resolve(&host, port, &parameters, default_region, mistakes)
                .map(Store::OpenSearch)
        }
    };
    Some(UpstreamSpec {
        store: store?,
        listen: parameters.listen_or(scheme.local_port()),
        has_explicit_listen: !parameters.listen.is_empty(),
        socket_mode: parameters.socket_mode,
        role: parameters.role_step(),
        uses_proxy_variables: parameters.uses_proxy_variables(),
    })
}

/// Returns the TCP ports on which an upstream of a sidecar listens, for the admission webhook. The error is one line.
pub(crate) fn ports(text: &str, default_region: Option<&Region>) -> Result<Vec<u16>, String> {
    let spec = parse(text, default_region).map_err(|mistakes| mistakes.join("; "))?;
    let port = |address: &ListenAddress| match address {
        ListenAddress::Loopback { port } => Some(*port),
        ListenAddress::Tcp(address) => Some(address.port()),
        ListenAddress::Unix(_) => None,
    };
    Ok(spec.listen.iter().filter_map(port).collect())
}

/// Returns a stand-in for a region that is invalid, so that no further mistakes follow from it.
pub(crate) fn any_region() -> Option<Region> {
    "us-east-1".parse().ok()
}

/// Returns the text of a URL for a message, without users, which may include a password.
fn without_user(text: &str) -> String {
    let (url, query) = text
        .split_once('?')
        .map_or((text, None), |(url, query)| (url, Some(query)));
    let shown = without_user_of_host(url);
    let Some(query) = query else {
        return shown;
    };
    let has_user = |parameter: &str| {
        let value = parameter.strip_prefix("http-proxy=");
        value.is_some_and(|value| value.contains('@') || value.contains("%40"))
    };
    let parameters = query.split('&').map(|parameter| match parameter {
        parameter if has_user(parameter) => "http-proxy=…",
        parameter => parameter,
    });
    format!("{shown}?{}", parameters.collect::<Vec<_>>().join("&"))
}

fn without_user_of_host(text: &str) -> String {
    let begin = text.find("://").map_or(0, |colon| colon + "://".len());
    let (scheme, rest) = text.split_at(begin);
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    match rest.get(..end).and_then(|authority| authority.rfind('@')) {
        Some(at) => format!("{scheme}…{}", rest.get(at..).unwrap_or_default()),
        None => text.to_owned(),
    }
}

fn check_shape(url: &Url, scheme: Scheme, mistakes: &mut Vec<String>) {
    if url.host_str().is_none_or(str::is_empty) {
        mistakes.push("the host is missing".to_owned());
    }
    if !url.username().is_empty() || url.password().is_some() {
        mistakes.push(scheme.no_user().to_owned());
    }
    if !matches!(url.path(), "" | "/") {
        mistakes.push(scheme.no_path().to_owned());
    }
    if url.port() == Some(0) {
        mistakes.push("port 0 is not a valid port of a server".to_owned());
    }
    if url.fragment().is_some() {
        mistakes.push(
            "the part after `#` is ignored by URLs; write a `#` within a value as `%23`".to_owned(),
        );
    }
}

// === impl UpstreamSpec ===

impl UpstreamSpec {
    /// Sets the HTTP proxy that the variables select for the connections.
    pub(crate) fn select_http_proxy(&mut self, rules: &ProxyRules) {
        let (dial_host, selected) = match &mut self.store {
            Store::Postgres(upstream) => (&upstream.dial_host, &mut upstream.http_proxy),
            Store::OpenSearch(store) => (&store.upstream.dial_host, &mut store.upstream.http_proxy),
        };
        *selected = rules.select(dial_host).cloned();
    }

    /// Returns the addresses to bind.
    pub(crate) fn addresses(&self) -> impl Iterator<Item = ListenAddress> {
        self.listen.iter().cloned().map(|address| match self.store {
            Store::Postgres(_) => address.for_postgres(POSTGRES_PORT),
            Store::OpenSearch(_) => address,
        })
    }
}

// === impl Store ===

impl Store {
    /// Returns the name for logs and metrics.
    pub(crate) fn name(&self) -> String {
        match self {
            Self::Postgres(upstream) => upstream.to_string(),
            Self::OpenSearch(store) => store.upstream.to_string(),
        }
    }
}

/// Returns the region that was given, else that of the endpoint, else the default.
fn region(
    given: Option<&Region>,
    of_endpoint: Option<&Region>,
    default: Option<&Region>,
    sign_host: &str,
    mistakes: &mut Vec<String>,
) -> Option<Region> {
    if let (Some(given), Some(own)) = (given, of_endpoint)
        && given != own
    {
        mistakes.push(format!(
            "`region={given}` does not match the endpoint, which is in {own}"
        ));
    }
    let region = given.or(of_endpoint).or(default).cloned();
    if region.is_none() {
        mistakes.push(format!(
            "cannot derive the region from `{sign_host}`; add `region=REGION` to the upstream or set --region"
        ));
    }
    region
}

/// Returns the name that the server's certificate must contain.
fn tls_name(
    given: Option<&String>,
    sign_host: &str,
    mistakes: &mut Vec<String>,
) -> Option<rustls::pki_types::ServerName<'static>> {
    let name = given.map_or(sign_host, String::as_str);
    let parsed = rustls::pki_types::ServerName::try_from(name.to_owned());
    if parsed.is_err() {
        mistakes.push(format!(
            "`{name}` is not a valid name in a certificate; set `tls-name` to a DNS name or an IP address"
        ));
    }
    parsed.ok()
}

#[cfg(test)]
mod tests;
