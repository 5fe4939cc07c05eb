//! The proxy under test, with short limits and keys that no AWS knows.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use irsa_chain::RoleArn;
use irsa_identity::{Environment, Identity, IdentitySettings, ManualClock, SourceChoice};
use irsa_net::drain::{Drain, DrainWatch, drain};
use irsa_net::listen::{Accepted, ListenAddress, ListenOptions, Listener, Peer, Stream};
use irsa_net::tls::{LocalAuthority, Roots, client_config};
use irsa_postgres::{
    ClientAuth, Database, DatabaseParts, Limits, PostgresMetrics, Upstream, serve, serve_client,
};
use prometheus_client::encoding::text;
use prometheus_client::registry::Registry;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ServerConfig};
use tokio::net::{TcpListener, TcpStream, UnixStream};
use tokio::task::JoinHandle;

use crate::encryption::ALPN;
use crate::server::{HOST, RunningServer};
use crate::wire::{Wire, within};

pub(crate) const SECRET_KEY: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
pub(crate) const SESSION_TOKEN: &str = "IQoJb3JpZ2luX2VjEXAMPLE/session+token==";
/// The role that messages name.
pub(crate) const ROLE: &str = "arn:aws:iam::123456789012:role/orders";

/// How a proxy is set up.
pub(crate) struct Setup {
    pub(crate) dial: (String, u16),
    pub(crate) tls_name: &'static str,
    /// Whom it trusts to vouch for the server.
    pub(crate) roots: Roots,
    pub(crate) limits: Limits,
    pub(crate) clock: ManualClock,
    pub(crate) client_tls: Option<Arc<ServerConfig>>,
    pub(crate) client_auth: ClientAuth,
    pub(crate) listen: ListenAddress,
}

/// A proxy that runs, until it is dropped.
pub(crate) struct Proxy {
    pub(crate) database: Arc<Database>,
    pub(crate) drain: Drain,
    pub(crate) cut: Drain,
    addresses: Vec<ListenAddress>,
    registry: Registry,
    serving: JoinHandle<()>,
    draining: DrainWatch,
    cutting: DrainWatch,
}

/// Short enough for a test to wait for.
pub(crate) const SHORT: Duration = Duration::from_millis(200);
/// Long enough for nothing to run into it.
const LONG: Duration = Duration::from_mins(1);

// === impl Setup ===

impl Setup {
    /// A proxy of `server` with no TLS for clients, on a port of 127.0.0.1.
    pub(crate) fn of(server: &RunningServer) -> Self {
        Self::towards(server.address, roots(&server.authority))
    }

    /// The same for a server that may be in another process.
    pub(crate) fn towards(server: SocketAddr, roots: Roots) -> Self {
        // A token is dated in whole seconds, and a login does not begin with one.
        let now = UNIX_EPOCH + Duration::from_millis(1_800_000_000_400);
        Self {
            dial: (server.ip().to_string(), server.port()),
            tls_name: HOST,
            roots,
            limits: Limits {
                max_connections: 100,
                max_unauthenticated: 100,
                startup_timeout: LONG,
                login_timeout: LONG,
                ..Limits::default()
            },
            clock: ManualClock::new(now),
            client_tls: None,
            client_auth: ClientAuth::default(),
            listen: ListenAddress::Tcp(([127, 0, 0, 1], 0).into()),
        }
    }

    pub(crate) async fn start(self) -> Proxy {
        self.start_with(|_| {}).await
    }

    /// The same, with changes to what the database is made of.
    pub(crate) async fn start_with(self, change: impl FnOnce(&mut DatabaseParts)) -> Proxy {
        let listener = Listener::bind(&self.listen, ListenOptions::default())
            .await
            .unwrap();
        let mut registry = Registry::default();
        let metrics = PostgresMetrics::register(&mut registry);
        let mut parts = self.into_parts();
        change(&mut parts);
        let database = Arc::new(Database::new(parts, &metrics));
        let (drain, draining) = drain();
        let (cut, cutting) = irsa_net::drain::drain();
        Proxy {
            addresses: listener.local_addresses(),
            serving: tokio::spawn(serve(
                Arc::clone(&database),
                listener,
                draining.clone(),
                cutting.clone(),
            )),
            draining,
            cutting,
            database,
            drain,
            cut,
            registry,
        }
    }

    pub(crate) fn into_parts(self) -> DatabaseParts {
        let clock = Arc::new(self.clock);
        DatabaseParts {
            upstream: Upstream {
                sign_host: HOST.to_owned(),
                sign_port: 5432,
                dial_host: self.dial.0,
                dial_port: self.dial.1,
                region: "eu-central-1".parse().unwrap(),
                tls_name: ServerName::try_from(self.tls_name).unwrap(),
            },
            limits: self.limits,
            identity: Identity::start(identity(), clock.clone()).unwrap(),
            role: Some(ROLE.parse::<RoleArn>().unwrap()),
            clock,
            upstream_tls: client_config(&self.roots, &[ALPN]).unwrap(),
            client_tls: self.client_tls,
            client_auth: self.client_auth,
        }
    }
}

/// How to verify a server that `authority` vouches for.
pub(crate) fn trusting(authority: &LocalAuthority, alpn: &[&[u8]]) -> Arc<ClientConfig> {
    client_config(&roots(authority), alpn).unwrap()
}

/// This authority as the only one that is trusted.
pub(crate) fn roots(authority: &LocalAuthority) -> Roots {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ca.pem");
    authority.write_ca(&file).unwrap();
    Roots::from_pem_file(&file).unwrap()
}

fn identity() -> IdentitySettings {
    let environment = Environment::from_pairs([
        ("AWS_ACCESS_KEY_ID", "ASIAEXAMPLE"),
        ("AWS_SECRET_ACCESS_KEY", SECRET_KEY),
        ("AWS_SESSION_TOKEN", SESSION_TOKEN),
        ("AWS_REGION", "eu-central-1"),
    ]);
    IdentitySettings::new(SourceChoice::Env, environment)
}

// === impl Proxy ===

impl Proxy {
    /// A client's connection.
    pub(crate) async fn connect(&self) -> Wire {
        match &self.addresses[0] {
            ListenAddress::Unix(path) => Wire::new(UnixStream::connect(path).await.unwrap()),
            _ => Wire::new(TcpStream::connect(self.address()).await.unwrap()),
        }
    }

    /// The connection of a client that the proxy takes for one of another machine.
    pub(crate) async fn connect_from(&self, address: IpAddr) -> Wire {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap()).await;
        let (stream, _) = listener.accept().await.unwrap();
        let accepted = Accepted {
            stream: Stream::Tcp(stream),
            peer: Peer::Tcp((address, 40_000).into()),
        };
        let database = Arc::clone(&self.database);
        let (draining, cutting) = (self.draining.clone(), self.cutting.clone());
        tokio::spawn(serve_client(database, accepted, draining, cutting));
        Wire::new(client.unwrap())
    }

    /// Where it listens on TCP.
    pub(crate) fn address(&self) -> SocketAddr {
        match self.addresses[0] {
            ListenAddress::Tcp(address) => address,
            ref other => panic!("{other} is no TCP address"),
        }
    }

    /// Ends the proxy once its sessions are over, of which none may have panicked.
    pub(crate) async fn end(self) {
        self.drain.start();
        within("the end of all sessions", self.drain.finished()).await;
        within("the end of the accept loop", self.serving)
            .await
            .unwrap();
        let active = text_of(&self.registry, "postgres_sessions_active");
        assert_eq!(active, 0, "a session did not come to its own end");
        let panics = text_of(&self.registry, "postgres_panics_total");
        assert_eq!(panics, 0, "a session panicked");
    }

    /// Waits until so many connections are open.
    pub(crate) async fn until_sessions_are(&self, count: u64) {
        let counting = async {
            while self.metric("postgres_sessions_active") != count {
                tokio::task::yield_now().await;
            }
        };
        within("a change of sessions", counting).await;
    }

    /// The sum of a metric's values.
    pub(crate) fn metric(&self, name: &str) -> u64 {
        text_of(&self.registry, name)
    }
}

/// A socket in a folder of its own, which must outlive the proxy.
pub(crate) fn unix_socket(folder: &tempfile::TempDir) -> ListenAddress {
    let path: PathBuf = folder.path().join(".s.PGSQL.5432");
    ListenAddress::Unix(path)
}

fn text_of(registry: &Registry, name: &str) -> u64 {
    let mut encoded = String::new();
    text::encode(&mut encoded, registry).unwrap();
    let lines = encoded.lines().filter_map(|line| line.strip_prefix(name));
    lines
        .filter(|rest| rest.starts_with('{'))
        .map(|rest| rest.rsplit(' ').next().unwrap().parse::<u64>().unwrap())
        .sum()
}
