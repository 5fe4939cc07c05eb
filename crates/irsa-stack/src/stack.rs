//! The setup with all defaults and references resolved: what every renderer and `irsa check` work from.

mod component;
mod creation;
mod opensearch;
mod postgres;
mod setup;

use std::collections::BTreeMap;
use std::fmt;

use irsa_chain::untrusted::quoted;
use irsa_chain::{AccountId, Arn, IssuerUrl, Region, RoleArn, ServiceAccount};
use serde::Deserialize;

pub use self::component::Component;
pub use self::creation::{
    CreateOpenSearch, CreatePostgres, IamSettings, Import, Network, Origin, PostgresKind,
    Serverless, Via,
};
pub use self::opensearch::{IndexPrivilege, Mapping, OpenSearchStore, OpenSearchUse, SecurityRole};
pub use self::postgres::{Database, PostgresPrivileges, PostgresStore, PostgresUse};
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
    /// How the proxy gets into the pods.
    pub injection: Injection,
    /// The files that this was made from, merged.
    pub files: Files,
    /// SHA-256 of the files this was made from, in hexadecimal.
    pub digest: String,
    /// What is not known before `terraform apply` and has an invented value here.
    pub placeholders: Vec<Placeholder>,
}

/// The specification and the outputs file, for an irsa that runs elsewhere.
#[derive(Debug, Clone)]
pub struct Files {
    /// The merged specification, as YAML without comments.
    pub specification: String,
    /// The outputs, as JSON.
    pub outputs: Option<String>,
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

/// How the proxy gets into the pods.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Injection {
    /// Manifests and values contain the sidecar.
    #[default]
    Sidecar,
    /// Manifests and values contain annotations of the service accounts, and `irsa webhook` adds the sidecar.
    Webhook,
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

/// An IAM role.
#[derive(Debug, Clone)]
pub struct Role {
    /// ARN.
    pub arn: RoleArn,
    /// Name of its managed policy.
    pub policy: String,
    /// Whether it exists already and is left alone.
    pub is_external: bool,
    /// What of it exists already and is taken over by Terraform.
    pub import: Option<Import>,
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

    /// Returns whether pods of the cluster get roles by tokens of their service accounts: one of its workloads does.
    pub fn uses_tokens(&self, cluster: &Cluster) -> bool {
        let mut workloads = self.workloads.iter();
        workloads.any(|one| !one.uses_pod_identity && one.clusters.contains(&cluster.name))
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
