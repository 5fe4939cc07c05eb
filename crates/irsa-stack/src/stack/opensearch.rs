//! OpenSearch domains, and how workloads use them.

use irsa_chain::{AccountId, Region, RoleArn};
use serde::Deserialize;

use super::creation::{CreateOpenSearch, Origin, Via};

/// An OpenSearch domain.
#[derive(Debug, Clone)]
pub struct OpenSearchStore {
    /// Key in the file.
    pub key: String,
    /// Name in AWS.
    pub name: String,
    /// Account.
    pub account: AccountId,
    /// Region.
    pub region: Region,
    /// Host name of the endpoint.
    pub endpoint: String,
    /// Whether fine-grained access control decides about indices.
    pub is_fine_grained: bool,
    /// The role that is the master user.
    pub admin: RoleArn,
    /// Roles of the security plugin that belong to this setup.
    pub roles: Vec<SecurityRole>,
    /// IAM roles by role of the security plugin.
    pub mappings: Vec<Mapping>,
    /// Its origin.
    pub origin: Origin<CreateOpenSearch>,
    /// How Terraform reaches its account.
    pub via: Option<Via>,
}

/// A role of OpenSearch's security plugin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecurityRole {
    /// Name.
    pub name: String,
    /// Actions and action groups on the cluster.
    pub cluster_permissions: Vec<&'static str>,
    /// Index patterns, and what is allowed on them.
    pub indices: Vec<(String, IndexPrivilege)>,
}

/// The IAM roles that have a role of the security plugin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mapping {
    /// Role of the security plugin.
    pub role: String,
    /// Whether it is built in, and has other backend roles that must stay.
    pub is_built_in: bool,
    /// Backend roles.
    pub backend_roles: Vec<RoleArn>,
}

/// A workload's use of a domain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenSearchUse {
    /// Key of the store.
    pub store: String,
    /// Role of the security plugin, where fine-grained access control is on.
    pub security_role: Option<String>,
    /// Whether the policy has the actions of Camunda's documentation.
    pub has_documented_actions: bool,
    /// Port of the proxy.
    pub listen: u16,
}

/// A privilege on indices. Each one includes those before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum IndexPrivilege {
    /// Read documents.
    Read,
    /// Read and write documents, create indices.
    Write,
    /// Also change and delete indices.
    Manage,
}

// === impl OpenSearchStore ===

impl OpenSearchStore {
    /// `arn:aws:es:REGION:ACCOUNT:domain/NAME`.
    pub fn arn(&self) -> String {
        let Self {
            name,
            account,
            region,
            ..
        } = self;
        let partition = region.partition();
        format!("arn:{partition}:es:{region}:{account}:domain/{name}")
    }
}

// === impl IndexPrivilege ===

impl IndexPrivilege {
    /// Action groups of the security plugin.
    pub fn allowed_actions(self) -> &'static [&'static str] {
        match self {
            Self::Read => &["read", "indices_monitor"],
            Self::Write => &["data_access", "create_index", "indices_monitor"],
            Self::Manage => &["data_access", "create_index", "manage"],
        }
    }

    /// The word in the file.
    pub fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::Manage => "manage",
        }
    }
}
