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

/// The steps of a connection, as far as it gets.
#[derive(Debug)]
pub(in crate::pod) struct Connectivity {
    pub(in crate::pod) dns: Outcome,
    /// `None` if an earlier step failed.
    pub(in crate::pod) tcp: Option<Outcome>,
    pub(in crate::pod) tls: Option<Outcome>,
}

/// What a step saw, or its fault.
pub(in crate::pod) type Outcome = Result<String, Fault>;

/// A connection whose other side is verified, and the version of its TLS.
#[derive(Debug)]
pub(in crate::pod) struct Secured<C> {
    pub(in crate::pod) connection: C,
    pub(in crate::pod) version: Option<ProtocolVersion>,
}

const DNS: Duration = Duration::from_secs(3);
const TLS: Duration = Duration::from_secs(4);

/// Resolves the name and opens a TCP connection, as far as possible. TLS is for [`secure`].
pub(in crate::pod) async fn connect(route: &Route) -> (Connectivity, Option<TcpStream>) {
    let mut connectivity = Connectivity {
        dns: resolve(&route.dial_host).await,
        tcp: None,
        tls: None,
    };
    if connectivity.dns.is_err() {
        return (connectivity, None);
    }
    match open(&route.dial_host, route.dial_port).await {
        Ok(stream) => {
            let peer = stream.peer_addr();
            let peer = peer.map(|peer| format!("connected to `{peer}`"));
            connectivity.tcp = Some(Ok(peer.unwrap_or_default()));
            (connectivity, Some(stream))
        }
        Err(error) => {
            connectivity.tcp = Some(Err(Fault::new(error.cause(), error)));
            (connectivity, None)
        }
    }
}

/// Waits for the TLS handshake of a connection, and notes its result.
pub(in crate::pod) async fn secure<C>(
    route: &Route,
    connectivity: &mut Connectivity,
    handshake: impl Future<Output = Result<Secured<C>, Fault>>,
) -> Option<C> {
    let silent = |_| Fault::new(Cause::EndpointTimeout, format!("no TLS within {TLS:?}"));
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

async fn resolve(host: &str) -> Outcome {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    if bare.parse::<IpAddr>().is_ok() {
        return Ok(format!("`{bare}` is an address"));
    }
    let unresolvable = |why: String| {
        let said = format!("the name `{host}` cannot be resolved: {why}");
        Fault::new(Cause::EndpointUnresolvable, said)
    };
    let found = timeout(DNS, lookup_host((host, 0))).await;
    let found = found.map_err(|_| unresolvable(format!("no answer within {DNS:?}")))?;
    let addresses = found.map_err(|error| unresolvable(error.to_string()))?;
    let addresses: Vec<_> = addresses.map(|address| address.ip().to_string()).collect();
    Ok(format!("`{host}` is {}", clean(&addresses.join(", "))))
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
