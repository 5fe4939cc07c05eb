//! A component's pod before it starts, with everything that a fault may change.

use std::collections::BTreeMap;

use http_body_util::Full;
use hyper::body::Bytes;
use hyper::{Request, StatusCode};
use irsa_demo::reference_apps::search_clients::{DomainMode, SearchClient};
use irsa_lab::Lab;
use irsa_lab::facts::{DomainFacts, WorkloadFacts};
use irsa_lab::faults::{FaultPlan, Mechanism};
use serde_json::json;
use tempfile::TempDir;

use crate::Error;
use crate::faults::mechanism::{self, Parts};
use crate::http::Connection;
use crate::proxy::Proxy;

/// The workload whose role is the domain's master.
const MASTER: &str = "opensearch";
const METADATA_DISABLED: &str = "AWS_EC2_METADATA_DISABLED";

/// The pod.
#[derive(Debug)]
pub struct Pod<'a> {
    lab: &'a Lab,
    folder: TempDir,
    maps_node: bool,
    /// Whose pod it is.
    pub client: SearchClient,
    /// Its variables.
    pub environment: BTreeMap<String, String>,
    /// The faults around it.
    pub plan: FaultPlan,
}

/// Returns a workload of the lab.
///
/// # Errors
/// The lab has no workload of this name.
pub fn workload<'a>(lab: &'a Lab, name: &str) -> Result<&'a WorkloadFacts, Error> {
    let workload = lab.facts().workload(name);
    workload.ok_or_else(|| format!("no workload `{name}`").into())
}

impl<'a> Pod<'a> {
    /// Returns the healthy pod, on a node whose metadata it cannot reach, as AWS recommends.
    ///
    /// # Errors
    /// The world does not have the workload.
    pub fn new(lab: &'a Lab, client: SearchClient) -> Result<Self, Error> {
        let mut pod = Self {
            lab,
            folder: TempDir::new()?,
            maps_node: false,
            client,
            environment: BTreeMap::new(),
            plan: FaultPlan::default(),
        };
        pod.become_workload(client.name())?;
        Ok(pod)
    }

    /// Its lab.
    pub fn lab(&self) -> &Lab {
        self.lab
    }

    /// Replaces the pod with that of a different workload.
    ///
    /// # Errors
    /// The lab has no workload of this name.
    pub fn become_workload(&mut self, name: &str) -> Result<(), Error> {
        self.environment = workload(self.lab, name)?.environment.clone();
        self.environment.remove("IRSA_UPSTREAMS");
        self.set(METADATA_DISABLED, "true");
        Ok(())
    }

    /// Sets a variable.
    pub fn set(&mut self, name: &str, value: impl Into<String>) {
        self.environment.insert(name.to_owned(), value.into());
    }

    /// Removes a variable.
    pub fn unset(&mut self, name: &str) {
        self.environment.remove(name);
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
        let facts = workload(self.lab, self.client.name())?;
        mechanism::apply(mechanism, parts, self.lab, facts, self.folder.path())
    }

    /// Lets the pod reach the node's metadata, and maps the node's role in the domain like the component's.
    pub fn open_the_node(&mut self) {
        self.unset(METADATA_DISABLED);
        self.maps_node = true;
    }

    /// Makes the changes in the domain that a fault needs before the component starts.
    ///
    /// # Errors
    /// The domain rejected them.
    pub async fn prepare(&self) -> Result<(), Error> {
        if !self.maps_node {
            return Ok(());
        }
        let master = self.proxy_in(&workload(self.lab, MASTER)?.environment)?;
        let mut connection = Connection::open_unix(master.socket()).await?;
        let mut answer = connection.send(self.mapping()?).await?;
        // All mappings are one document, which other tests may change as well.
        while answer.status() == StatusCode::CONFLICT {
            answer = connection.send(self.mapping()?).await?;
        }
        if answer.status().is_success() {
            return Ok(());
        }
        Err(format!("the node's role was not mapped: {answer:?}").into())
    }

    /// Returns the mapping of the component's and the node's role to the domain's role of the component's name.
    fn mapping(&self) -> Result<Request<Full<Bytes>>, Error> {
        let name = self.client.name();
        let own = workload(self.lab, name)?.role_arn.to_string();
        let node = self.lab.facts().node_role_arn.to_string();
        let body = json!({"backend_roles": [own, node]}).to_string();
        let request = Request::put(format!("/_plugins/_security/api/rolesmapping/{name}"))
            .header("host", "localhost")
            .header("content-type", "application/json");
        Ok(request.body(Full::from(body))?)
    }

    /// Returns the component's own connection to the domain.
    ///
    /// # Errors
    /// The lab has no domain.
    pub fn own_signing(&self) -> Result<DomainMode, Error> {
        let DomainFacts { endpoint, dial, .. } = self.domain()?;
        let (_, port) = dial.rsplit_once(':').ok_or("no port")?;
        Ok(DomainMode::OwnSigning {
            endpoint: endpoint.clone(),
            port: port.parse()?,
            ca_file: self.lab.facts().ca_file.clone(),
            identity: self.environment.clone(),
        })
    }

    /// Starts irsa beside the component.
    ///
    /// # Errors
    /// irsa refuses to start; the error has its output.
    pub fn proxy(&self) -> Result<Proxy, Error> {
        self.proxy_in(&self.environment)
    }

    /// Returns variables that distinguish the component's indices from others in the domain.
    pub fn names(&self) -> [(&'static str, String); 2] {
        names("fault")
    }

    fn proxy_in(&self, environment: &BTreeMap<String, String>) -> Result<Proxy, Error> {
        let DomainFacts { endpoint, dial, .. } = self.domain()?;
        let mut environment = environment.clone();
        environment.remove("IRSA_UPSTREAMS");
        // Shorter than the time limit of clients.
        environment.insert("IRSA_CREDENTIALS_TIMEOUT".to_owned(), "1s".to_owned());
        let pairs = environment.iter().map(|(name, value)| (&**name, &**value));
        Proxy::start(&format!("opensearch://{endpoint}?dial={dial}"), pairs)
    }

    fn domain(&self) -> Result<&DomainFacts, Error> {
        let first = self.lab.facts().domains.first();
        first.ok_or_else(|| "the lab has no domain".into())
    }
}

/// Returns the variables with which both components name their indices; the domain's roles allow names with these
/// prefixes.
pub fn names(suffix: &str) -> [(&'static str, String); 2] {
    [
        (
            "CAMUNDA_OPERATE_OPENSEARCH_INDEXPREFIX",
            format!("operate-{suffix}"),
        ),
        (
            "ZEEBE_BROKER_EXPORTERS_OPENSEARCH_ARGS_INDEX_PREFIX",
            format!("zeebe-record-{suffix}"),
        ),
    ]
}
