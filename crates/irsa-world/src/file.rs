//! The YAML of a world before validation. Unknown fields are errors.

use irsa_chain::{AccountId, Arn, DbResourceId, IssuerUrl, Region, RoleArn, ServiceAccount};
use serde::Deserialize;
use serde_saphyr::Spanned;

use super::{IamMembership, IndexPermissions, WorldError};
use crate::secret::Secret;

/// The whole file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WorldFile {
    pub(super) region: Region,
    pub(super) accounts: Vec<AccountId>,
    pub(super) kubernetes: KubernetesEntry,
    #[serde(default)]
    pub(super) oidc_providers: Vec<ProviderEntry>,
    pub(super) roles: Vec<RoleEntry>,
    pub(super) node_role: Spanned<RoleArn>,
    #[serde(default)]
    pub(super) pod_identity_associations: Vec<AssociationEntry>,
    #[serde(default)]
    pub(super) clusters: Vec<ClusterEntry>,
    #[serde(default)]
    pub(super) domains: Vec<DomainEntry>,
    #[serde(default)]
    pub(super) workloads: Vec<WorkloadEntry>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct KubernetesEntry {
    pub(super) name: String,
    pub(super) account: Spanned<AccountId>,
    pub(super) issuer: IssuerUrl,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ProviderEntry {
    pub(super) account: Spanned<AccountId>,
    pub(super) issuer: IssuerUrl,
    pub(super) client_ids: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RoleEntry {
    pub(super) arn: Spanned<RoleArn>,
    #[serde(default = "one_hour")]
    pub(super) max_session_seconds: Spanned<u64>,
    pub(super) trust_policy: Spanned<String>,
    #[serde(default)]
    pub(super) policies: Vec<PolicyEntry>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PolicyEntry {
    pub(super) name: String,
    pub(super) document: Spanned<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AssociationEntry {
    pub(super) service_account: ServiceAccount,
    pub(super) role: Spanned<RoleArn>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ClusterEntry {
    pub(super) name: Spanned<String>,
    pub(super) account: Spanned<AccountId>,
    /// The region of the world if absent.
    pub(super) region: Option<Region>,
    pub(super) resource_id: DbResourceId,
    /// The part of RDS host names that identifies the account: `c9akciq32rgw` in `aurora.cluster-c9akciq32rgw.…`.
    pub(super) dns_id: String,
    #[serde(default = "postgres_port")]
    pub(super) port: u16,
    #[serde(default)]
    pub(super) instances: Vec<String>,
    #[serde(default)]
    pub(super) databases: Vec<String>,
    #[serde(default)]
    pub(super) users: Vec<UserEntry>,
    pub(super) master_user: Option<MasterUserEntry>,
    #[serde(default)]
    pub(super) iam_membership: IamMembership,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct MasterUserEntry {
    pub(super) name: Spanned<String>,
    /// Without a password or a secret, the master user logs in by IAM.
    pub(super) password: Option<Secret>,
    pub(super) secret: Option<ManagedSecretEntry>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ManagedSecretEntry {
    pub(super) arn: Arn,
    /// The AWS managed key if absent.
    pub(super) kms_key: Option<Arn>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct UserEntry {
    pub(super) name: Spanned<String>,
    #[serde(default = "yes")]
    pub(super) login: bool,
    pub(super) password: Option<Secret>,
    #[serde(default)]
    pub(super) member_of: Vec<Spanned<String>>,
    #[serde(default)]
    pub(super) databases: Vec<Spanned<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DomainEntry {
    pub(super) name: Spanned<String>,
    pub(super) account: Spanned<AccountId>,
    /// The region of the world if absent.
    pub(super) region: Option<Region>,
    /// The random part of the endpoint: `ID` in `search-NAME-ID.REGION.es.…`.
    pub(super) dns_id: Option<String>,
    #[serde(default)]
    pub(super) vpc: bool,
    /// Derived from `dns_id` if absent.
    pub(super) endpoint: Option<Spanned<String>>,
    pub(super) access_policy: Option<Spanned<String>>,
    #[serde(default = "yes")]
    pub(super) fine_grained: bool,
    /// The role is mapped to `all_access`. It may not exist.
    pub(super) master_role: Option<RoleArn>,
    #[serde(default = "hundred_mebibytes")]
    pub(super) max_request_bytes: usize,
    #[serde(default)]
    pub(super) roles: Vec<SecurityRoleEntry>,
    #[serde(default)]
    pub(super) role_mappings: Vec<RoleMappingEntry>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SecurityRoleEntry {
    pub(super) name: Spanned<String>,
    pub(super) description: Option<String>,
    #[serde(default)]
    pub(super) cluster_permissions: Vec<String>,
    #[serde(default)]
    pub(super) index_permissions: Vec<IndexPermissions>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RoleMappingEntry {
    pub(super) role: Spanned<String>,
    /// The roles may not exist.
    pub(super) backend_roles: Vec<RoleArn>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WorkloadEntry {
    pub(super) name: Spanned<String>,
    pub(super) service_account: ServiceAccount,
    #[serde(default)]
    pub(super) identity: IdentityEntry,
    /// The role may not exist, to simulate a misconfigured workload.
    pub(super) role: RoleArn,
    /// The default audience of the identity if absent.
    pub(super) audience: Option<String>,
    pub(super) database: Option<WorkloadDatabaseEntry>,
    pub(super) domain: Option<WorkloadDomainEntry>,
}

#[derive(Debug, Default, Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum IdentityEntry {
    #[default]
    WebIdentity,
    PodIdentity,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WorkloadDatabaseEntry {
    pub(super) cluster: Spanned<String>,
    pub(super) name: Spanned<String>,
    /// The user may not exist, to simulate a misconfigured workload.
    pub(super) user: String,
    pub(super) listen: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WorkloadDomainEntry {
    pub(super) name: Spanned<String>,
    pub(super) listen: Option<String>,
}

/// Parses the file. The error contains the line and column.
pub(super) fn parse(text: &str) -> Result<WorldFile, WorldError> {
    serde_saphyr::from_str(text)
        .map_err(|error| WorldError::one(error.without_snippet().to_string()))
}

fn one_hour() -> Spanned<u64> {
    Spanned::new(
        3_600,
        serde_saphyr::Location::UNKNOWN,
        serde_saphyr::Location::UNKNOWN,
    )
}

fn postgres_port() -> u16 {
    5432
}

/// The larger of the two AWS limits ("Network quotas", Amazon OpenSearch Service guide).
fn hundred_mebibytes() -> usize {
    104_857_600
}

fn yes() -> bool {
    true
}
