//! The proxy under test, with short timeouts and fake credentials.

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
/// The role in messages.
pub(crate) const ROLE: &str = "arn:aws:iam::123456789012:role/orders";

/// The configuration of a proxy.
pub(crate) struct Setup {
    pub(crate) dial: (String, u16),
    pub(crate) tls_name: &'static str,
    /// The CAs to verify the server with.
    pub(crate) roots: Roots,
    pub(crate) limits: Limits,
    pub(crate) clock: ManualClock,
    pub(crate) client_tls: Option<Arc<ServerConfig>>,
    pub(crate) client_auth: ClientAuth,
    pub(crate) listen: ListenAddress,
}

/// A running proxy, until it is dropped.
pub(crate) struct Proxy {
    pub(crate) database: Arc<Database>,
    pub(crate) drain: Drain,
    pub(crate) terminate: Drain,
    addresses: Vec<ListenAddress>,
    registry: Registry,
    serving: JoinHandle<()>,
    draining: DrainWatch,
    terminating: DrainWatch,
}

/// Short enough for a test to wait.
pub(crate) const SHORT: Duration = Duration::from_millis(200);
/// Long enough to never expire in a test.
const LONG: Duration = Duration::from_mins(1);

// === impl Setup ===

impl Setup {
    /// A proxy of `server` on 127.0.0.1 without TLS for clients.
    pub(crate) fn for_server(server: &RunningServer) -> Self {
        Self::for_address(server.address, roots(&server.authority))
    }

    /// The same for a server that can be in a different process.
    pub(crate) fn for_address(server: SocketAddr, roots: Roots) -> Self {
        // Tokens have timestamps in whole seconds, and logins rarely start at a whole second.
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

    /// The same with a change to the database's configuration.
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
        let (terminate, terminating) = irsa_net::drain::drain();
        Proxy {
            addresses: listener.local_addresses(),
            serving: tokio::spawn(serve(
                Arc::clone(&database),
                listener,
                draining.clone(),
                terminating.clone(),
            )),
            draining,
            terminating,
            database,
            drain,
            terminate,
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
                http_proxy: None,
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

/// The configuration of a client that trusts `authority`.
pub(crate) fn trusting(authority: &LocalAuthority, alpn: &[&[u8]]) -> Arc<ClientConfig> {
    client_config(&roots(authority), alpn).unwrap()
}

/// The roots with `authority` as the only CA.
pub(crate) fn roots(authority: &LocalAuthority) -> Roots {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("ca.pem");
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
    /// Connects a client.
    pub(crate) async fn connect(&self) -> Wire {
        match &self.addresses[0] {
            ListenAddress::Unix(path) => Wire::new(UnixStream::connect(path).await.unwrap()),
            _ => Wire::new(TcpStream::connect(self.address()).await.unwrap()),
        }
    }

    /// Connects a client that appears to come from `address`.
    pub(crate) async fn connect_from(&self, address: IpAddr) -> Wire {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap()).await;
        let (stream, _) = listener.accept().await.unwrap();
        let accepted = Accepted {
            stream: Stream::Tcp(stream),
            peer: Peer::Tcp((address, 40_000).into()),
        };
        let database = Arc::clone(&self.database);
        let (draining, terminating) = (self.draining.clone(), self.terminating.clone());
        tokio::spawn(serve_client(database, accepted, draining, terminating));
        Wire::new(client.unwrap())
    }

    /// Returns the TCP address.
    pub(crate) fn address(&self) -> SocketAddr {
        match self.addresses[0] {
            ListenAddress::Tcp(address) => address,
            ref other => panic!("{other} is not a TCP address"),
        }
    }

    /// Drains the proxy and asserts that no session panicked.
    pub(crate) async fn end(self) {
        self.drain.start();
        within("the end of all sessions", self.drain.finished()).await;
        within("the end of the accept loop", self.serving)
            .await
            .unwrap();
        let active = metric_value(&self.registry, "postgres_sessions_active");
        assert_eq!(active, 0, "a session did not end by itself");
        let panics = metric_value(&self.registry, "postgres_panics_total");
        assert_eq!(panics, 0, "a session panicked");
    }

    /// Waits until `count` connections are open.
    pub(crate) async fn until_sessions_are(&self, count: u64) {
        let counting = async {
            while self.metric("postgres_sessions_active") != count {
                tokio::task::yield_now().await;
            }
        };
        within("a change of sessions", counting).await;
    }

    /// Returns the sum of a metric's values.
    pub(crate) fn metric(&self, name: &str) -> u64 {
        metric_value(&self.registry, name)
    }
}

/// A socket in `directory`, which must outlive the proxy.
pub(crate) fn unix_socket(directory: &tempfile::TempDir) -> ListenAddress {
    let path: PathBuf = directory.path().join(".s.PGSQL.5432");
    ListenAddress::Unix(path)
}

fn metric_value(registry: &Registry, name: &str) -> u64 {
    let mut encoded = String::new();
    text::encode(&mut encoded, registry).unwrap();
    let lines = encoded.lines().filter_map(|line| line.strip_prefix(name));
    lines
        .filter(|rest| rest.starts_with('{'))
        .map(|rest| rest.rsplit(' ').next().unwrap().parse::<u64>().unwrap())
        .sum()
}
