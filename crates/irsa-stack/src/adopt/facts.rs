//! What was read: the input.

use std::collections::BTreeMap;
use std::fmt;

use crate::stack::AdminSecret;

/// What a namespace and its cluster have.
#[derive(Debug, Clone, Default)]
pub struct ClusterFacts {
    /// Name of the namespace.
    pub namespace: String,
    /// Name of the cluster's entry in the kubeconfig.
    pub kubeconfig_name: Option<String>,
    /// Name of the cluster in the arguments of the kubeconfig's credential plugin.
    pub token_name: Option<String>,
    /// OIDC issuer of the cluster.
    pub issuer: Option<String>,
    /// Objects that create pods.
    pub objects: Vec<Object>,
    /// Service accounts by name.
    pub accounts: BTreeMap<String, Account>,
    /// Texts of the ConfigMaps that could be read, by name and key.
    pub config_maps: BTreeMap<String, BTreeMap<String, String>>,
}

/// A service account.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Account {
    /// The annotation `eks.amazonaws.com/role-arn`.
    pub role: Option<String>,
    /// Whether its pods get credentials from the agent of EKS Pod Identity.
    pub uses_pod_identity: bool,
}

/// An object that creates pods.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Object {
    /// Its name in kubectl's notation: `deployment/keycloak`.
    pub reference: String,
    /// Name of its service account; empty for `default`.
    pub service_account: String,
    /// Labels of the object and its pods.
    pub labels: BTreeMap<String, String>,
    /// Containers in their start order.
    pub containers: Vec<Container>,
    /// Names of ConfigMaps by the volume that has their files.
    pub config_volumes: BTreeMap<String, Vec<String>>,
}

/// A container.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Container {
    /// Image.
    pub image: String,
    /// Variables of the environment, in their order.
    pub variables: Vec<(String, Value)>,
    /// Objects whose keys become variables: `configmap/NAME` or `secret/NAME`, and the prefix of the keys.
    pub sources: Vec<(String, String)>,
    /// Names of the volumes that it mounts.
    pub volumes: Vec<String>,
}

/// The value of a variable, or where it is.
#[derive(Clone, PartialEq, Eq)]
pub enum Value {
    /// Text.
    Text(String),
    /// Key of a ConfigMap: name, key.
    ConfigMap(String, String),
    /// Key of a Secret: name, key.
    Secret(String, String),
    /// Something else, which was not read.
    Unread,
}

/// Shows no text: it may contain a password.
impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(_) => f.write_str("Text"),
            Self::ConfigMap(name, key) => write!(f, "ConfigMap({name}, {key})"),
            Self::Secret(name, key) => write!(f, "Secret({name}, {key})"),
            Self::Unread => f.write_str("Unread"),
        }
    }
}

/// What AWS says about the stores and roles of a namespace.
#[derive(Debug, Clone, Default)]
pub struct AwsFacts {
    /// Account of the credentials that AWS was asked with.
    pub account: Option<String>,
    /// Databases by the host name that was asked for.
    pub databases: BTreeMap<String, Database>,
    /// Domains by the host name that was asked for.
    pub domains: BTreeMap<String, Domain>,
    /// ARNs of roles that IAM does not have.
    pub missing_roles: Vec<String>,
    /// Whether IAM has an OIDC provider for the issuer; `None` if unknown.
    pub has_provider: Option<bool>,
    /// EKS Pod Identity associations, by service account in this namespace.
    pub associations: BTreeMap<String, Association>,
}

/// An EKS Pod Identity association.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Association {
    /// ID, such as `a-abcdefghijklmnop1`.
    pub id: String,
    /// ARN of the role.
    pub role: String,
    /// ARN of the role that EKS assumes with the first one.
    pub target_role: Option<String>,
}

/// A PostgreSQL cluster, instance or proxy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Database {
    /// Identifier.
    pub identifier: String,
    /// Account.
    pub account: String,
    /// Resource ID.
    pub resource_id: String,
    /// Whether IAM authentication is enabled.
    pub has_iam_authentication: bool,
    /// Engine version, such as 15.10.
    pub engine_version: Option<String>,
    /// Name of the master user.
    pub master_user: Option<String>,
    /// The secret with the master user's password, if RDS manages it.
    pub admin_secret: Option<AdminSecret>,
}

/// An OpenSearch domain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Domain {
    /// Name.
    pub name: String,
    /// Account.
    pub account: String,
    /// Whether fine-grained access control is enabled.
    pub is_fine_grained: bool,
    /// Engine version, such as `OpenSearch_2.19`.
    pub engine_version: Option<String>,
}
