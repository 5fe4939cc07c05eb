//! A lab with one application, and its pod.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use irsa_demo::reference_apps::{Database, DatabaseMode};
use irsa_lab::faults::{ConnectionFault, FaultPlan, Mechanism};
use irsa_lab::ledger::Service;
use irsa_lab::{ClusterFacts, Lab, LabOptions, WorkloadFacts, World};
use tempfile::TempDir;
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep};

use crate::Error;
use crate::faults::mechanism::{self, Parts};
use crate::proxy::Proxy;
use crate::server::{binaries, cache_folder};

/// The world of one application, whose name replaces `APP`.
const WORLD: &str = include_str!("../../../worlds/application.yaml");

/// Time limit for the lab's STS to stop.
const STS_GOES: Duration = Duration::from_secs(10);
const POLL: Duration = Duration::from_millis(20);

/// A lab with one application's roles, database user and databases.
#[derive(Debug)]
pub struct DatabaseStage {
    lab: Lab,
    name: &'static str,
    folder: TempDir,
}

/// The application's pod before it starts, with everything that a fault may change.
#[derive(Debug)]
pub struct Pod<'a> {
    stage: &'a DatabaseStage,
    /// Its variables.
    pub environment: BTreeMap<String, String>,
    /// The database user.
    pub user: String,
    /// The database.
    pub database: String,
    /// The CAs that it trusts for the database.
    pub ca_file: PathBuf,
    /// The faults around it.
    pub plan: FaultPlan,
}

// === impl DatabaseStage ===

impl DatabaseStage {
    /// Starts a lab for the application of this name; `session_seconds` limits the lifetime of its sessions.
    ///
    /// # Errors
    /// The lab did not start.
    pub async fn set(name: &'static str, session_seconds: Option<u64>) -> Result<Self, Error> {
        let world = World::from_yaml(&WORLD.replace("APP", name))?;
        let mut options = LabOptions::new(world);
        options.cache_dir = cache_folder()?;
        options.postgres_bin = Some(binaries().await?.folder().to_owned());
        options.session_seconds = session_seconds;
        Ok(Self {
            lab: Lab::start(options).await?,
            name,
            folder: TempDir::new()?,
        })
    }

    /// The lab.
    pub fn lab(&self) -> &Lab {
        &self.lab
    }

    /// Returns the healthy pod, on a node whose metadata it cannot reach, as AWS recommends.
    ///
    /// # Errors
    /// The world does not have the workload.
    pub fn pod(&self) -> Result<Pod<'_>, Error> {
        let facts = self.lab.facts();
        let mut environment = self.workload()?.environment.clone();
        environment.remove("IRSA_UPSTREAMS");
        let mut plan = self.lab.faults().current();
        plan.imds.hop_limit_one = true;
        Ok(Pod {
            stage: self,
            environment,
            user: self.name.to_owned(),
            database: self.name.to_owned(),
            ca_file: facts.ca_file.clone(),
            plan,
        })
    }

    /// Sets the faults around the pod to those of a plan.
    ///
    /// # Errors
    /// STS should stop, but still accepts connections.
    pub async fn break_links(&self, plan: &FaultPlan) -> Result<(), Error> {
        self.lab.faults().set(plan.clone());
        let sts = self.lab.facts().sts.url.trim_start_matches("https://");
        let deadline = Instant::now() + STS_GOES;
        let is_gone = plan.listener(Service::Sts).connections == ConnectionFault::Refused;
        while is_gone && TcpStream::connect(sts).await.is_ok() {
            if Instant::now() > deadline {
                return Err("STS does not stop".into());
            }
            sleep(POLL).await;
        }
        Ok(())
    }

    /// Stops the lab.
    pub async fn strike(self) {
        self.lab.stop().await;
    }

    fn workload(&self) -> Result<&WorkloadFacts, Error> {
        let first = self.lab.facts().workloads.first();
        first.ok_or_else(|| "the world has no workload".into())
    }

    fn cluster(&self) -> Result<&ClusterFacts, Error> {
        let first = self.lab.facts().clusters.first();
        first.ok_or_else(|| "the world has no cluster".into())
    }
}

// === impl Pod ===

impl Pod<'_> {
    /// The application's database.
    pub fn database(&self) -> Database {
        Database {
            name: self.database.clone(),
            user: self.user.clone(),
        }
    }

    /// Returns the application's own connection to the database.
    ///
    /// # Errors
    /// The world has no cluster.
    pub fn own_signing(&self) -> Result<DatabaseMode, Error> {
        let cluster = self.stage.cluster()?;
        let (_, port) = cluster.dial.rsplit_once(':').ok_or("no port")?;
        Ok(DatabaseMode::OwnSigning {
            endpoint: cluster.endpoint.clone(),
            sign_port: cluster.port,
            port: port.parse()?,
            ca_file: self.ca_file.clone(),
            identity: self.environment.clone(),
        })
    }

    /// Starts irsa beside the application.
    ///
    /// # Errors
    /// irsa refuses to start; the error has its output.
    pub fn proxy(&self) -> Result<Proxy, Error> {
        let ClusterFacts {
            endpoint,
            port,
            dial,
            ..
        } = self.stage.cluster()?;
        let mut environment = self.environment.clone();
        environment.insert(
            "IRSA_CA_FILE".to_owned(),
            self.ca_file.display().to_string(),
        );
        environment.insert("IRSA_CREDENTIALS_TIMEOUT".to_owned(), "2s".to_owned());
        let pairs = environment.iter().map(|(name, value)| (&**name, &**value));
        Proxy::start(&format!("postgres://{endpoint}:{port}?dial={dial}"), pairs)
    }

    /// Returns the connection to the database through `proxy`.
    pub fn through(&self, proxy: &Proxy) -> DatabaseMode {
        DatabaseMode::ThroughIrsa {
            host: "localhost".to_owned(),
            port: proxy.address().port(),
        }
    }

    /// Applies a mechanism of the catalogue.
    ///
    /// # Errors
    /// The token cannot be minted or written, or the catalogue has only an instruction for the pod.
    pub fn break_by(&mut self, mechanism: Mechanism) -> Result<(), Error> {
        let parts = Parts {
            plan: &mut self.plan,
            environment: &mut self.environment,
        };
        let workload = self.stage.workload()?;
        mechanism::apply(
            mechanism,
            parts,
            &self.stage.lab,
            workload,
            self.stage.folder.path(),
        )
    }

    /// Sets a variable.
    pub fn set(&mut self, name: &str, value: impl Into<String>) {
        self.environment.insert(name.to_owned(), value.into());
    }

    /// Removes a variable.
    pub fn unset(&mut self, name: &str) {
        self.environment.remove(name);
    }

    /// Sets a different role.
    pub fn role(&mut self, account: &str, name: &str) {
        let name = name.replace("APP", self.stage.name);
        let arn = format!("arn:aws:iam::{account}:role/{name}");
        self.environment.insert("AWS_ROLE_ARN".to_owned(), arn);
    }

    /// Sets a CA that did not sign the database's certificate.
    ///
    /// # Errors
    /// It cannot be created or written.
    pub fn distrust_database(&mut self) -> Result<(), Error> {
        let other = rcgen::generate_simple_self_signed(["authority.example.com".to_owned()])?;
        self.ca_file = self.stage.folder.path().join("other.pem");
        fs::write(&self.ca_file, other.cert.pem())?;
        Ok(())
    }
}
