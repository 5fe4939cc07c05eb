//! What the tests share: a lab, a PostgreSQL without a proxy, and proxies.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use interop::proxy::Proxy;
use interop::server::{ENDPOINT, TrustingPostgres, binaries, cache_folder};
use interop::target::Target;
use irsa_lab::facts::{ClusterFacts, WorkloadFacts};
use irsa_lab::{Lab, LabOptions, World};
use tokio::runtime::Runtime;

/// The workload that most tests play: one role, one database of its own.
pub(crate) const WORKLOAD: &str = "keycloak";
/// Its database user, and its database.
pub(crate) const USER: &str = "keycloak";

/// Servers that live as long as some test uses them; started for the first, stopped by the last.
pub(crate) struct Stage {
    /// `None` only while it is taken down.
    servers: Option<Servers>,
    runtime: Runtime,
}

struct Servers {
    lab: Lab,
    direct: TrustingPostgres,
}

/// The stage, shared by all tests that run at this moment.
pub(crate) fn stage() -> Arc<Stage> {
    static STAGE: Mutex<Weak<Stage>> = Mutex::new(Weak::new());
    shared(&STAGE, || Some(Stage::set())).expect("it was set")
}

/// What is shared at this moment, set if nobody has it.
pub(crate) fn shared<T>(place: &Mutex<Weak<T>>, set: impl FnOnce() -> Option<T>) -> Option<Arc<T>> {
    let mut place = place.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(shared) = place.upgrade() {
        return Some(shared);
    }
    let shared = Arc::new(set()?);
    *place = Arc::downgrade(&shared);
    Some(shared)
}

impl Stage {
    /// One of its own, for a test that counts what others would do too.
    pub(crate) fn set() -> Self {
        let runtime = Runtime::new().unwrap();
        let servers = runtime.block_on(async {
            let mut options = LabOptions::new(World::camunda_8_3());
            options.cache_dir = cache_folder().unwrap();
            // Whatever PostgreSQL the lab fetches, the other one is the same.
            options.postgres_bin = Some(binaries().await.unwrap().folder().to_owned());
            let lab = Lab::start(options).await.unwrap();
            let direct = TrustingPostgres::start(USER, USER).await.unwrap();
            Servers { lab, direct }
        });
        Self {
            servers: Some(servers),
            runtime,
        }
    }

    fn servers(&self) -> &Servers {
        self.servers.as_ref().expect("only dropping takes them")
    }

    pub(crate) fn lab(&self) -> &Lab {
        &self.servers().lab
    }

    /// A PostgreSQL that trusts everybody, with the same user and database.
    pub(crate) fn direct(&self) -> &TrustingPostgres {
        &self.servers().direct
    }

    pub(crate) fn cluster(&self) -> &ClusterFacts {
        self.lab()
            .facts()
            .clusters
            .first()
            .expect("the world has a cluster")
    }

    pub(crate) fn workload(&self, name: &str) -> &WorkloadFacts {
        let mut workloads = self.lab().facts().workloads.iter();
        workloads
            .find(|workload| workload.name == name)
            .expect("a workload of the world")
    }

    /// The workload's variables without those of the proxy's upstreams: each test has a proxy of its own.
    pub(crate) fn environment(&self, workload: &str) -> BTreeMap<String, String> {
        let mut environment = self.workload(workload).environment.clone();
        environment.remove("IRSA_UPSTREAMS");
        environment
    }

    /// The lab's cluster as an upstream: signed for the endpoint, dialled at the lab.
    pub(crate) fn upstream(&self) -> String {
        let ClusterFacts {
            endpoint,
            port,
            dial,
            ..
        } = self.cluster();
        format!("postgres://{endpoint}:{port}?dial={dial}")
    }

    /// A proxy as the workload's pod runs it.
    pub(crate) fn proxy(&self) -> Proxy {
        start(&self.upstream(), &self.environment(WORKLOAD))
    }

    /// A proxy straight to the PostgreSQL that trusts everybody; nobody checks its keys.
    pub(crate) fn proxy_to_direct(&self) -> Proxy {
        proxy_to(self.direct())
    }

    /// The lab's front without a proxy in between: who goes there signs for himself.
    pub(crate) fn front(&self) -> Target {
        let cluster = self.cluster();
        let (host, port) = cluster.dial.rsplit_once(':').expect("an address");
        Target {
            host: host.to_owned(),
            port: port.parse().unwrap(),
            user: USER.to_owned(),
            database: USER.to_owned(),
            ssl_mode: interop::target::SslMode::VerifyFull,
            ca_file: Some(self.lab().facts().ca_file.clone()),
        }
    }
}

/// A proxy to a PostgreSQL that trusts everybody; nobody checks its keys.
pub(crate) fn proxy_to(server: &TrustingPostgres) -> Proxy {
    let port = server.target().port;
    let ca_file = server.ca_file().display().to_string();
    let environment = [
        ("IRSA_IDENTITY", "env"),
        ("IRSA_CA_FILE", &ca_file),
        ("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE"),
        ("AWS_SECRET_ACCESS_KEY", "not-a-secret"),
    ];
    let environment = environment.map(|(name, value)| (name.to_owned(), value.to_owned()));
    start(
        &format!("postgres://{ENDPOINT}:{port}?dial=127.0.0.1:{port}"),
        &BTreeMap::from(environment),
    )
}

impl Drop for Stage {
    fn drop(&mut self) {
        if let Some(Servers { lab, direct }) = self.servers.take() {
            self.runtime.block_on(lab.stop());
            drop(direct);
        }
    }
}

/// Starts a proxy in exactly this environment.
pub(crate) fn start(upstream: &str, environment: &BTreeMap<String, String>) -> Proxy {
    Proxy::start(
        upstream,
        environment
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str())),
    )
    .unwrap()
}
