//! `irsa.yaml` as types, after its form was checked.

use std::collections::BTreeMap;

use irsa_chain::{AccountId, DbResourceId, IssuerUrl, Region, RoleArn, ServiceAccount};
use serde::Deserialize;

use crate::stack::{
    AdminSecret, Component, CreateOpenSearch, CreatePostgres, Import, IndexPrivilege, Injection,
    KeycloakChart, Network, PostgresPrivileges, Release, Via,
};

#[derive(Debug, Deserialize)]
pub(crate) struct Specification {
    pub(crate) name: String,
    pub(crate) aws: Aws,
    #[serde(default)]
    pub(crate) iam: Iam,
    #[serde(default)]
    pub(crate) tags: BTreeMap<String, String>,
    pub(crate) network: Option<Network>,
    pub(crate) clusters: BTreeMap<String, Cluster>,
    #[serde(default)]
    pub(crate) postgres: BTreeMap<String, Postgres>,
    #[serde(default)]
    pub(crate) opensearch: BTreeMap<String, OpenSearch>,
    pub(crate) workloads: BTreeMap<String, Workload>,
    pub(crate) camunda: Option<Release>,
    pub(crate) keycloak: Option<Keycloak>,
    #[serde(default)]
    pub(crate) irsa: Irsa,
    pub(crate) setup: Option<Setup>,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Keycloak {
    pub(crate) chart: KeycloakChart,
    #[serde(flatten)]
    pub(crate) release: Release,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Aws {
    pub(crate) account: AccountId,
    pub(crate) region: Region,
}

#[derive(Debug, Default, Deserialize)]
pub(crate) struct Iam {
    pub(crate) path: Option<String>,
    pub(crate) permissions_boundary: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Cluster {
    pub(crate) existing: Option<bool>,
    pub(crate) kubernetes: Option<String>,
    #[serde(default)]
    pub(crate) node_groups: NodeGroups,
}

#[derive(Debug, Default, Deserialize)]
pub(crate) struct NodeGroups {
    pub(crate) hop_limit: Option<u64>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Setup {
    pub(crate) namespace: String,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Postgres {
    pub(crate) create: Option<CreatePostgres>,
    pub(crate) existing: Option<ExistingPostgres>,
    pub(crate) port: Option<u16>,
    pub(crate) account: Option<AccountId>,
    pub(crate) region: Option<Region>,
    pub(crate) via: Option<Via>,
    pub(crate) admin: Option<Admin>,
    pub(crate) databases: BTreeMap<String, Database>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum ExistingPostgres {
    Identifier(String),
    Record(ExistingRecord),
}

#[derive(Debug, Deserialize)]
pub(crate) struct ExistingRecord {
    pub(crate) instance: Option<String>,
    pub(crate) endpoint: Option<String>,
    pub(crate) resource_id: Option<DbResourceId>,
}

/// An existing store, by what the file says of it.
#[derive(Debug, Clone, Copy)]
pub(crate) enum KnownBy<'f> {
    Cluster(&'f str),
    Instance(&'f str),
    Endpoint(&'f str, &'f DbResourceId),
    /// Too little, or contradictory.
    Unclear,
}

impl ExistingPostgres {
    pub(crate) fn known_by(&self) -> KnownBy<'_> {
        let record = match self {
            Self::Identifier(identifier) => return KnownBy::Cluster(identifier),
            Self::Record(record) => record,
        };
        match (&record.instance, &record.endpoint, &record.resource_id) {
            (Some(instance), None, None) => KnownBy::Instance(instance),
            (None, Some(endpoint), Some(resource_id)) => KnownBy::Endpoint(endpoint, resource_id),
            _ => KnownBy::Unclear,
        }
    }
}

#[derive(Debug, Deserialize)]
pub(crate) struct Admin {
    pub(crate) user: String,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Database {
    pub(crate) owner: Option<String>,
    #[serde(default)]
    pub(crate) exclusive: bool,
}

#[derive(Debug, Deserialize)]
pub(crate) struct OpenSearch {
    pub(crate) create: Option<CreateOpenSearch>,
    pub(crate) existing: Option<ExistingOpenSearch>,
    pub(crate) access: Option<Access>,
    pub(crate) admin: Option<String>,
    pub(crate) account: Option<AccountId>,
    pub(crate) region: Option<Region>,
    pub(crate) via: Option<Via>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum ExistingOpenSearch {
    Name(String),
    Endpoint { endpoint: String },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Access {
    FineGrained,
    DomainPolicy,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Workload {
    pub(crate) component: Option<Component>,
    pub(crate) service_account: ServiceAccount,
    #[serde(default)]
    pub(crate) identity: Identity,
    pub(crate) application_identity: Option<ApplicationIdentity>,
    pub(crate) clusters: Option<Vec<String>>,
    #[serde(default)]
    pub(crate) role: Role,
    pub(crate) postgres: Option<UsePostgres>,
    pub(crate) opensearch: Option<UseOpenSearch>,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Identity {
    #[default]
    WebIdentity,
    PodIdentity,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum ApplicationIdentity {
    None,
    Keep,
}

#[derive(Debug, Default, Deserialize)]
pub(crate) struct Role {
    pub(crate) name: Option<String>,
    pub(crate) arn: Option<RoleArn>,
    pub(crate) policy: Option<String>,
    pub(crate) import: Option<Import>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct UsePostgres {
    pub(crate) store: String,
    pub(crate) database: String,
    pub(crate) user: Option<String>,
    pub(crate) acts_as: Option<String>,
    #[serde(default)]
    pub(crate) privileges: PostgresPrivileges,
    pub(crate) listen: Option<u16>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct UseOpenSearch {
    pub(crate) store: String,
    pub(crate) indices: Option<BTreeMap<String, IndexPrivilege>>,
    pub(crate) role: Option<String>,
    pub(crate) actions: Option<Actions>,
    pub(crate) listen: Option<u16>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Actions {
    Http,
    Documented,
}

#[derive(Debug, Default, Deserialize)]
pub(crate) struct Irsa {
    pub(crate) image: Option<String>,
    #[serde(default)]
    pub(crate) inject: Injection,
}

/// The outputs file as types.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Outputs {
    #[serde(default)]
    pub(crate) clusters: BTreeMap<String, ClusterOutputs>,
    #[serde(default)]
    pub(crate) postgres: BTreeMap<String, PostgresOutputs>,
    #[serde(default)]
    pub(crate) opensearch: BTreeMap<String, OpenSearchOutputs>,
    #[serde(default)]
    pub(crate) roles: BTreeMap<String, RoleArn>,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct ClusterOutputs {
    pub(crate) issuer: IssuerUrl,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct PostgresOutputs {
    pub(crate) endpoint: String,
    pub(crate) resource_id: DbResourceId,
    pub(crate) admin_secret: Option<AdminSecret>,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct OpenSearchOutputs {
    pub(crate) endpoint: String,
}
