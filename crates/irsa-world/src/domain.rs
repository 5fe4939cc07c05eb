//! An OpenSearch domain.

use irsa_chain::{AccountId, Region, RoleArn};
use irsa_policy::Policy;
use serde::{Deserialize, Serialize};

/// A domain of Amazon OpenSearch Service.
#[derive(Debug)]
pub struct Domain {
    /// The domain name.
    pub name: String,
    /// The account.
    pub account: AccountId,
    /// The region.
    pub region: Region,
    /// The host name of the endpoint.
    pub endpoint: String,
    /// The access policy, which grants access in addition to identity-based policies.
    pub access_policy: Option<Policy>,
    /// Whether fine-grained access control is enabled: the OpenSearch security plugin decides about indices.
    pub fine_grained: bool,
    /// The IAM role of the master user.
    pub master_role: Option<RoleArn>,
    /// The maximum size of a request body. Larger ones are rejected.
    pub max_request_bytes: usize,
    /// The roles of the security plugin.
    pub roles: Vec<SecurityRole>,
    /// The mappings of IAM roles to roles of the security plugin.
    pub role_mappings: Vec<RoleMapping>,
}

/// A role of the security plugin. Its serialization is the request body of the plugin's REST API.
#[derive(Debug, Clone, Serialize)]
pub struct SecurityRole {
    /// The name.
    #[serde(skip)]
    pub name: String,
    /// The description.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The cluster permissions: actions and action groups.
    pub cluster_permissions: Vec<String>,
    /// The index permissions.
    pub index_permissions: Vec<IndexPermissions>,
}

/// The permissions of a role for some indices.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IndexPermissions {
    /// The index patterns, which can contain wildcards.
    pub index_patterns: Vec<String>,
    /// The actions and action groups.
    pub allowed_actions: Vec<String>,
}

/// A role mapping: the IAM roles (backend roles) that have a role of the security plugin.
#[derive(Debug, Clone)]
pub struct RoleMapping {
    /// The role of the security plugin.
    pub role: String,
    /// The ARNs of the IAM roles, including the path.
    pub backend_roles: Vec<RoleArn>,
}

impl Domain {
    /// The ARN that policies contain, `arn:aws:es:REGION:ACCOUNT:domain/NAME`.
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
