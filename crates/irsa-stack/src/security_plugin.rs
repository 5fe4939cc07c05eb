//! What a setup wants of OpenSearch's security plugin, as bodies of the plugin's REST API.
//!
//! `irsa render opensearch` prints these bodies, and `irsa apply opensearch` sends them.

use irsa_chain::RoleArn;
use serde::Serialize;
use serde_json::{Value, json};

use crate::ownership_mark;
use crate::stack::{IndexPrivilege, Mapping, SecurityRole, Stack};

/// The path of the plugin's REST API, without the leading slash.
pub const API: &str = "_plugins/_security/api";

/// The body of `PUT roles/NAME`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RoleBody {
    /// The mark of the setup.
    pub description: String,
    /// Actions and action groups on the cluster.
    pub cluster_permissions: Vec<&'static str>,
    /// The permissions on indices.
    pub index_permissions: Vec<IndexBody>,
}

/// The permissions on one index pattern.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct IndexBody {
    /// The pattern.
    pub index_patterns: [String; 1],
    /// Actions and action groups.
    pub allowed_actions: &'static [&'static str],
}

/// The body of `PUT rolesmapping/NAME`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MappingBody {
    /// The mark of the setup; `None` for a built-in role, which belongs to no setup.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// IAM roles.
    pub backend_roles: Vec<String>,
}

/// Returns the body of `PATCH rolesmapping/NAME` that appends backend roles. An `add` on `/backend_roles` would replace
/// those of everyone else (RFC 6902, section 4.1).
pub fn append_backend_roles<'r>(backend_roles: impl IntoIterator<Item = &'r str>) -> Value {
    let add = |role: &'r str| json!({"op": "add", "path": "/backend_roles/-", "value": role});
    backend_roles.into_iter().map(add).collect()
}

// === impl RoleBody ===

impl RoleBody {
    /// The body for a role of a setup.
    pub fn new(stack: &Stack, role: &SecurityRole) -> Self {
        Self {
            description: ownership_mark(stack),
            cluster_permissions: role.cluster_permissions.clone(),
            index_permissions: role.indices.iter().map(IndexBody::new).collect(),
        }
    }
}

// === impl IndexBody ===

impl IndexBody {
    fn new((pattern, privilege): &(String, IndexPrivilege)) -> Self {
        Self {
            index_patterns: [pattern.clone()],
            allowed_actions: privilege.allowed_actions(),
        }
    }
}

// === impl MappingBody ===

impl MappingBody {
    /// The body for a mapping that does not exist yet.
    pub fn new(stack: &Stack, mapping: &Mapping) -> Self {
        Self {
            description: (!mapping.is_built_in).then(|| ownership_mark(stack)),
            backend_roles: mapping
                .backend_roles
                .iter()
                .map(RoleArn::to_string)
                .collect(),
        }
    }
}
