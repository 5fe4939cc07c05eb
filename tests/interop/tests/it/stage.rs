//! Servers that the tests share: a lab, a PostgreSQL without a proxy, and proxies.

use std::collections::BTreeMap;
use std::sync::Arc;

use interop::proxy::Proxy;
use interop::server::{ENDPOINT, TrustingPostgres, binaries, cache_folder};
use interop::target::Target;
use irsa_lab::facts::{ClusterFacts, WorkloadFacts};
use irsa_lab::{Lab, LabOptions, World};
use irsa_testing::Shared;
use tokio::runtime::Runtime;

/// The workload of most tests: one role, one database.
pub(crate) const WORKLOAD: &str = "keycloak";
/// Its database user, which is also the name of its database.
pub(crate) const USER: &str = "keycloak";

/// Servers that are started for the first test and stopped after the last one that uses them.
pub(crate) struct Stage {
    /// `None` only while it is dropped.
    servers: Option<Servers>,
    runtime: Runtime,
}

struct Servers {
    lab: Lab,
    direct: TrustingPostgres,
}

/// Returns the servers, shared by all tests that run at the moment.
pub(crate) fn stage() -> Arc<Stage> {
    static STAGE: Shared<Stage> = Shared::new();
    STAGE
        .get_or_start(|| Some(Stage::set()))
        .expect("it was set")
}

impl Stage {
    /// Creates separate servers, for tests that count requests.
    pub(crate) fn set() -> Self {
        let runtime = Runtime::new().unwrap();
        let servers = runtime.block_on(async {
            let mut options = LabOptions::new(World::camunda_8_3());
            options.cache_dir = cache_folder().unwrap();
            // Both servers run the same PostgreSQL.
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

    /// Returns a PostgreSQL that trusts all users, with the same user and database.
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
        let facts = self.lab().facts();
        facts.workload(name).expect("a workload of the world")
    }

    /// Returns the workload's variables without upstreams: each test starts its own proxy.
    pub(crate) fn environment(&self, workload: &str) -> BTreeMap<String, String> {
        let mut environment = self.workload(workload).environment.clone();
        environment.remove("IRSA_UPSTREAMS");
        environment
    }

    /// Returns the lab's cluster as an upstream: signed for the endpoint, connected to the lab.
    pub(crate) fn upstream(&self) -> String {
        self.cluster().upstream()
    }

    /// Starts a proxy as in the workload's pod.
    pub(crate) fn proxy(&self) -> Proxy {
        start(&self.upstream(), &self.environment(WORKLOAD))
    }

    /// Starts a proxy to the PostgreSQL that trusts all users and does not check credentials.
    pub(crate) fn proxy_to_direct(&self) -> Proxy {
        proxy_to(self.direct())
    }

    /// Returns the lab's front without a proxy; clients must sign.
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

/// Starts a proxy to a PostgreSQL that trusts all users and does not check credentials.
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
