//! What a running lab tells its users: `lab.json`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;
use std::{fs, io};

use irsa_chain::{AccountId, DbResourceId, Region, RoleArn};
use serde::{Deserialize, Serialize};
use tokio::time::{Instant, sleep};

use crate::error::LabError;
use crate::state_dir;

/// The file in a lab's state folder that holds its facts.
pub const FACTS_FILE: &str = "lab.json";

/// How often a folder is looked at for a lab.
const POLL: Duration = Duration::from_millis(50);

/// Where everything of a running lab is.
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
    /// The lab's own JSON API.
    pub admin: UrlFacts,
    /// PEM file with the authority that signed all certificates of the lab.
    pub ca_file: PathBuf,
    /// The region of the world.
    pub region: Region,
    /// The account of the Kubernetes cluster.
    pub account: AccountId,
    /// The role of the node, which IMDS hands out.
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
    /// Reads what the lab of a state folder wrote.
    ///
    /// # Errors
    /// [`LabError::Ended`] if the lab was killed; or there is no such file, it is malformed, or somebody else could
    /// have written it: shells evaluate what it says.
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

    /// Waits until a lab runs in a state folder, for at most `limit`; returns what it wrote.
    ///
    /// # Errors
    /// As [`LabFacts::read`]: that no lab is there only after `limit`, everything else immediately.
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

/// An issuer: its public name, and where it really listens.
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

/// An Aurora cluster: its public names, and where it really listens.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClusterFacts {
    /// The cluster identifier.
    pub name: String,
    /// Host name of the writer endpoint: what tokens are signed for.
    pub endpoint: String,
    /// Host name of the reader endpoint.
    pub reader_endpoint: String,
    /// The port that tokens are signed for.
    pub port: u16,
    /// `127.0.0.1:PORT` of the writer endpoint.
    pub dial: String,
    /// `127.0.0.1:PORT` of the reader endpoint, where the lab has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reader_dial: Option<String>,
    /// The `cluster-…` id that policies name.
    pub resource_id: DbResourceId,
    /// Names of the databases.
    pub databases: Vec<String>,
}

/// An OpenSearch domain: its public name, and where it really listens.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DomainFacts {
    /// The domain name.
    pub name: String,
    /// Host name of the endpoint: what requests are signed for.
    pub endpoint: String,
    /// `127.0.0.1:PORT`, HTTPS.
    pub dial: String,
    /// Whether fine-grained access control is on.
    pub fine_grained: bool,
    /// The region that requests are signed for.
    pub region: Region,
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
    /// The role the workload asks for.
    pub role_arn: RoleArn,
    /// The projected token, renewed like the kubelet does.
    pub token_file: PathBuf,
    /// The token's audience.
    pub audience: String,
    /// All variables that the workload's process gets.
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
