//! The setup with all defaults and references resolved: what every renderer and `irsa check` work from.

mod creation;
mod setup;

use std::collections::BTreeMap;
use std::fmt;

use irsa_chain::untrusted::quoted;
use irsa_chain::{AccountId, Arn, DbResourceId, IssuerUrl, Region, RoleArn, ServiceAccount};
use serde::Deserialize;

pub use self::creation::{
    CreateOpenSearch, CreatePostgres, IamSettings, Network, Origin, Serverless, Via,
};
pub use self::setup::{AdminSecret, Setup};

/// A setup in which nothing dangles: every store, database and cluster that a workload names exists.
#[derive(Debug, Clone)]
pub struct Stack {
    /// Name of the setup.
    pub name: String,
    /// Account of the roles.
    pub account: AccountId,
    /// Region of everything that names none.
    pub region: Region,
    /// EKS clusters.
    pub clusters: Vec<Cluster>,
    /// PostgreSQL clusters.
    pub postgres: Vec<PostgresStore>,
    /// OpenSearch domains.
    pub opensearch: Vec<OpenSearchStore>,
    /// IAM roles of the workloads.
    pub roles: Vec<Role>,
    /// Workloads.
    pub workloads: Vec<Workload>,
    /// Settings of all IAM roles.
    pub iam: IamSettings,
    /// Tags of everything that is created in AWS.
    pub tags: BTreeMap<String, String>,
    /// Network of the data stores.
    pub network: Option<Network>,
    /// The role that sets up the data stores.
    pub setup: Option<Setup>,
    /// Camunda's chart.
    pub camunda: Option<Release>,
    /// Keycloak's chart, if Keycloak does not come with Camunda's.
    pub keycloak: Option<(KeycloakChart, Release)>,
    /// Image of irsa, if the file names it.
    pub image: Option<String>,
    /// SHA-256 of the files this was made from, in hexadecimal.
    pub digest: String,
    /// What is not known before `terraform apply` and has an invented value here.
    pub placeholders: Vec<Placeholder>,
}

/// A value that is not known before `terraform apply`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Placeholder {
    /// OIDC issuer of an EKS cluster.
    Issuer(String),
    /// Endpoint and resource ID of a PostgreSQL cluster.
    Postgres(String),
    /// Endpoint of an OpenSearch domain.
    OpenSearch(String),
}

/// An EKS cluster.
#[derive(Debug, Clone)]
pub struct Cluster {
    /// Name.
    pub name: String,
    /// OIDC issuer of its tokens.
    pub issuer: IssuerUrl,
    /// `arn:aws:eks:REGION:ACCOUNT:cluster/NAME`.
    pub arn: Arn,
    /// Whether it exists. irsa creates none.
    pub is_existing: bool,
    /// Hop limit of the instance metadata service on its nodes, if the file says it.
    pub hop_limit: Option<u64>,
}

/// A PostgreSQL cluster.
#[derive(Debug, Clone)]
pub struct PostgresStore {
    /// Key in the file.
    pub key: String,
    /// Identifier in AWS.
    pub identifier: String,
    /// Account.
    pub account: AccountId,
    /// Region.
    pub region: Region,
    /// Host name of the writer endpoint.
    pub endpoint: String,
    /// Port.
    pub port: u16,
    /// Resource ID, which policies name.
    pub resource_id: DbResourceId,
    /// Name of the administrator, if the file says it.
    pub admin: Option<String>,
    /// The secret with the administrator's password, if it is known or Terraform will know it.
    pub admin_secret: Option<AdminSecret>,
    /// Databases, with their owners.
    pub databases: Vec<Database>,
    /// Where it comes from.
    pub origin: Origin<CreatePostgres>,
    /// How Terraform reaches its account.
    pub via: Option<Via>,
}

/// A database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Database {
    /// Name.
    pub name: String,
    /// The user with all privileges.
    pub owner: String,
    /// Whether no one but the workloads' users and those who use it already may connect.
    pub is_exclusive: bool,
}

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
    /// Where it comes from.
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

/// An IAM role.
#[derive(Debug, Clone)]
pub struct Role {
    /// ARN.
    pub arn: RoleArn,
    /// Name of its managed policy.
    pub policy: String,
    /// Whether it exists already and is left alone.
    pub is_external: bool,
    /// Keys of the workloads that have it.
    pub workloads: Vec<String>,
}

/// A workload.
#[derive(Debug, Clone)]
pub struct Workload {
    /// Key in the file.
    pub key: String,
    /// Component of Camunda.
    pub component: Option<Component>,
    /// Service account.
    pub service_account: ServiceAccount,
    /// Whether EKS Pod Identity gives it the role; otherwise it exchanges a token of its service account (IRSA).
    pub uses_pod_identity: bool,
    /// Whether EKS gives the role to every container of the pod by the annotation of the service account.
    pub has_annotation: bool,
    /// Names of the clusters that it runs in.
    pub clusters: Vec<String>,
    /// IAM role.
    pub role: RoleArn,
    /// Database that it uses.
    pub postgres: Option<PostgresUse>,
    /// Domain that it uses.
    pub opensearch: Option<OpenSearchUse>,
}

/// A workload's use of a database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PostgresUse {
    /// Key of the store.
    pub store: String,
    /// Database.
    pub database: String,
    /// User.
    pub user: String,
    /// A user who logs in by password today, and whose sessions the user's are.
    pub acts_as: Option<String>,
    /// Privileges of the user.
    pub privileges: PostgresPrivileges,
    /// Port of the proxy.
    pub listen: u16,
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

/// A release of a Helm chart.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Release {
    /// Version: of Camunda, or of Keycloak's chart.
    pub version: String,
    /// Name of the release.
    pub release: Option<String>,
    /// Namespace of the release.
    pub namespace: Option<String>,
}

/// A Helm chart of Keycloak.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum KeycloakChart {
    /// `bitnami/keycloak`.
    Bitnami,
    /// `codecentric/keycloakx`.
    Codecentric,
}

/// A component of Camunda.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Component {
    /// Keycloak.
    Keycloak,
    /// Web Modeler's restapi.
    WebModeler,
    /// Zeebe with its OpenSearch exporter.
    Zeebe,
    /// Operate.
    Operate,
    /// Tasklist.
    Tasklist,
    /// Optimize.
    Optimize,
    /// The orchestration cluster of Camunda 8.8 and later: Zeebe, Operate and Tasklist in one.
    Orchestration,
    /// Identity.
    Identity,
}

/// The privileges of a database user.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PostgresPrivileges {
    /// All privileges on the database and its schema `public`.
    #[default]
    All,
    /// SELECT on the owner's tables.
    Read,
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

// === impl Stack ===

impl Stack {
    /// The image of irsa, for files that name it.
    ///
    /// # Errors
    /// The file has no image, with what to add.
    pub fn required_image(&self) -> Result<&str, String> {
        self.image.as_deref().ok_or_else(|| {
            format!(
                "the image of irsa is unknown: set `irsa.image` to an image that your clusters can pull, such as \
                 `REGISTRY/irsa:{}`",
                env!("CARGO_PKG_VERSION")
            )
        })
    }

    /// A store by its key.
    pub fn postgres_store(&self, key: &str) -> Option<&PostgresStore> {
        self.postgres.iter().find(|store| store.key == key)
    }

    /// A domain by its key.
    pub fn opensearch_store(&self, key: &str) -> Option<&OpenSearchStore> {
        self.opensearch.iter().find(|store| store.key == key)
    }

    /// A cluster by its name.
    pub fn cluster(&self, name: &str) -> Option<&Cluster> {
        self.clusters.iter().find(|cluster| cluster.name == name)
    }

    /// The workloads that have a role.
    pub fn workloads_of<'s>(&'s self, role: &'s Role) -> impl Iterator<Item = &'s Workload> {
        let has_role = |workload: &&Workload| workload.role == role.arn;
        self.workloads.iter().filter(has_role)
    }

    /// The role of a workload.
    pub fn role(&self, workload: &Workload) -> Option<&Role> {
        self.roles.iter().find(|role| role.arn == workload.role)
    }

    /// The uses of a PostgreSQL cluster, with their workloads.
    pub fn uses_of_postgres<'s>(
        &'s self,
        store: &'s PostgresStore,
    ) -> impl Iterator<Item = (&'s Workload, &'s PostgresUse)> {
        let uses = |workload: &'s Workload| Some((workload, workload.postgres.as_ref()?));
        let uses = self.workloads.iter().filter_map(uses);
        uses.filter(|(_, one)| one.store == store.key)
    }
}

// === impl Placeholder ===

impl fmt::Display for Placeholder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Issuer(name) => write!(f, "OIDC issuer of {}", quoted(name)),
            Self::Postgres(name) => write!(f, "endpoint and resource ID of {}", quoted(name)),
            Self::OpenSearch(name) => write!(f, "endpoint of {}", quoted(name)),
        }
    }
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

// === impl Component ===

impl Component {
    /// The word in the file.
    pub fn name(self) -> &'static str {
        match self {
            Self::Keycloak => "keycloak",
            Self::WebModeler => "web-modeler",
            Self::Zeebe => "zeebe",
            Self::Operate => "operate",
            Self::Tasklist => "tasklist",
            Self::Optimize => "optimize",
            Self::Orchestration => "orchestration",
            Self::Identity => "identity",
        }
    }

    /// The indices of the component: its own, and those of others that it reads.
    pub fn indices(self) -> &'static [(&'static str, IndexPrivilege)] {
        use IndexPrivilege::{Manage, Read};
        match self {
            Self::Keycloak | Self::WebModeler | Self::Identity => &[],
            Self::Zeebe => &[("zeebe-record*", Manage)],
            Self::Operate => &[("operate-*", Manage), ("zeebe-record*", Read)],
            Self::Tasklist => &[("tasklist-*", Manage), ("zeebe-record*", Read)],
            Self::Optimize => &[("optimize-*", Manage), ("zeebe-record*", Read)],
            Self::Orchestration => &[
                ("zeebe-record*", Manage),
                ("operate-*", Manage),
                ("tasklist-*", Manage),
                ("camunda-*", Manage),
            ],
        }
    }

    /// Permissions on the cluster (Camunda documentation, "OpenSearch privileges").
    pub fn cluster_permissions(self) -> &'static [&'static str] {
        match self {
            Self::Keycloak | Self::WebModeler | Self::Identity => &[],
            Self::Zeebe => &[
                "cluster_monitor",
                "cluster_composite_ops",
                "cluster_manage_index_templates",
                "cluster:admin/opendistro/ism/*",
            ],
            Self::Operate | Self::Tasklist | Self::Optimize | Self::Orchestration => &[
                "cluster_monitor",
                "cluster_composite_ops",
                "cluster_manage_index_templates",
                "cluster_manage_pipelines",
                "manage_snapshots",
                "indices:data/read/scroll/clear",
                "cluster:admin/reindex/rethrottle",
                "cluster:admin/opendistro/ism/*",
            ],
        }
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
