//! The lab as a whole: it only composes.

use std::path::Path;
use std::sync::Arc;

use irsa_net::tls::LocalAuthority;

use crate::admin::Admin;
use crate::aurora::Aurora;
use crate::clock::{LabClock, SkewedClock, SystemClock};
use crate::deps::AuroraDeps;
use crate::environment::{environment, exports};
use crate::error::LabError;
use crate::facts::{ClusterFacts, IssuerFacts, LabFacts, UrlFacts, WorkloadFacts};
use crate::faults::Faults;
use crate::imds::Imds;
use crate::ledger::{Ledger, LedgerSnapshot};
use crate::oidc::{self, Issuer, TokenSpec};
use crate::options::LabOptions;
use crate::pod_identity::PodIdentityAgent;
use crate::pods::pods;
use crate::projection::Projections;
use crate::services::{Bound, Services};
use crate::sessions::Sessions;
use crate::state_dir::StateDir;
use crate::sts::Sts;
use crate::world::World;

/// A running lab. [`Lab::stop`] ends it in order; dropping it cuts it.
#[derive(Debug)]
pub struct Lab {
    core: Core,
    issuer: Arc<Issuer>,
    projections: Arc<Projections>,
    facts: Arc<LabFacts>,
    services: Services,
    aurora: Option<Aurora>,
    state_dir: StateDir,
}

/// What all services share.
#[derive(Debug)]
struct Core {
    world: Arc<World>,
    sessions: Arc<Sessions>,
    ledger: Arc<Ledger>,
    faults: Arc<Faults>,
    clock: Arc<dyn LabClock>,
    authority: Arc<LocalAuthority>,
}

/// One listener for each service.
struct Listeners {
    oidc: Bound,
    sts: Bound,
    imds: Bound,
    pod_identity: Bound,
    admin: Bound,
}

impl Lab {
    /// Starts everything; returns once all services answer.
    pub async fn start(options: LabOptions) -> Result<Self, LabError> {
        let state_dir = StateDir::new(options.state_dir)?;
        let core = Core::new(options.world, options.session_seconds)?;
        (options.progress)("making the keys of the OIDC issuer");
        let issuer = core.issuer().await?;
        let pods = pods(&core.world, options.token_seconds);
        let projections = Projections::new(Arc::clone(&issuer), state_dir.path().join("tokens"), pods);
        let projections = Arc::new(projections);
        projections.renew()?;
        let deps = core.aurora_deps(&state_dir, options.cache_dir, options.postgres_bin, options.progress);
        let aurora = if options.aurora { Some(Aurora::start(deps).await?) } else { None };
        let clusters = aurora.as_ref().map(Aurora::clusters).unwrap_or_default();
        let listeners = Listeners::bind(options.ports).await?;
        let facts = Arc::new(core.facts(&listeners, &projections, clusters, state_dir.path())?);
        let mut services = Services::new();
        services.run(Arc::clone(&projections).keep_fresh());
        core.serve(&mut services, listeners, &issuer, &projections, &facts)?;
        Ok(Self { core, issuer, projections, facts, services, aurora, state_dir })
    }

    /// Where everything is.
    pub fn facts(&self) -> &LabFacts {
        &self.facts
    }

    /// What is broken, to be changed.
    pub fn faults(&self) -> &Faults {
        &self.core.faults
    }

    /// What the lab was asked so far.
    pub fn ledger(&self) -> LedgerSnapshot {
        self.core.ledger.snapshot()
    }

    /// The credentials that were issued.
    pub fn sessions(&self) -> &Sessions {
        &self.core.sessions
    }

    /// A service account token, right or wrong.
    pub fn mint_token(&self, spec: &TokenSpec) -> Result<String, LabError> {
        self.issuer.mint(spec)
    }

    /// A new key signs from now on; tokens of the old ones stay good.
    pub fn rotate_keys(&self) -> Result<(), LabError> {
        self.issuer.rotate_keys()
    }

    /// Withdraws all keys but the newest.
    pub fn retire_old_keys(&self) {
        self.issuer.retire_old_keys();
    }

    /// Writes new tokens for all workloads, as the kubelet does in time.
    pub fn renew_tokens(&self) -> Result<(), LabError> {
        self.projections.renew()
    }

    /// The environment of a workload as a shell reads it; `None` if there is no such workload.
    pub fn exports(&self, workload: &str) -> Option<String> {
        self.facts.workloads.iter().find(|one| one.name == workload).map(exports)
    }

    /// The folder of the lab's files.
    pub fn state_dir(&self) -> &Path {
        self.state_dir.path()
    }

    /// Ends all services and databases.
    pub async fn stop(self) {
        self.services.stop().await;
        if let Some(aurora) = self.aurora {
            aurora.stop().await;
        }
    }
}

impl Core {
    fn new(world: World, session_seconds: Option<u64>) -> Result<Self, LabError> {
        let faults = Arc::new(Faults::default());
        faults.change(|plan| plan.session_seconds = session_seconds);
        let clock: Arc<dyn LabClock> = Arc::new(SkewedClock::new(Arc::new(SystemClock), Arc::clone(&faults)));
        let authority = LocalAuthority::generate().map_err(|error| LabError::part("certificate authority", error))?;
        Ok(Self {
            world: Arc::new(world),
            sessions: Arc::default(),
            ledger: Arc::new(Ledger::new(Arc::clone(&clock))),
            faults,
            clock,
            authority: Arc::new(authority),
        })
    }

    /// The issuer keeps the cluster's time, which the skew fault does not touch.
    async fn issuer(&self) -> Result<Arc<Issuer>, LabError> {
        let url = self.world.kubernetes().issuer.clone();
        let made = tokio::task::spawn_blocking(move || Issuer::new(url, Arc::new(SystemClock))).await;
        made.map_err(|error| LabError::part("OIDC issuer", error))?.map(Arc::new)
    }

    fn aurora_deps(
        &self,
        state_dir: &StateDir,
        cache_dir: std::path::PathBuf,
        postgres_bin: Option<std::path::PathBuf>,
        progress: crate::deps::Progress,
    ) -> AuroraDeps {
        AuroraDeps {
            world: Arc::clone(&self.world),
            sessions: Arc::clone(&self.sessions),
            ledger: Arc::clone(&self.ledger),
            faults: Arc::clone(&self.faults),
            clock: Arc::clone(&self.clock),
            authority: Arc::clone(&self.authority),
            state_dir: state_dir.path().to_owned(),
            cache_dir,
            postgres_bin,
            progress,
        }
    }

    /// Collects the facts, and writes `lab.json` and the authority's certificate.
    fn facts(
        &self,
        listeners: &Listeners,
        projections: &Projections,
        clusters: Vec<ClusterFacts>,
        folder: &Path,
    ) -> Result<LabFacts, LabError> {
        let ca_file = folder.join("ca.pem");
        self.authority.write_ca(&ca_file).map_err(|error| LabError::part("certificate authority", error))?;
        let plain = |bound: &Bound| UrlFacts { url: format!("http://{}", bound.address()) };
        let mut facts = LabFacts {
            oidc_issuer: IssuerFacts {
                url: self.world.kubernetes().issuer.to_string(),
                dial: listeners.oidc.address().to_string(),
            },
            sts: UrlFacts { url: format!("https://{}", listeners.sts.address()) },
            imds: plain(&listeners.imds),
            pod_identity_agent: plain(&listeners.pod_identity),
            admin: plain(&listeners.admin),
            ca_file,
            region: self.world.region().clone(),
            account: self.world.kubernetes().account.clone(),
            node_role_arn: self.world.node_role().arn.clone(),
            clusters,
            workloads: Vec::new(),
        };
        facts.workloads = workload_facts(&self.world, projections, &facts);
        write_facts(&facts, &folder.join("lab.json"))?;
        Ok(facts)
    }

    fn serve(
        &self,
        services: &mut Services,
        listeners: Listeners,
        issuer: &Arc<Issuer>,
        projections: &Arc<Projections>,
        facts: &Arc<LabFacts>,
    ) -> Result<(), LabError> {
        self.serve_oidc(services, listeners.oidc, issuer)?;
        self.serve_sts(services, listeners.sts, issuer)?;
        self.serve_imds(services, listeners.imds);
        self.serve_pod_identity(services, listeners.pod_identity, issuer);
        let admin = Arc::new(Admin {
            facts: Arc::clone(facts),
            ledger: Arc::clone(&self.ledger),
            faults: Arc::clone(&self.faults),
            issuer: Arc::clone(issuer),
            projections: Arc::clone(projections),
        });
        services.serve(listeners.admin, None, move |request| {
            let admin = Arc::clone(&admin);
            async move { admin.handle(&request) }
        });
        Ok(())
    }

    fn serve_oidc(&self, services: &mut Services, bound: Bound, issuer: &Arc<Issuer>) -> Result<(), LabError> {
        let host = issuer.url().host_and_path().split(['/', ':']).next().unwrap_or_default().to_owned();
        let tls = self.authority.server_config(&[&host, "localhost", "127.0.0.1"], &[b"http/1.1"]);
        let tls = tls.map_err(|error| LabError::part("OIDC issuer", error))?;
        let (issuer, faults, ledger) = (Arc::clone(issuer), Arc::clone(&self.faults), Arc::clone(&self.ledger));
        services.serve(bound, Some(tls), move |request| {
            let response = oidc::serve(&issuer, &faults, &ledger, &request);
            async move { response }
        });
        Ok(())
    }

    fn serve_sts(&self, services: &mut Services, bound: Bound, issuer: &Arc<Issuer>) -> Result<(), LabError> {
        let region = self.world.region();
        let regional = format!("sts.{region}.{}", region.partition().dns_suffix());
        let names = [regional.as_str(), "sts.amazonaws.com", "localhost", "127.0.0.1"];
        let tls = self.authority.server_config(&names, &[b"http/1.1"]);
        let tls = tls.map_err(|error| LabError::part("STS", error))?;
        let sts = Arc::new(Sts {
            world: Arc::clone(&self.world),
            sessions: Arc::clone(&self.sessions),
            ledger: Arc::clone(&self.ledger),
            faults: Arc::clone(&self.faults),
            clock: Arc::clone(&self.clock),
            issuer: Arc::clone(issuer),
        });
        let handler = move |request| {
            let sts = Arc::clone(&sts);
            async move { sts.handle(&request).await }
        };
        services.serve_with_outages(bound, tls, handler, self.faults.watch(), |plan| plan.sts_down);
        Ok(())
    }

    fn serve_imds(&self, services: &mut Services, bound: Bound) {
        let imds = Arc::new(Imds::new(
            Arc::clone(&self.world),
            Arc::clone(&self.sessions),
            Arc::clone(&self.ledger),
            Arc::clone(&self.faults),
            Arc::clone(&self.clock),
        ));
        let watch = services.watch();
        services.serve(bound, None, move |request| {
            let (imds, watch) = (Arc::clone(&imds), watch.clone());
            async move { imds.handle(&request, &watch).await }
        });
    }

    fn serve_pod_identity(&self, services: &mut Services, bound: Bound, issuer: &Arc<Issuer>) {
        let agent = Arc::new(PodIdentityAgent {
            world: Arc::clone(&self.world),
            sessions: Arc::clone(&self.sessions),
            ledger: Arc::clone(&self.ledger),
            clock: Arc::clone(&self.clock),
            issuer: Arc::clone(issuer),
        });
        services.serve(bound, None, move |request| {
            let agent = Arc::clone(&agent);
            async move { agent.handle(&request) }
        });
    }
}

impl Listeners {
    async fn bind(ports: crate::options::LabPorts) -> Result<Self, LabError> {
        Ok(Self {
            oidc: Bound::new("OIDC issuer", ports.oidc).await?,
            sts: Bound::new("STS", ports.sts).await?,
            imds: Bound::new("instance metadata", ports.imds).await?,
            pod_identity: Bound::new("Pod Identity agent", ports.pod_identity).await?,
            admin: Bound::new("API", ports.admin).await?,
        })
    }
}

fn workload_facts(world: &World, projections: &Projections, facts: &LabFacts) -> Vec<WorkloadFacts> {
    let of = |workload: &crate::world::Workload| {
        let token_file = projections.token_file(&workload.name);
        WorkloadFacts {
            name: workload.name.clone(),
            namespace: workload.service_account.namespace().to_owned(),
            service_account: workload.service_account.name().to_owned(),
            role_arn: workload.role.clone(),
            environment: environment(workload, &token_file.display().to_string(), facts),
            token_file,
            audience: workload.audience.clone(),
            database: workload.database.as_ref().map(|database| database.name.clone()),
            user: workload.database.as_ref().map(|database| database.user.clone()),
        }
    };
    world.workloads().iter().map(of).collect()
}

fn write_facts(facts: &LabFacts, path: &Path) -> Result<(), LabError> {
    let text = serde_json::to_string_pretty(facts).map_err(|error| LabError::part("facts", error))?;
    std::fs::write(path, text).map_err(|error| LabError::file("write", path, error))
}
