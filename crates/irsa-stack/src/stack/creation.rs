//! What Terraform creates, and what it needs to know of what exists.

use irsa_chain::RoleArn;
use serde::Deserialize;

/// Settings of all IAM roles that are created.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IamSettings {
    /// Path of roles and policies.
    pub path: String,
    /// ARN of the permissions boundary.
    pub permissions_boundary: Option<String>,
}

/// The network of the data stores.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Network {
    /// VPC ID.
    pub vpc: String,
    /// Subnet IDs.
    pub subnets: Vec<String>,
}

/// What exists of a role that Terraform takes over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Import {
    /// The role. Its managed policy is created.
    Role,
    /// The role and its managed policy.
    RoleAndPolicy,
}

/// How Terraform reaches another account.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Via {
    /// Role to assume.
    pub role: RoleArn,
    /// External ID.
    pub external_id: Option<String>,
}

/// The origin of a data store.
#[derive(Debug, Clone, PartialEq)]
pub enum Origin<C> {
    /// Terraform creates it.
    Create(C),
    /// It exists, and AWS is asked for its endpoint by its name.
    Named,
    /// It exists, and the file has its endpoint.
    Known,
}

// === impl Origin ===

impl<C> Origin<C> {
    /// Returns whether Terraform creates the store.
    pub fn is_created(&self) -> bool {
        matches!(self, Self::Create(_))
    }

    /// The origin without the settings of a store that is created.
    pub(crate) fn without_details(&self) -> Origin<()> {
        match self {
            Self::Create(_) => Origin::Create(()),
            Self::Named => Origin::Named,
            Self::Known => Origin::Known,
        }
    }
}

/// A PostgreSQL cluster or instance to create.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct CreatePostgres {
    /// What is created.
    #[serde(default)]
    pub kind: PostgresKind,
    /// Engine version.
    pub engine_version: String,
    /// Number of instances.
    #[serde(default = "two")]
    pub instances: u64,
    /// Capacity of Aurora Serverless v2.
    pub serverless: Option<Serverless>,
    /// Instance class, unless it is serverless.
    pub instance: Option<String>,
    /// Storage of an instance.
    pub volume: Option<String>,
    /// ARN of the KMS key of the data and of the administrator's password.
    pub kms_key: Option<String>,
}

/// A kind of PostgreSQL on RDS.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PostgresKind {
    /// An Aurora PostgreSQL cluster.
    #[default]
    Cluster,
    /// A DB instance of Amazon RDS for PostgreSQL.
    Instance,
}

// === impl PostgresKind ===

impl PostgresKind {
    /// The term of RDS.
    pub(crate) fn noun(self) -> &'static str {
        match self {
            Self::Cluster => "cluster",
            Self::Instance => "DB instance",
        }
    }
}

/// Capacity of Aurora Serverless v2 in Aurora capacity units.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
pub struct Serverless {
    /// Minimum.
    pub min: f64,
    /// Maximum.
    pub max: f64,
}

/// An OpenSearch domain to create.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct CreateOpenSearch {
    /// Engine version.
    pub engine_version: String,
    /// Instance type of the data nodes.
    pub instance: String,
    /// Number of data nodes.
    #[serde(default = "three")]
    pub instances: u64,
    /// EBS volume of each node.
    pub volume: Option<String>,
    /// ARN of the KMS key of the data.
    pub kms_key: Option<String>,
}

fn two() -> u64 {
    2
}

fn three() -> u64 {
    3
}
