//! The description of a running lab for its users: `lab.json`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;
use std::{fs, io};

use irsa_chain::{AccountId, DbResourceId, Region, RoleArn};
use serde::{Deserialize, Serialize};
use tokio::time::{Instant, sleep};

use crate::error::LabError;
use crate::state_dir;

/// The name of the file in a lab's state directory.
pub const FACTS_FILE: &str = "lab.json";

/// Interval between checks for a lab.
const POLL: Duration = Duration::from_millis(50);

/// The addresses and files of a running lab.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LabFacts {
    /// The cluster's OIDC issuer.
    pub oidc_issuer: IssuerFacts,
    /// STS.
    pub sts: UrlFacts,
    /// The instance metadata service.
    pub imds: UrlFacts,
    /// The EKS Pod Identity agent.
    pub pod_identity_agent: UrlFacts,
    /// Secrets Manager.
    pub secrets_manager: UrlFacts,
    /// The lab's own JSON API.
    pub admin: UrlFacts,
    /// PEM file with the CA that signed all certificates of the lab.
    pub ca_file: PathBuf,
    /// The region of the world.
    pub region: Region,
    /// The account of the Kubernetes cluster.
    pub account: AccountId,
    /// The node's role, whose credentials IMDS issues.
    pub node_role_arn: RoleArn,
    /// The Aurora clusters.
    pub clusters: Vec<ClusterFacts>,
    /// The OpenSearch domains.
    #[serde(default)]
    pub domains: Vec<DomainFacts>,
    /// The workloads, each with its environment.
    pub workloads: Vec<WorkloadFacts>,
}

impl LabFacts {
    /// Returns the workload with this name.
    pub fn workload(&self, name: &str) -> Option<&WorkloadFacts> {
        self.workloads.iter().find(|workload| workload.name == name)
    }

    /// Reads the description of the lab in a state directory.
    ///
    /// # Errors
    /// [`LabError::Ended`] if the lab was killed. Otherwise the file is missing or malformed, or a different user could
    /// have written it, which is rejected because shells evaluate its content.
    pub fn read(state_dir: &Path) -> Result<Self, LabError> {
        state_dir::check(state_dir)?;
        if state_dir.join(FACTS_FILE).exists() && !state_dir::is_in_use(state_dir) {
            let state_dir = state_dir.to_owned();
            return Err(LabError::Ended { state_dir });
        }
        let path = state_dir.join(FACTS_FILE);
        let text =
            fs::read_to_string(&path).map_err(|error| LabError::file("read", &path, error))?;
        let broken = |error| LabError::file("read", &path, io::Error::other(error));
        serde_json::from_str(&text).map_err(|error: serde_json::Error| broken(error))
    }

    /// Waits until a lab runs in a state directory, for at most `limit`, and returns its description.
    ///
    /// # Errors
    /// Those of [`LabFacts::read`]; a missing lab only after `limit`, all others immediately.
    pub async fn wait(state_dir: &Path, limit: Duration) -> Result<Self, LabError> {
        let deadline = Instant::now() + limit;
        loop {
            match Self::read(state_dir) {
                Err(error) if error.is_no_lab() && Instant::now() < deadline => sleep(POLL).await,
                read => return read,
            }
        }
    }
}

/// An OIDC issuer: its public name, and its real address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IssuerFacts {
    /// The `iss` of tokens.
    pub url: String,
    /// `127.0.0.1:PORT`, HTTPS.
    pub dial: String,
}

/// A service of the lab.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UrlFacts {
    /// Scheme, address and port.
    pub url: String,
}

/// An Aurora cluster: its public names, and its real addresses.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClusterFacts {
    /// The cluster identifier.
    pub name: String,
    /// Host name of the writer endpoint, which tokens are signed for.
    pub endpoint: String,
    /// Host name of the reader endpoint.
    pub reader_endpoint: String,
    /// The port that tokens are signed for.
    pub port: u16,
    /// `127.0.0.1:PORT` of the writer endpoint.
    pub dial: String,
    /// `127.0.0.1:PORT` of the reader endpoint, if the lab has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reader_dial: Option<String>,
    /// The `cluster-…` resource ID in policies.
    pub resource_id: DbResourceId,
    /// Names of the databases.
    pub databases: Vec<String>,
}

impl ClusterFacts {
    /// Returns the upstream for `irsa proxy`: signed for the writer endpoint, connected to the lab.
    pub fn upstream(&self) -> String {
        let Self {
            endpoint,
            port,
            dial,
            ..
        } = self;
        format!("postgres://{endpoint}:{port}?dial={dial}")
    }
}

/// An OpenSearch domain: its public name, and its real address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DomainFacts {
    /// The domain name.
    pub name: String,
    /// Host name of the endpoint, which requests are signed for.
    pub endpoint: String,
    /// `127.0.0.1:PORT`, HTTPS.
    pub dial: String,
    /// Whether fine-grained access control is on.
    pub fine_grained: bool,
    /// The region that requests are signed for.
    pub region: Region,
}

impl DomainFacts {
    /// Returns the upstream for `irsa proxy`: signed for the endpoint, connected to the lab.
    pub fn upstream(&self) -> String {
        format!("opensearch://{}?dial={}", self.endpoint, self.dial)
    }
}

/// A workload: a pod as the lab plays it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkloadFacts {
    /// The workload's name in the lab.
    pub name: String,
    /// Kubernetes namespace.
    pub namespace: String,
    /// Kubernetes service account.
    pub service_account: String,
    /// The role that the workload assumes.
    pub role_arn: RoleArn,
    /// The projected token, which the lab renews as the kubelet does.
    pub token_file: PathBuf,
    /// The token's audience.
    pub audience: String,
    /// All variables of the workload's process.
    pub environment: BTreeMap<String, String>,
    /// The database it uses, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub database: Option<String>,
    /// The database user, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// The name of the OpenSearch domain it uses, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub domain: Option<String>,
}
