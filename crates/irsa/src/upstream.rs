//! `postgres://HOST[:PORT][?listen=...]` and `opensearch://HOST[?listen=...]`: one data store, as
//! a person writes it.

mod opensearch;
mod parameters;
mod postgres;

use std::fmt::Display;

use irsa_chain::Region;
use irsa_identity::RoleStep;
use irsa_net::listen::ListenAddress;
use irsa_opensearch::{Guards, PayloadSigning};
use url::Url;

pub(crate) use self::parameters::{For, PARAMETERS};
use self::parameters::{Parameters, Scheme};

/// PostgreSQL's port, which names a socket file when none is given.
const POSTGRES_PORT: u16 = 5432;

/// An upstream with its listeners.
#[derive(Debug, Clone)]
pub(crate) struct UpstreamSpec {
    pub(crate) store: Store,
    pub(crate) listen: Vec<ListenAddress>,
    /// Whether `listen` was given, not the default.
    pub(crate) listens_where_told: bool,
    /// The permissions of the listeners' Unix sockets, where they were given.
    pub(crate) socket_mode: Option<u32>,
    /// A role to assume for this upstream alone.
    pub(crate) role: Option<RoleStep>,
}

/// What is reached.
#[derive(Debug, Clone)]
pub(crate) enum Store {
    Postgres(irsa_postgres::Upstream),
    OpenSearch(OpenSearchStore),
}

/// A domain or collection, and what the proxy lets through to it.
#[derive(Debug, Clone)]
pub(crate) struct OpenSearchStore {
    pub(crate) upstream: irsa_opensearch::Upstream,
    pub(crate) guards: Guards,
    pub(crate) payload: PayloadSigning,
    /// Whether to offer HTTP/2 to the domain.
    pub(crate) http2: bool,
    /// Names that clients may call the proxy by, besides those of its addresses.
    pub(crate) server_names: Vec<String>,
}

/// Reads one upstream. Every mistake in it becomes a sentence of its own.
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
    // Without the slashes a host with a port is a scheme with a path.
    if !text.contains("://") {
        return Err(malformed(&"it has no scheme"));
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
    let known_scheme = Scheme::of(url, mistakes);
    let scheme = known_scheme.unwrap_or(Scheme::Postgres);
    check_shape(url, scheme, mistakes);
    let port = url.port().unwrap_or(scheme.port());
    let parameters = Parameters::read(url, known_scheme, port, mistakes);
    // Of what is not known, nothing more can be told.
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
        listens_where_told: !parameters.listen.is_empty(),
        socket_mode: parameters.socket_mode,
        role: parameters.role_step(),
    })
}

/// A region in place of one that was given with a mistake, so that the mistake is not followed by others.
pub(crate) fn any_region() -> Option<Region> {
    "us-east-1".parse().ok()
}

/// The text of a URL for a message: whoever writes a user into it may have written a password too.
fn without_user(text: &str) -> String {
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
        mistakes.push("nothing answers on port 0".to_owned());
    }
    if url.fragment().is_some() {
        mistakes.push("what follows the `#` is not read; within a value write `%23`".to_owned());
    }
}

// === impl UpstreamSpec ===

impl UpstreamSpec {
    /// The addresses to bind.
    pub(crate) fn addresses(&self) -> impl Iterator<Item = ListenAddress> {
        self.listen.iter().cloned().map(|address| match self.store {
            Store::Postgres(_) => address.for_postgres(POSTGRES_PORT),
            Store::OpenSearch(_) => address,
        })
    }
}

// === impl Store ===

impl Store {
    /// The name for logs and metrics.
    pub(crate) fn name(&self) -> String {
        match self {
            Self::Postgres(upstream) => upstream.to_string(),
            Self::OpenSearch(store) => store.upstream.to_string(),
        }
    }
}

/// The region that was given, else the endpoint's own, else the default.
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
            "`region={given}` contradicts the endpoint, which is in {own}"
        ));
    }
    let region = given.or(of_endpoint).or(default).cloned();
    if region.is_none() {
        mistakes.push(format!(
            "the region can't be told from `{sign_host}`; add `region=...` or set --region"
        ));
    }
    region
}

/// What the server's certificate must be for.
fn tls_name(
    given: Option<&String>,
    sign_host: &str,
    mistakes: &mut Vec<String>,
) -> Option<rustls::pki_types::ServerName<'static>> {
    let name = given.map_or(sign_host, String::as_str);
    let parsed = rustls::pki_types::ServerName::try_from(name.to_owned());
    if parsed.is_err() {
        mistakes.push(format!(
            "`{name}` is not a name that a certificate could hold"
        ));
    }
    parsed.ok()
}

#[cfg(test)]
mod tests;
