//! From what exists to a specification: the answer of `irsa init --from` to what it read in a namespace and in AWS.
//!
//! ```
//! use irsa_stack::adopt::{AwsFacts, ClusterFacts, Survey};
//!
//! let facts = ClusterFacts {
//!     namespace: "camunda".to_owned(),
//!     ..ClusterFacts::default()
//! };
//! let survey = Survey::new(facts);
//! // Ask AWS about `survey.databases()`, `survey.domains()`, `survey.roles()` and `survey.service_accounts()`.
//! let adoption = survey.adopt(&AwsFacts::default());
//! assert!(adoption.workloads.is_empty());
//! ```

mod address;
mod cluster;
mod component;
mod connections;
mod facts;
mod file;
mod lines;
mod names;
mod outputs;
mod properties;
mod settings;
mod stores;
#[cfg(test)]
mod tests;
mod variables;
mod workloads;

use std::collections::BTreeSet;

use irsa_chain::endpoint::{OpenSearchEndpoint, RdsEndpoint};
use irsa_chain::{IssuerUrl, RoleArn, ServiceAccount};

pub use self::facts::{
    Account, Association, AwsFacts, ClusterFacts, Container, Database, Domain, Object, Value,
};
pub use self::variables::{POD_IDENTITY, is_needed};

use self::cluster::FoundCluster;
use self::file::File;
use self::stores::{Stores, writer};
use self::workloads::Found;
#[cfg(test)]
use self::workloads::MAX_WORKLOADS;

/// What a namespace says about its workloads, before AWS is asked.
#[derive(Debug)]
pub struct Survey {
    facts: ClusterFacts,
    cluster: FoundCluster,
    found: Found,
}

/// The files for what was found, and what there is to say about them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Adoption {
    /// `irsa.yaml`.
    pub specification: String,
    /// `irsa.outputs.json`.
    pub outputs: String,
    /// The workloads, in the order of their keys.
    pub workloads: Vec<Adopted>,
    /// What was seen and is not in the file, with the reason.
    pub left_out: Vec<String>,
    /// The changes to make before the setup works: commands and lines to fill in.
    pub changes: Vec<String>,
}

/// A workload in the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Adopted {
    /// Key in the file.
    pub key: String,
    /// Objects that are this workload: `deployment/keycloak`.
    pub objects: Vec<String>,
    /// Service account.
    pub service_account: String,
    /// Its database as `DATABASE of STORE as USER`, if it uses one.
    pub postgres: Option<String>,
    /// Key of its domain.
    pub opensearch: Option<String>,
    /// Whether it logs in by a password today.
    pub has_password: bool,
}

// === impl Survey ===

impl Survey {
    /// Finds the workloads.
    pub fn new(facts: ClusterFacts) -> Self {
        let found = Found::new(&facts);
        let cluster = FoundCluster::new(&facts);
        Self {
            facts,
            cluster,
            found,
        }
    }

    /// The databases to ask AWS about.
    pub fn databases(&self) -> Vec<RdsEndpoint> {
        let used = self
            .found
            .workloads
            .iter()
            .filter_map(|one| one.postgres.as_ref());
        let mut all: Vec<_> = used
            .filter_map(|one| one.endpoint.as_ref().map(writer))
            .collect();
        all.sort();
        all.dedup();
        all
    }

    /// The domains to ask AWS about.
    pub fn domains(&self) -> Vec<OpenSearchEndpoint> {
        let used = self
            .found
            .workloads
            .iter()
            .filter_map(|one| one.opensearch.as_ref());
        let mut all: Vec<_> = used.filter_map(|one| one.endpoint.clone()).collect();
        all.sort_by(|one, other| one.host().cmp(other.host()));
        all.dedup();
        all
    }

    /// The roles to ask AWS about.
    pub fn roles(&self) -> Vec<RoleArn> {
        let mut all: Vec<_> = self
            .found
            .roles
            .values()
            .filter_map(|one| one.arn.clone())
            .collect();
        all.sort();
        all.dedup();
        all
    }

    /// The service accounts of the workloads, whose EKS Pod Identity associations only AWS knows.
    pub fn service_accounts(&self) -> Vec<ServiceAccount> {
        let names = self.found.workloads.iter().map(|one| one.account.as_str());
        let names: BTreeSet<&str> = names.collect();
        let namespace = &self.facts.namespace;
        let accounts = names.into_iter();
        accounts
            .filter_map(|name| ServiceAccount::new(namespace, name).ok())
            .collect()
    }

    /// The name, region and account of the EKS cluster, if the kubeconfig or the issuer has them.
    pub fn cluster(&self) -> (Option<&str>, Option<&str>, Option<&str>) {
        let FoundCluster {
            name,
            region,
            account,
        } = &self.cluster;
        (
            name.value.as_deref(),
            region.value.as_deref(),
            account.value.as_deref(),
        )
    }

    /// The cluster's OIDC issuer, if it is one.
    pub fn issuer(&self) -> Option<IssuerUrl> {
        self.facts.issuer.as_ref()?.parse().ok()
    }

    /// Writes the files.
    pub fn adopt(mut self, aws: &AwsFacts) -> Adoption {
        self.found.associate(aws);
        self.found
            .workloads
            .sort_by(|one, other| one.key.cmp(&other.key));
        let stores = Stores::new(&self.found.workloads, aws);
        let file = File::new(&self.facts, &self.cluster, &self.found, &stores, aws);
        let (specification, workloads, changes) = file.write();
        let mut left_out = self.found.left_out.clone();
        left_out.sort();
        left_out.dedup();
        Adoption {
            specification,
            outputs: outputs::json(&self.facts, &self.cluster, &stores),
            workloads,
            left_out,
            changes,
        }
    }
}
