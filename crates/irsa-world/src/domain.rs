//! An OpenSearch domain.

use irsa_chain::{AccountId, Region, RoleArn};
use irsa_policy::Policy;
use serde::{Deserialize, Serialize};

/// A domain of Amazon OpenSearch Service.
#[derive(Debug)]
pub struct Domain {
    /// Domain name.
    pub name: String,
    /// The account it belongs to.
    pub account: AccountId,
    /// Its region.
    pub region: Region,
    /// Host name of its endpoint.
    pub endpoint: String,
    /// Who may reach it, besides those whom their own policies allow to.
    pub access_policy: Option<Policy>,
    /// Whether OpenSearch's security plugin decides about indices (fine-grained access control).
    pub fine_grained: bool,
    /// The IAM role that is its master user.
    pub master_role: Option<RoleArn>,
    /// Larger bodies are refused.
    pub max_request_bytes: usize,
    /// Roles of the security plugin.
    pub roles: Vec<SecurityRole>,
    /// Which IAM roles have which roles of the security plugin.
    pub role_mappings: Vec<RoleMapping>,
}

/// A role of the security plugin. Serialized, it is the body of its REST API.
#[derive(Debug, Clone, Serialize)]
pub struct SecurityRole {
    /// Its name.
    #[serde(skip)]
    pub name: String,
    /// Actions and action groups on the cluster.
    pub cluster_permissions: Vec<String>,
    /// Actions and action groups on indices.
    pub index_permissions: Vec<IndexPermissions>,
}

/// What a role may do with some indices.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IndexPermissions {
    /// Names of indices, with wildcards.
    pub index_patterns: Vec<String>,
    /// Actions and action groups.
    pub allowed_actions: Vec<String>,
}

/// The IAM roles that have a role of the security plugin.
#[derive(Debug, Clone)]
pub struct RoleMapping {
    /// The security plugin's role.
    pub role: String,
    /// IAM roles, path included.
    pub backend_roles: Vec<RoleArn>,
}

impl Domain {
    /// `arn:aws:es:REGION:ACCOUNT:domain/NAME`, which policies name.
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
