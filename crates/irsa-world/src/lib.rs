//! The world file, which describes an AWS environment: accounts, OIDC providers, roles, clusters, database users,
//! OpenSearch domains and workloads. The lab plays it, and `irsa policy --world` evaluates its policies.
//!
//! A world is read from YAML and validated as a whole: the error lists every mistake with its line.
#![warn(clippy::indexing_slicing, clippy::string_slice)]

mod domain;
mod file;
pub mod secret;
mod validate;

use std::sync::Arc;
use std::time::Duration;

use irsa_chain::{
    AccountId, DbResourceId, IssuerUrl, OidcProviderArn, Region, RoleArn, ServiceAccount,
};
use irsa_policy::Policy;

use crate::secret::Secret;
pub use domain::{Domain, IndexPermissions, RoleMapping, SecurityRole};
pub use validate::WorldError;

/// The checked world. Nothing in it dangles: every role, cluster, database, user and domain that is
/// named exists.
#[derive(Debug)]
pub struct World {
    region: Region,
    accounts: Vec<AccountId>,
    kubernetes: Kubernetes,
    oidc_providers: Vec<OidcProvider>,
    roles: Vec<Arc<Role>>,
    node_role: Arc<Role>,
    associations: Vec<Association>,
    clusters: Vec<Cluster>,
    domains: Vec<Arc<Domain>>,
    workloads: Vec<Workload>,
}

/// The Kubernetes cluster whose service accounts the workloads use.
#[derive(Debug, Clone)]
pub struct Kubernetes {
    /// Cluster name, as in `arn:aws:eks:REGION:ACCOUNT:cluster/NAME`.
    pub name: String,
    /// The account that runs it.
    pub account: AccountId,
    /// The issuer of its tokens.
    pub issuer: IssuerUrl,
}

/// An IAM OIDC provider: an issuer that an account trusts.
#[derive(Debug, Clone)]
pub struct OidcProvider {
    /// The account it is registered in.
    pub account: AccountId,
    /// The issuer, compared byte for byte.
    pub issuer: IssuerUrl,
    /// The audiences it accepts (`ClientIDList`).
    pub client_ids: Vec<String>,
    /// `arn:aws:iam::ACCOUNT:oidc-provider/HOST/PATH`.
    pub arn: OidcProviderArn,
}

/// An IAM role with its policies, compiled.
#[derive(Debug)]
pub struct Role {
    /// Its ARN, path included.
    pub arn: RoleArn,
    /// Its unique id, `AROA…`.
    pub id: String,
    /// `MaxSessionDuration`: 1 to 12 hours.
    pub max_session: Duration,
    /// Who may assume it.
    pub trust: Policy,
    /// The ARNs that the trust policy names as AWS principals, literally.
    pub trusted_arns: Vec<String>,
    /// What its sessions may do.
    pub policies: Vec<RolePolicy>,
}

/// A permissions policy of a role.
#[derive(Debug)]
pub struct RolePolicy {
    /// Its name.
    pub name: String,
    /// Its statements.
    pub policy: Policy,
}

/// An EKS Pod Identity association.
#[derive(Debug, Clone)]
pub struct Association {
    /// The service account it is for.
    pub service_account: ServiceAccount,
    /// The role its pods get.
    pub role: RoleArn,
}

/// An Aurora cluster.
#[derive(Debug, Clone)]
pub struct Cluster {
    /// Cluster identifier.
    pub name: String,
    /// The account it belongs to.
    pub account: AccountId,
    /// Its region.
    pub region: Region,
    /// The `cluster-…` id that policies name.
    pub resource_id: DbResourceId,
    /// Host name of the writer endpoint.
    pub endpoint: String,
    /// Host name of the reader endpoint.
    pub reader_endpoint: String,
    /// The instances, writer first.
    pub instances: Vec<Instance>,
    /// The port of all endpoints.
    pub port: u16,
    /// The databases.
    pub databases: Vec<String>,
    /// Users and groups, so ordered that a role comes after those it is a member of.
    pub users: Vec<DatabaseUser>,
}

/// An instance of a cluster.
#[derive(Debug, Clone)]
pub struct Instance {
    /// Instance identifier.
    pub name: String,
    /// Host name of the instance endpoint.
    pub endpoint: String,
}

/// A database role: user or group.
#[derive(Debug, Clone)]
pub struct DatabaseUser {
    /// Role name.
    pub name: String,
    /// Whether it may log in; groups may not.
    pub login: bool,
    /// A password, for users without IAM authentication.
    pub password: Option<Secret>,
    /// The roles it is a member of; `rds_iam` switches IAM authentication on, also by inheritance.
    pub member_of: Vec<String>,
    /// The databases it has all privileges on.
    pub databases: Vec<String>,
}

/// A pod as the lab plays it.
#[derive(Debug, Clone)]
pub struct Workload {
    /// Its name in the lab; also the start of its pod's name.
    pub name: String,
    /// Its service account.
    pub service_account: ServiceAccount,
    /// How it proves who it is.
    pub identity: WorkloadIdentity,
    /// The role it asks for.
    pub role: RoleArn,
    /// The audience of its projected token.
    pub audience: String,
    /// The database it uses.
    pub database: Option<WorkloadDatabase>,
    /// The OpenSearch domain it uses.
    pub domain: Option<WorkloadDomain>,
}

/// How a workload proves who it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WorkloadIdentity {
    /// IRSA: a projected token for STS.
    WebIdentity,
    /// EKS Pod Identity: a projected token for the agent.
    PodIdentity,
}

impl WorkloadIdentity {
    /// The audience that its service expects in the projected token.
    pub fn default_audience(self) -> &'static str {
        match self {
            Self::WebIdentity => "sts.amazonaws.com",
            Self::PodIdentity => "pods.eks.amazonaws.com",
        }
    }
}

/// The database that a workload uses.
#[derive(Debug, Clone)]
pub struct WorkloadDatabase {
    /// Cluster identifier.
    pub cluster: String,
    /// Database name.
    pub name: String,
    /// Database user.
    pub user: String,
    /// Where its proxy should listen, if not at the default.
    pub listen: Option<String>,
}

/// The OpenSearch domain that a workload uses.
#[derive(Debug, Clone)]
pub struct WorkloadDomain {
    /// Domain name.
    pub name: String,
    /// Where its proxy should listen, if not at the default.
    pub listen: Option<String>,
}

impl World {
    /// Reads and checks a world.
    pub fn from_yaml(text: &str) -> Result<Self, WorldError> {
        validate::world(file::parse(text)?)
    }

    /// Camunda 8.3 on EKS with Aurora and OpenSearch by IRSA: the reference setup.
    ///
    /// # Panics
    /// Never: the embedded file is checked by a test.
    #[expect(clippy::expect_used, reason = "the embedded file is checked by a test")]
    pub fn camunda_8_3() -> Self {
        Self::from_yaml(include_str!("camunda-8.3.yaml")).expect("the built-in world is valid")
    }

    /// The region of STS and of everything that names none.
    pub fn region(&self) -> &Region {
        &self.region
    }

    /// All accounts.
    pub fn accounts(&self) -> &[AccountId] {
        &self.accounts
    }

    /// The Kubernetes cluster.
    pub fn kubernetes(&self) -> &Kubernetes {
        &self.kubernetes
    }

    /// The provider for an issuer in an account; the issuer is compared byte for byte.
    pub fn oidc_provider(&self, account: &AccountId, issuer: &str) -> Option<&OidcProvider> {
        self.oidc_providers
            .iter()
            .find(|one| one.account == *account && one.issuer.as_str() == issuer)
    }

    /// All roles.
    pub fn roles(&self) -> impl Iterator<Item = &Role> {
        self.roles.iter().map(Arc::as_ref)
    }

    /// A role by its ARN.
    pub fn role(&self, arn: &RoleArn) -> Option<&Role> {
        self.roles().find(|role| role.arn == *arn)
    }

    /// The role of the node, which IMDS hands out.
    pub fn node_role(&self) -> &Role {
        &self.node_role
    }

    /// All Pod Identity associations.
    pub fn associations(&self) -> &[Association] {
        &self.associations
    }

    /// The Pod Identity association of a service account.
    pub fn association(&self, service_account: &ServiceAccount) -> Option<&Association> {
        self.associations
            .iter()
            .find(|one| one.service_account == *service_account)
    }

    /// All clusters.
    pub fn clusters(&self) -> &[Cluster] {
        &self.clusters
    }

    /// A cluster by its identifier.
    pub fn cluster(&self, name: &str) -> Option<&Cluster> {
        self.clusters.iter().find(|cluster| cluster.name == name)
    }

    /// All OpenSearch domains.
    pub fn domains(&self) -> &[Arc<Domain>] {
        &self.domains
    }

    /// All workloads.
    pub fn workloads(&self) -> &[Workload] {
        &self.workloads
    }

    /// A workload by its name.
    pub fn workload(&self, name: &str) -> Option<&Workload> {
        self.workloads.iter().find(|workload| workload.name == name)
    }
}

impl Cluster {
    /// Every name and port that tokens for this cluster may be signed for.
    pub fn signing_endpoints(&self) -> Vec<(String, u16)> {
        let instances = self.instances.iter().map(|instance| &instance.endpoint);
        [&self.endpoint, &self.reader_endpoint]
            .into_iter()
            .chain(instances)
            .map(|host| (host.clone(), self.port))
            .collect()
    }
}
