//! Servers that the OpenSearch tests share: a lab with a domain, and an OpenSearch without a front.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use interop::opensearch::{DirectOpenSearch, OpenSearchTarget};
use interop::proxy::Proxy;
use interop::server::cache_folder;
use irsa_lab::clock::{LabClock as _, SystemClock};
use irsa_lab::facts::{DomainFacts, WorkloadFacts};
use irsa_lab::sessions::{Origin, Session, SessionSpec};
use irsa_lab::{Lab, LabOptions, World};
use irsa_testing::Shared;
use tokio::runtime::Runtime;

use crate::stage::start;

/// The workload with all permissions: its role is the domain's master.
pub(crate) const MASTER: &str = "opensearch";

/// Servers that are started for the first test and stopped after the last one that uses them.
pub(crate) struct Stage {
    /// `None` only while it is dropped.
    servers: Option<Servers>,
    pub(crate) runtime: Runtime,
}

struct Servers {
    lab: Lab,
    direct: DirectOpenSearch,
}

/// Returns the servers, shared by all tests that run at the moment; `None` after printing the reason if Java is
/// missing.
pub(crate) fn stage() -> Option<Arc<Stage>> {
    static STAGE: Shared<Stage> = Shared::new();
    STAGE.get_or_start(Stage::set)
}

impl Stage {
    fn set() -> Option<Self> {
        let runtime = Runtime::new().unwrap();
        let servers = runtime.block_on(async {
            let mut options = LabOptions::new(World::camunda_8_3());
            options.cache_dir = cache_folder().unwrap();
            (options.aurora, options.opensearch) = (false, true);
            let direct = DirectOpenSearch::unless_missing();
            let (direct, lab) = tokio::join!(direct, Lab::start(options));
            let (direct, lab) = (direct.unwrap()?, lab.unwrap());
            Some(Servers { lab, direct })
        });
        Some(Self {
            servers: Some(servers?),
            runtime,
        })
    }

    fn servers(&self) -> &Servers {
        self.servers.as_ref().expect("only dropping takes them")
    }

    pub(crate) fn lab(&self) -> &Lab {
        &self.servers().lab
    }

    /// Returns the direct target, as OpenSearch's administrator.
    pub(crate) fn direct(&self) -> OpenSearchTarget {
        self.servers().direct.target()
    }

    pub(crate) fn domain(&self) -> &DomainFacts {
        let mut domains = self.lab().facts().domains.iter();
        domains.next().expect("the world has a domain")
    }

    pub(crate) fn workload(&self, name: &str) -> &WorkloadFacts {
        let facts = self.lab().facts();
        facts.workload(name).expect("a workload of the world")
    }

    /// Returns the lab's domain without a proxy; clients must sign.
    pub(crate) fn front(&self) -> OpenSearchTarget {
        let DomainFacts { endpoint, dial, .. } = self.domain();
        OpenSearchTarget {
            ca_file: Some(self.lab().facts().ca_file.clone()),
            dial: Some(dial.clone()),
            ..OpenSearchTarget::new(format!("https://{endpoint}"))
        }
    }

    /// Starts a proxy as in the workload's pod: it signs for the domain and connects to the lab.
    pub(crate) fn proxy(&self, workload: &str) -> Proxy {
        let DomainFacts { endpoint, dial, .. } = self.domain();
        let mut environment: BTreeMap<String, String> = self.workload(workload).environment.clone();
        environment.remove("IRSA_UPSTREAMS");
        start(
            &format!("opensearch://{endpoint}?dial={dial}"),
            &environment,
        )
    }

    /// Returns credentials of the workload's role.
    pub(crate) fn session(&self, workload: &str) -> Arc<Session> {
        let role = self.workload(workload).role_arn.clone();
        // The proxy's session name outside of pods, which AWS's messages contain.
        let name = "irsa".parse().unwrap();
        let hour = Duration::from_hours(1);
        let spec = SessionSpec::new(role, name, hour, Origin::WebIdentity);
        self.lab().sessions().issue(spec, SystemClock.now())
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        if let Some(Servers { lab, direct }) = self.servers.take() {
            self.runtime.block_on(lab.stop());
            drop(direct);
        }
    }
}
