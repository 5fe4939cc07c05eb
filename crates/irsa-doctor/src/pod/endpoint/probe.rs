//! A connection to a data store, step by step: DNS, TCP, TLS.

use std::net::IpAddr;
use std::time::Duration;

use irsa_chain::Cause;
use irsa_net::rustls::ProtocolVersion;
use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;

use crate::pod::fault::Fault;
use crate::pod::https::open;
use crate::pod::options::Route;
use crate::pod::text::clean;

/// The results of the steps of a connection, up to the first failure.
#[derive(Debug)]
pub(in crate::pod) struct Connectivity {
    pub(in crate::pod) dns: Outcome,
    /// `None` if an earlier step failed.
    pub(in crate::pod) tcp: Option<Outcome>,
    pub(in crate::pod) tls: Option<Outcome>,
}

/// The result of a step: what was seen, or its fault.
pub(in crate::pod) type Outcome = Result<String, Fault>;

/// A connection to a verified server, and its TLS version.
#[derive(Debug)]
pub(in crate::pod) struct Secured<C> {
    pub(in crate::pod) connection: C,
    pub(in crate::pod) version: Option<ProtocolVersion>,
}

const DNS: Duration = Duration::from_secs(3);
const TLS: Duration = Duration::from_secs(4);

/// Resolves the name and opens a TCP connection. [`secure`] adds TLS.
pub(in crate::pod) async fn connect(route: &Route) -> (Connectivity, Option<TcpStream>) {
    let mut connectivity = Connectivity {
        dns: dns(route).await,
        tcp: None,
        tls: None,
    };
    if connectivity.dns.is_err() {
        return (connectivity, None);
    }
    let http_proxy = route.http_proxy.as_ref();
    match open(&route.dial_host, route.dial_port, http_proxy).await {
        Ok(stream) => {
            let connected = match http_proxy {
                Some(proxy) => Ok(format!("connected through the HTTP proxy `{proxy}`")),
                None => stream
                    .peer_addr()
                    .map(|peer| format!("connected to `{peer}`")),
            };
            connectivity.tcp = Some(Ok(connected.unwrap_or_default()));
            (connectivity, Some(stream))
        }
        Err(error) => {
            connectivity.tcp = Some(Err(Fault::new(error.cause(), error)));
            (connectivity, None)
        }
    }
}

/// Waits for the TLS handshake of a connection, and records its result.
pub(in crate::pod) async fn secure<C>(
    route: &Route,
    connectivity: &mut Connectivity,
    handshake: impl Future<Output = Result<Secured<C>, Fault>>,
) -> Option<C> {
    let silent = |_| {
        let said = format!("the TLS handshake did not complete within {TLS:?}");
        Fault::new(Cause::EndpointTimeout, said)
    };
    let secured = timeout(TLS, handshake).await.map_err(silent);
    match secured.and_then(|secured| secured) {
        Ok(Secured {
            connection,
            version,
        }) => {
            connectivity.tls = Some(Ok(described(route, version)));
            Some(connection)
        }
        Err(fault) => {
            connectivity.tls = Some(Err(fault));
            None
        }
    }
}

async fn dns(route: &Route) -> Outcome {
    match &route.http_proxy {
        Some(proxy) => Ok(format!(
            "`{}` is resolved by the HTTP proxy `{proxy}`",
            route.dial_host
        )),
        None => resolve(&route.dial_host).await,
    }
}

async fn resolve(host: &str) -> Outcome {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    if bare.parse::<IpAddr>().is_ok() {
        return Ok(format!("`{bare}` is an IP address"));
    }
    let unresolvable = |why: String| {
        let said = format!("cannot resolve `{host}`: {why}");
        Fault::new(Cause::EndpointUnresolvable, said)
    };
    let found = timeout(DNS, lookup_host((host, 0))).await;
    let found = found.map_err(|_| unresolvable(format!("no response within {DNS:?}")))?;
    let addresses = found.map_err(|error| unresolvable(error.to_string()))?;
    let addresses: Vec<_> = addresses.map(|address| address.ip().to_string()).collect();
    Ok(format!(
        "`{host}` resolves to {}",
        clean(&addresses.join(", "))
    ))
}

fn described(route: &Route, version: Option<ProtocolVersion>) -> String {
    let version = match version {
        Some(ProtocolVersion::TLSv1_3) => "TLS 1.3",
        Some(ProtocolVersion::TLSv1_2) => "TLS 1.2",
        _ => "TLS",
    };
    let name = route.tls_name.to_str();
    format!("{version}, certificate for `{name}`, issued by a trusted CA")
}
