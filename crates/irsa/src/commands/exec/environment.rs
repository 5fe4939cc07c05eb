//! The environment of the command: the addresses of irsa's listeners, without variables that would bypass them.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;

use irsa_net::listen::ListenAddress;

use super::libpq::{self, Treatment};
use super::urls;

/// The variable with irsa's address for OpenSearch clients.
const OPENSEARCH_URL: &str = "OPENSEARCH_URL";

/// The values of `PGSSLMODE` with which libpq verifies the server's certificate against a CA; `require` only if it has
/// a CA (PostgreSQL documentation, "Protection Provided in Different Modes").
const VERIFYING_MODES: [&str; 3] = ["require", "verify-ca", "verify-full"];

/// The variables that irsa was started with.
pub(super) type Variables = BTreeMap<OsString, OsString>;

/// The endpoints that the command connects to.
#[derive(Debug, Default)]
pub(super) struct Endpoints {
    /// The addresses of the PostgreSQL listeners, in the order of the upstreams.
    pub(super) postgres: Vec<ListenAddress>,
    /// The addresses of the OpenSearch listeners, in the order of the upstreams.
    pub(super) opensearch: Vec<ListenAddress>,
    /// The file with the CA of the generated certificate.
    pub(super) ca_file: Option<PathBuf>,
    /// The host names of the upstreams.
    pub(super) upstream_hosts: Vec<String>,
}

/// The changes to the environment of the command.
#[derive(Debug, Default)]
pub(super) struct Changes {
    pub(super) set: BTreeMap<String, OsString>,
    pub(super) removed: Vec<&'static str>,
    /// Variables in `set` that had a different value before.
    replaced: Vec<String>,
    /// Messages about variables that are kept although they bypass irsa.
    pub(super) warnings: Vec<String>,
}

/// Returns whether libpq verifies the server's certificate against a CA.
pub(super) fn verifies(variables: &Variables) -> bool {
    let mode = get(variables, "PGSSLMODE").and_then(OsStr::to_str);
    get(variables, "PGSSLROOTCERT").is_some()
        || mode.is_some_and(|mode| VERIFYING_MODES.contains(&mode))
}

// === impl Changes ===

impl Changes {
    /// Returns the changes to `variables`.
    pub(super) fn new(variables: &Variables, endpoints: &Endpoints) -> Self {
        let mut changes = Self::default();
        if let Some((host, port)) = host_and_port(&endpoints.postgres) {
            changes.set("PGHOST", host);
            changes.set("PGPORT", port);
            if let Some(file) = endpoints.ca_file.as_ref().filter(|_| verifies(variables)) {
                changes.set("PGSSLROOTCERT", file);
            }
            let removed = libpq::with_treatment(Treatment::Remove);
            changes.removed = removed
                .filter(|name| get(variables, name).is_some())
                .collect();
        }
        if let Some(address) = endpoints.opensearch.iter().find_map(tcp) {
            changes.set(OPENSEARCH_URL, format!("http://{address}"));
            changes.exempt_from_proxies(variables, &endpoints.opensearch);
        }
        changes.note_replaced(variables);
        changes.warnings = urls::warnings(variables, &endpoints.upstream_hosts);
        changes
    }

    /// Returns a line that lists the removed and replaced variables.
    pub(super) fn note(&self) -> Option<String> {
        let part =
            |verb: &str, names: String| (!names.is_empty()).then(|| format!("{verb} {names}"));
        let parts = [
            part("removed", self.removed.join(", ")),
            part("replaced", self.replaced.join(", ")),
        ];
        let parts: Vec<_> = parts.into_iter().flatten().collect();
        (!parts.is_empty()).then(|| format!("environment of the command: {}", parts.join("; ")))
    }

    fn set(&mut self, name: &str, value: impl Into<OsString>) {
        self.set.insert(name.to_owned(), value.into());
    }

    /// Adds irsa's hosts to `NO_PROXY` and `no_proxy`. Programs read one or the other, so a missing one starts as a
    /// copy of the other.
    fn exempt_from_proxies(&mut self, variables: &Variables, addresses: &[ListenAddress]) {
        const NAMES: [&str; 2] = ["NO_PROXY", "no_proxy"];
        let [upper, lower] = NAMES.map(|name| get(variables, name));
        for (name, present) in NAMES.into_iter().zip([upper.or(lower), lower.or(upper)]) {
            let value = with_hosts(present.unwrap_or_default(), &hosts(addresses));
            self.set.insert(name.to_owned(), value);
        }
    }

    /// Records the replaced variables, except for the `NO_PROXY` lists, which are only extended.
    fn note_replaced(&mut self, variables: &Variables) {
        let is_replaced = |(name, value): &(&String, &OsString)| {
            let is_list = name.eq_ignore_ascii_case("no_proxy");
            !is_list && get(variables, name).is_some_and(|present| present != value.as_os_str())
        };
        let replaced = self.set.iter().filter(is_replaced);
        self.replaced = replaced.map(|(name, _)| name.clone()).collect();
    }
}

/// Returns the value of a variable. An empty variable counts as unset, as in libpq.
fn get<'a>(variables: &'a Variables, name: &str) -> Option<&'a OsStr> {
    let value = variables.get(OsStr::new(name))?.as_os_str();
    (!value.is_empty()).then_some(value)
}

/// Returns `PGHOST` and `PGPORT` for the first address. If irsa listens on both loopback addresses, the host is
/// `localhost`, because libpq before version 15 does not match IP addresses in certificates.
fn host_and_port(addresses: &[ListenAddress]) -> Option<(OsString, OsString)> {
    let first = addresses.first()?;
    if let ListenAddress::Unix(path) = first {
        // The file name of the socket is `.s.PGSQL.PORT`.
        let folder = path.parent().unwrap_or(path);
        return Some((folder.into(), path.extension().unwrap_or_default().into()));
    }
    let address = tcp(first)?;
    let v6 = SocketAddr::new(Ipv6Addr::LOCALHOST.into(), address.port());
    let is_both = address.ip() == IpAddr::V4(Ipv4Addr::LOCALHOST)
        && addresses.iter().any(|other| tcp(other) == Some(v6));
    let host = if is_both {
        "localhost".to_owned()
    } else {
        address.ip().to_string()
    };
    Some((host.into(), address.port().to_string().into()))
}

/// Returns the address to connect to, or `None` for a Unix socket.
fn tcp(address: &ListenAddress) -> Option<SocketAddr> {
    let (mut address, port) = match address {
        ListenAddress::Unix(_) => return None,
        ListenAddress::Loopback { port } => (SocketAddr::from((Ipv4Addr::LOCALHOST, *port)), *port),
        ListenAddress::Tcp(address) => (*address, address.port()),
    };
    if address.ip().is_unspecified() {
        address = match address {
            SocketAddr::V4(_) => (Ipv4Addr::LOCALHOST, port).into(),
            SocketAddr::V6(_) => (Ipv6Addr::LOCALHOST, port).into(),
        };
    }
    Some(address)
}

fn hosts(addresses: &[ListenAddress]) -> Vec<String> {
    let ips = addresses.iter().filter_map(tcp).map(|address| address.ip());
    let mut hosts: Vec<String> = Vec::new();
    for ip in ips {
        let local = ip.is_loopback().then(|| "localhost".to_owned());
        for host in local.into_iter().chain([ip.to_string()]) {
            if !hosts.contains(&host) {
                hosts.push(host);
            }
        }
    }
    hosts
}

/// Appends the hosts that the list does not contain yet.
fn with_hosts(present: &OsStr, hosts: &[String]) -> OsString {
    let listed = present.to_string_lossy();
    let listed: Vec<&str> = listed.split(',').map(str::trim).collect();
    let mut list = present.to_owned();
    for host in hosts {
        if listed.contains(&host.as_str()) || listed.contains(&"*") {
            continue;
        }
        if !list.is_empty() {
            list.push(",");
        }
        list.push(host);
    }
    list
}

#[cfg(test)]
mod tests;
