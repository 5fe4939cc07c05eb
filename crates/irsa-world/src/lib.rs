//! The world file, which describes an AWS environment: accounts, OIDC providers, roles, clusters, database users,
//! OpenSearch domains and workloads. The lab plays it, and `irsa policy --world` evaluates its policies.
//!
//! A world is read from YAML and validated as a whole. The error lists all mistakes with their lines.
#![warn(clippy::indexing_slicing, clippy::string_slice)]

mod domain;
mod file;
pub mod secret;
mod validate;

use std::sync::Arc;
use std::time::Duration;

use irsa_chain::{
    AccountId, Arn, DbResourceId, IssuerUrl, OidcProviderArn, Region, RoleArn, ServiceAccount,
};
use irsa_policy::Policy;

use crate::secret::Secret;
pub use domain::{Domain, IndexPermissions, RoleMapping, SecurityRole};
pub use validate::WorldError;

/// A validated world. References are checked, except those that may be wrong on purpose: the role and the database user
/// of a workload, and the IAM roles of a domain's role mappings.
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
    /// The account of the cluster.
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
    /// The ARN, including the path.
    pub arn: RoleArn,
    /// The unique ID, `AROA…`.
    pub id: String,
    /// The maximum session duration (`MaxSessionDuration`): 1 to 12 hours.
    pub max_session: Duration,
    /// The trust policy.
    pub trust: Policy,
    /// The permissions policies.
    pub policies: Vec<RolePolicy>,
}

/// A permissions policy of a role.
#[derive(Debug)]
pub struct RolePolicy {
    /// The name.
    pub name: String,
    /// The policy.
    pub policy: Policy,
}

/// An EKS Pod Identity association.
#[derive(Debug, Clone)]
pub struct Association {
    /// The service account.
    pub service_account: ServiceAccount,
    /// The role that its pods get.
    pub role: RoleArn,
}

/// An Aurora cluster.
#[derive(Debug, Clone)]
pub struct Cluster {
    /// The cluster identifier.
    pub name: String,
    /// The account.
    pub account: AccountId,
    /// The region.
    pub region: Region,
    /// The resource ID that policies contain, `cluster-…`.
    pub resource_id: DbResourceId,
    /// The host name of the writer endpoint.
    pub endpoint: String,
    /// The host name of the reader endpoint.
    pub reader_endpoint: String,
    /// The instances, the writer first.
    pub instances: Vec<Instance>,
    /// The port of all endpoints.
    pub port: u16,
    /// The databases.
    pub databases: Vec<String>,
    /// The users and groups, each after the groups it is a member of.
    pub users: Vec<DatabaseUser>,
    /// The administrator.
    pub master_user: Option<MasterUser>,
    /// The memberships in `rds_iam` that count.
    pub iam_membership: IamMembership,
}

/// The administrator of a cluster: not a superuser, but may create databases and users, and grant `rds_iam`.
#[derive(Debug, Clone)]
pub struct MasterUser {
    /// The name of the database role.
    pub name: String,
    /// The password; without one, the master user logs in by IAM.
    pub password: Option<Secret>,
    /// The secret in Secrets Manager with the password, if RDS manages it.
    pub secret: Option<ManagedSecret>,
}

/// A secret that RDS manages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ManagedSecret {
    /// The ARN.
    pub arn: Arn,
    /// The customer managed key that encrypts it. The AWS managed key, which is the default, serves all principals who may
    /// read the secret.
    pub kms_key: Option<Arn>,
}

/// The memberships in `rds_iam` by which a user must log in by IAM. AWS does not document which of the two RDS has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum IamMembership {
    /// All, on any path.
    #[default]
    Any,
    /// Those on paths on which every membership inherits (PostgreSQL 16 and later; on earlier versions, all).
    Inherited,
}

/// An instance of a cluster.
#[derive(Debug, Clone)]
pub struct Instance {
    /// The instance identifier.
    pub name: String,
    /// The host name of the instance endpoint.
    pub endpoint: String,
}

/// A database role: user or group.
#[derive(Debug, Clone)]
pub struct DatabaseUser {
    /// The name of the database role.
    pub name: String,
    /// Whether the role can log in. Groups cannot.
    pub login: bool,
    /// The password, for users without IAM authentication.
    pub password: Option<Secret>,
    /// The groups of the role. Membership in `rds_iam`, direct or inherited, enables IAM authentication.
    pub member_of: Vec<String>,
    /// The databases on which the role has all privileges.
    pub databases: Vec<String>,
}

/// A pod that the lab simulates.
#[derive(Debug, Clone)]
pub struct Workload {
    /// The name in the lab, which is also the prefix of the pod name.
    pub name: String,
    /// The service account.
    pub service_account: ServiceAccount,
    /// How the workload gets credentials.
    pub identity: WorkloadIdentity,
    /// The role that it assumes.
    pub role: RoleArn,
    /// The audience of the projected token.
    pub audience: String,
    /// The database that it uses.
    pub database: Option<WorkloadDatabase>,
    /// The OpenSearch domain that it uses.
    pub domain: Option<WorkloadDomain>,
}

/// How a workload gets credentials.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WorkloadIdentity {
    /// IRSA: a projected token for STS.
    WebIdentity,
    /// EKS Pod Identity: a projected token for the agent.
    PodIdentity,
}

impl WorkloadIdentity {
    /// The audience that STS or the Pod Identity agent expects in the projected token.
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
    /// The cluster identifier.
    pub cluster: String,
    /// The database name.
    pub name: String,
    /// The database user.
    pub user: String,
    /// The listener of its proxy, if it is not the default.
    pub listen: Option<String>,
}

/// The OpenSearch domain that a workload uses.
#[derive(Debug, Clone)]
pub struct WorkloadDomain {
    /// The domain name.
    pub name: String,
    /// The listener of its proxy, if it is not the default.
    pub listen: Option<String>,
}

impl World {
    /// Parses and validates a world.
    pub fn from_yaml(text: &str) -> Result<Self, WorldError> {
        validate::world(file::parse(text)?)
    }

    /// The reference setup: Camunda 8.3 on EKS with Aurora and OpenSearch, using IRSA.
    ///
    /// # Panics
    /// Never: the embedded file is checked by a test.
    #[expect(clippy::expect_used, reason = "the embedded file is checked by a test")]
    pub fn camunda_8_3() -> Self {
        Self::from_yaml(include_str!("camunda-8.3.yaml")).expect("the built-in world is valid")
    }

    /// The region of STS, and the default for resources without a region.
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

    /// Finds the provider of an issuer in an account. The issuer is compared byte for byte.
    pub fn oidc_provider(&self, account: &AccountId, issuer: &str) -> Option<&OidcProvider> {
        self.oidc_providers
            .iter()
            .find(|one| one.account == *account && one.issuer.as_str() == issuer)
    }

    /// All roles.
    pub fn roles(&self) -> impl Iterator<Item = &Role> {
        self.roles.iter().map(Arc::as_ref)
    }

    /// Finds a role by its ARN.
    pub fn role(&self, arn: &RoleArn) -> Option<&Role> {
        self.roles().find(|role| role.arn == *arn)
    }

    /// The role of the node, which the instance metadata service provides.
    pub fn node_role(&self) -> &Role {
        &self.node_role
    }

    /// All Pod Identity associations.
    pub fn associations(&self) -> &[Association] {
        &self.associations
    }

    /// Finds the Pod Identity association of a service account.
    pub fn association(&self, service_account: &ServiceAccount) -> Option<&Association> {
        self.associations
            .iter()
            .find(|one| one.service_account == *service_account)
    }

    /// All clusters.
    pub fn clusters(&self) -> &[Cluster] {
        &self.clusters
    }

    /// Finds a cluster by its identifier.
    pub fn cluster(&self, name: &str) -> Option<&Cluster> {
        self.clusters.iter().find(|cluster| cluster.name == name)
    }

    /// The master user whose password a secret contains, by the secret's ARN.
    pub fn managed_secret(&self, arn: &str) -> Option<(&ManagedSecret, &MasterUser)> {
        let masters = self.clusters.iter();
        let mut masters = masters.filter_map(|cluster| cluster.master_user.as_ref());
        masters.find_map(|master| {
            let secret = master.secret.as_ref()?;
            (secret.arn.as_str() == arn).then_some((secret, master))
        })
    }

    /// Sets the password of each master user whose password RDS manages.
    pub fn set_managed_passwords(&mut self, mut generate: impl FnMut() -> Secret) {
        let masters = self.clusters.iter_mut();
        let masters = masters.filter_map(|cluster| cluster.master_user.as_mut());
        for master in masters.filter(|master| master.secret.is_some()) {
            master.password = Some(generate());
        }
    }

    /// All OpenSearch domains.
    pub fn domains(&self) -> &[Arc<Domain>] {
        &self.domains
    }

    /// All workloads.
    pub fn workloads(&self) -> &[Workload] {
        &self.workloads
    }

    /// Finds a workload by its name.
    pub fn workload(&self, name: &str) -> Option<&Workload> {
        self.workloads.iter().find(|workload| workload.name == name)
    }
}

impl Cluster {
    /// All host names and ports for which tokens of this cluster can be signed.
    pub fn signing_endpoints(&self) -> Vec<(String, u16)> {
        let instances = self.instances.iter().map(|instance| &instance.endpoint);
        [&self.endpoint, &self.reader_endpoint]
            .into_iter()
            .chain(instances)
            .map(|host| (host.clone(), self.port))
            .collect()
    }
}
