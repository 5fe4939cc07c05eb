//! A connection to a data store, step by step: DNS, TCP, TLS.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::BytesMut;
use irsa_chain::Cause;
use irsa_net::rustls::{self, ClientConfig};
use irsa_net::tls::{HandshakeError, Roots, client_config};
use irsa_net::tokio_rustls::TlsConnector;
use irsa_net::tokio_rustls::client::TlsStream;
use irsa_pgwire::startup::ssl_request;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;

use crate::pod::fault::Fault;
use crate::pod::https::open;
use crate::pod::options::Route;
use crate::pod::text::clean;

/// How far a connection gets.
#[derive(Debug)]
pub(in crate::pod) struct Connectivity {
    pub(in crate::pod) dns: Outcome,
    /// `None` if an earlier step failed.
    pub(in crate::pod) tcp: Option<Outcome>,
    pub(in crate::pod) tls: Option<Outcome>,
}

/// What was seen, or what is wrong.
pub(in crate::pod) type Outcome = Result<String, Fault>;

/// A connection whose other side is verified.
pub(in crate::pod) type Secured = TlsStream<TcpStream>;

/// How the server starts TLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::pod) enum Protocol {
    /// After SSLRequest.
    Postgres,
    /// Immediately.
    Https,
}

const DNS: Duration = Duration::from_secs(3);
const TLS: Duration = Duration::from_secs(4);

/// Connects as far as possible; the connection is there if every step succeeded.
pub(in crate::pod) async fn probe(
    route: &Route,
    roots: &Result<Roots, String>,
    protocol: Protocol,
) -> (Connectivity, Option<Secured>) {
    let mut connectivity = Connectivity {
        dns: resolve(&route.dial_host).await,
        tcp: None,
        tls: None,
    };
    if connectivity.dns.is_err() {
        return (connectivity, None);
    }
    let stream = match open(&route.dial_host, route.dial_port).await {
        Ok(stream) => stream,
        Err(error) => {
            connectivity.tcp = Some(Err(Fault::new(error.cause(), error)));
            return (connectivity, None);
        }
    };
    let peer = stream
        .peer_addr()
        .map(|peer| format!("connected to `{peer}`"));
    connectivity.tcp = Some(Ok(peer.unwrap_or_default()));
    match secure(route, roots, protocol, stream).await {
        Ok(secured) => {
            connectivity.tls = Some(Ok(described(route, &secured)));
            (connectivity, Some(secured))
        }
        Err(fault) => {
            connectivity.tls = Some(Err(fault));
            (connectivity, None)
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

async fn secure(
    route: &Route,
    roots: &Result<Roots, String>,
    protocol: Protocol,
    mut stream: TcpStream,
) -> Result<Secured, Fault> {
    let roots = roots.as_ref();
    let roots = roots.map_err(|why| Fault::new(Cause::TlsCertificateInvalid, why))?;
    let tls = config(roots, protocol)?;
    let handshake = async {
        if protocol == Protocol::Postgres {
            ask_for_tls(&mut stream).await?;
        }
        let connector = TlsConnector::from(tls);
        let secured = connector.connect(route.tls_name.clone(), stream).await;
        secured.map_err(|error| untrusted(route, roots, &error.into()))
    };
    let silent = |_| Fault::new(Cause::EndpointTimeout, format!("no TLS within {TLS:?}"));
    timeout(TLS, handshake).await.map_err(silent)?
}

fn config(roots: &Roots, protocol: Protocol) -> Result<Arc<ClientConfig>, Fault> {
    let alpn: &[&[u8]] = match protocol {
        Protocol::Postgres => &[b"postgresql"],
        Protocol::Https => &[b"http/1.1"],
    };
    let config = client_config(roots, alpn);
    config.map_err(|error| Fault::new(Cause::TlsCertificateInvalid, error))
}

/// SSLRequest, which is answered with one byte (PostgreSQL docs, "SSL Session Encryption").
async fn ask_for_tls(stream: &mut TcpStream) -> Result<(), Fault> {
    let mut request = BytesMut::new();
    ssl_request(&mut request);
    let broken = |error| Fault::new(Cause::EndpointUnreachable, error);
    stream.write_all(&request).await.map_err(broken)?;
    match stream.read_u8().await.map_err(broken)? {
        b'S' => Ok(()),
        b'N' => Err(Fault::new(
            Cause::TlsRefusedByServer,
            "it answers that it has no TLS",
        )),
        _ => Err(Fault::new(
            Cause::TlsRefusedByServer,
            "it is no PostgreSQL server",
        )),
    }
}

fn untrusted(route: &Route, roots: &Roots, error: &HandshakeError) -> Fault {
    let fault = Fault::new(error.cause(), error);
    let is_rds = route.sign_host.contains(".rds.");
    let is_about_certificate = matches!(error, HandshakeError::Certificate(_));
    if !is_about_certificate || !is_rds || roots.covers(&route.region) {
        return fault;
    }
    let region = &route.region;
    fault.remedy(format!(
        "RDS's authority for `{region}` is not built in: fetch \
         https://truststore.pki.rds.amazonaws.com/{region}/{region}-bundle.pem and name it by `--ca-file`"
    ))
}

fn described(route: &Route, secured: &Secured) -> String {
    let (_, session) = secured.get_ref();
    let version = match session.protocol_version() {
        Some(rustls::ProtocolVersion::TLSv1_3) => "TLS 1.3",
        Some(rustls::ProtocolVersion::TLSv1_2) => "TLS 1.2",
        _ => "TLS",
    };
    let name = route.tls_name.to_str();
    format!("{version}, with a certificate for `{name}` of an authority that is believed")
}
