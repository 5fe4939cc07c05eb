//! The proxy under test, with invalid AWS keys.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use irsa_chain::RoleArn;
use irsa_identity::{
    Environment, Identity, IdentitySettings, ManualClock, SigningScope, SigningService,
    SourceChoice,
};
use irsa_net::drain::{Drain, drain};
use irsa_net::listen::{ListenAddress, ListenOptions, Listener};
use irsa_net::tls::{LocalAuthority, Roots, client_config};
use irsa_opensearch::{
    BodyStore, BodyStoreOptions, ClientAuth, Domain, DomainParts, Guards, Limits,
    OpenSearchMetrics, PayloadSigning, Upstream, serve,
};
use irsa_ops::trace::Tracer;
use prometheus_client::encoding::text;
use prometheus_client::registry::Registry;
use rustls::ServerConfig;
use rustls::pki_types::ServerName;
use tokio::net::{TcpStream, UnixStream};
use tokio::task::JoinHandle;

use crate::client::{Answer, Client, within};
use crate::domain::HOST;

pub(crate) const KEY_ID: &str = "ASIAEXAMPLE";
pub(crate) const SECRET_KEY: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
pub(crate) const SESSION_TOKEN: &str = "IQoJb3JpZ2luX2VjEXAMPLE/session+token==";
/// The role in messages.
pub(crate) const ROLE: &str = "arn:aws:iam::123456789012:role/orders";
/// The time of all tests: 2027-01-15 08:00:00 UTC.
pub(crate) const NOW: u64 = 1_800_000_000;
/// The same time in the format of signatures.
pub(crate) const NOW_STAMP: &str = "20270115T080000Z";

/// The setup of a proxy.
pub(crate) struct Setup {
    pub(crate) dial: SocketAddr,
    pub(crate) roots: Roots,
    pub(crate) sign_port: u16,
    pub(crate) service: SigningService,
    pub(crate) limits: Limits,
    pub(crate) guards: Guards,
    pub(crate) bodies: BodyStoreOptions,
    pub(crate) clock: ManualClock,
    pub(crate) choice: SourceChoice,
    pub(crate) environment: Vec<(&'static str, String)>,
    pub(crate) client_tls: Option<Arc<ServerConfig>>,
    pub(crate) client_auth: ClientAuth,
    pub(crate) payload: PayloadSigning,
    pub(crate) listen: ListenAddress,
    pub(crate) tracer: Option<Tracer>,
}

/// A proxy that runs until it is dropped.
pub(crate) struct Proxy {
    pub(crate) domain: Arc<Domain>,
    pub(crate) bodies: Arc<BodyStore>,
    pub(crate) drain: Drain,
    pub(crate) cut: Drain,
    addresses: Vec<ListenAddress>,
    registry: Registry,
    serving: JoinHandle<()>,
}

/// A timeout that is short enough for a test.
pub(crate) const SHORT: Duration = Duration::from_millis(300);

// === impl Setup ===

impl Setup {
    /// Creates the setup for a domain at `address` whose certificate is signed by `authority`.
    pub(crate) fn for_address(address: SocketAddr, authority: &LocalAuthority) -> Self {
        Self::trusting(address, roots(authority))
    }

    /// Creates the setup for a domain at `address` whose certificate is signed by one of `roots`.
    pub(crate) fn trusting(address: SocketAddr, roots: Roots) -> Self {
        Self {
            dial: address,
            roots,
            sign_port: 443,
            service: SigningService::Es,
            limits: Limits::default(),
            guards: Guards::default(),
            bodies: BodyStoreOptions::default(),
            clock: ManualClock::new(UNIX_EPOCH + Duration::from_secs(NOW)),
            choice: SourceChoice::Env,
            environment: vec![
                ("AWS_ACCESS_KEY_ID", KEY_ID.to_owned()),
                ("AWS_SECRET_ACCESS_KEY", SECRET_KEY.to_owned()),
                ("AWS_SESSION_TOKEN", SESSION_TOKEN.to_owned()),
                ("AWS_REGION", "eu-central-1".to_owned()),
            ],
            client_tls: None,
            client_auth: ClientAuth::default(),
            payload: PayloadSigning::Hashed,
            listen: ListenAddress::Tcp(([127, 0, 0, 1], 0).into()),
            tracer: None,
        }
    }

    pub(crate) async fn start(self) -> Proxy {
        self.start_with(|_| {}).await
    }

    /// Starts the proxy after changing its parts.
    pub(crate) async fn start_with(self, change: impl FnOnce(&mut DomainParts)) -> Proxy {
        let options = ListenOptions::default();
        let listener = Listener::bind(&self.listen, options).await.unwrap();
        let mut registry = Registry::default();
        let metrics = OpenSearchMetrics::register(&mut registry);
        let tracer = self.tracer.clone();
        let mut parts = self.into_parts();
        change(&mut parts);
        let bodies = Arc::clone(&parts.bodies);
        let domain = Domain::new(parts, &metrics).unwrap();
        let domain = Arc::new(domain.with_tracer(tracer));
        let (drain, draining) = drain();
        let (cut, cutting) = irsa_net::drain::drain();
        Proxy {
            addresses: listener.local_addresses(),
            serving: tokio::spawn(serve(Arc::clone(&domain), listener, draining, cutting)),
            domain,
            bodies,
            drain,
            cut,
            registry,
        }
    }

    pub(crate) fn into_parts(self) -> DomainParts {
        let clock = Arc::new(self.clock);
        let environment = Environment::from_pairs(self.environment);
        let mut identity = IdentitySettings::new(self.choice, environment);
        identity.timeouts.wait = SHORT;
        DomainParts {
            upstream: Upstream {
                sign_host: HOST.to_owned(),
                sign_port: self.sign_port,
                scope: SigningScope {
                    region: "eu-central-1".parse().unwrap(),
                    service: self.service,
                },
                dial_host: self.dial.ip().to_string(),
                dial_port: self.dial.port(),
                http_proxy: None,
                tls_name: ServerName::try_from(HOST).unwrap(),
            },
            limits: self.limits,
            guards: self.guards,
            identity: Identity::start(identity, clock.clone()).unwrap(),
            role: Some(ROLE.parse::<RoleArn>().unwrap()),
            clock,
            bodies: Arc::new(BodyStore::new(self.bodies)),
            upstream_tls: client_config(&self.roots, &[b"h2", b"http/1.1"]).unwrap(),
            client_tls: self.client_tls,
            client_auth: self.client_auth,
            payload: self.payload,
            server_names: vec!["opensearch.internal".to_owned()],
        }
    }
}

/// Returns this CA as the only trusted one.
pub(crate) fn roots(authority: &LocalAuthority) -> Roots {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ca.pem");
    authority.write_ca(&file).unwrap();
    Roots::from_pem_file(&file).unwrap()
}

// === impl Proxy ===

impl Proxy {
    /// Starts a proxy with the default setup for a domain over HTTP/1.1.
    pub(crate) async fn for_domain(domain: &crate::domain::Domain) -> Self {
        Setup::for_address(domain.address, &domain.authority)
            .start()
            .await
    }

    pub(crate) async fn connect(&self) -> Client<TcpStream> {
        Client(TcpStream::connect(self.address()).await.unwrap())
    }

    pub(crate) async fn connect_unix(&self) -> Client<UnixStream> {
        match &self.addresses[0] {
            ListenAddress::Unix(path) => Client(UnixStream::connect(path).await.unwrap()),
            other => panic!("{other} is no Unix socket"),
        }
    }

    /// Sends one request on a new connection.
    pub(crate) async fn ask(&self, request: impl AsRef<[u8]>) -> Answer {
        self.connect().await.ask(request).await
    }

    /// Sends a request without a body, with this request line less its version.
    pub(crate) async fn get(&self, line: &str) -> Answer {
        let request = format!("{line} HTTP/1.1\r\nhost: localhost:9200\r\n\r\n");
        self.ask(request).await
    }

    /// Sends a request with this body, and with this request line less its version.
    pub(crate) async fn post(&self, line: &str, body: &[u8]) -> Answer {
        let length = body.len();
        let head = format!(
            "{line} HTTP/1.1\r\nhost: localhost:9200\r\ncontent-type: application/json\r\n\
             content-length: {length}\r\n\r\n"
        );
        self.ask([head.as_bytes(), body].concat()).await
    }

    /// Returns the TCP address of the listener.
    pub(crate) fn address(&self) -> SocketAddr {
        match self.addresses[0] {
            ListenAddress::Tcp(address) => address,
            ref other => panic!("{other} is no TCP address"),
        }
    }

    /// Stops the proxy after its requests have completed, and checks that they left nothing behind.
    pub(crate) async fn end(mut self) {
        self.drain.start();
        within("the end of all connections", self.drain.finished()).await;
        within("the end of the accept loop", &mut self.serving)
            .await
            .unwrap();
        assert_eq!(self.metric("opensearch_requests_active"), 0);
        assert_eq!(self.bodies.memory_in_use(), 0, "memory of bodies");
        assert_eq!(self.bodies.spilled(), 0, "files of bodies");
    }

    /// Waits until a metric has a value.
    pub(crate) async fn until(&self, name: &str, value: u64) {
        let counting = async {
            while self.metric(name) != value {
                tokio::task::yield_now().await;
            }
        };
        within(name, counting).await;
    }

    /// Returns the sum of a metric's values. `name` may include labels: `refusals_total{upstream=..`.
    pub(crate) fn metric(&self, name: &str) -> u64 {
        sum(&self.registry, name)
    }

    /// Returns all metrics as text.
    pub(crate) fn metrics(&self) -> String {
        let mut encoded = String::new();
        text::encode(&mut encoded, &self.registry).unwrap();
        encoded
    }
}

fn sum(registry: &Registry, name: &str) -> u64 {
    let mut encoded = String::new();
    text::encode(&mut encoded, registry).unwrap();
    let lines = encoded.lines().filter_map(|line| line.strip_prefix(name));
    lines
        .filter(|rest| rest.starts_with(['{', ' ', ',', '}']))
        .map(|rest| rest.rsplit(' ').next().unwrap().parse::<u64>().unwrap())
        .sum()
}
