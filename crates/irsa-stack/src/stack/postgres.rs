//! PostgreSQL clusters, and how workloads use them.

use irsa_chain::{AccountId, DbResourceId, Region};
use serde::Deserialize;

use super::creation::{CreatePostgres, Origin, PostgresKind, Via};
use super::setup::AdminSecret;

/// A PostgreSQL cluster.
#[derive(Debug, Clone)]
pub struct PostgresStore {
    /// Key in the file.
    pub key: String,
    /// What it is.
    pub kind: PostgresKind,
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
    /// Its origin.
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
