//! The data stores that workloads use, each once.

use std::collections::{BTreeMap, BTreeSet};

use irsa_chain::endpoint::{OpenSearchEndpoint, RdsEndpoint, RdsEndpointKind};

use super::facts::{AwsFacts, Database, Domain};
use super::names::{Keys, STORE, label};
use super::workloads::FoundWorkload;

/// A PostgreSQL cluster, instance or proxy.
#[derive(Debug, Clone)]
pub(super) struct PostgresStore {
    pub(super) key: String,
    pub(super) endpoint: RdsEndpoint,
    pub(super) origin: String,
    pub(super) port: Option<u16>,
    pub(super) known: Option<Database>,
    pub(super) databases: BTreeSet<String>,
}

/// An OpenSearch domain.
#[derive(Debug, Clone)]
pub(super) struct OpenSearchStore {
    pub(super) key: String,
    pub(super) endpoint: OpenSearchEndpoint,
    pub(super) origin: String,
    pub(super) known: Option<Domain>,
}

/// All data stores, and their keys by the host names in variables.
#[derive(Debug, Default)]
pub(super) struct Stores {
    pub(super) postgres: Vec<PostgresStore>,
    pub(super) opensearch: Vec<OpenSearchStore>,
    by_host: BTreeMap<String, String>,
}

/// The writer of a cluster, for its reader endpoint; every other endpoint is itself.
pub(super) fn writer(endpoint: &RdsEndpoint) -> RdsEndpoint {
    if endpoint.kind() != RdsEndpointKind::ClusterReader {
        return endpoint.clone();
    }
    let writer = endpoint.host().replacen(".cluster-ro-", ".cluster-", 1);
    writer.parse().unwrap_or_else(|_| endpoint.clone())
}

// === impl Stores ===

impl Stores {
    pub(super) fn new(workloads: &[FoundWorkload], aws: &AwsFacts) -> Self {
        let mut stores = Self::default();
        let mut keys = (Keys::default(), Keys::default());
        for workload in workloads {
            stores.add_postgres(workload, aws, &mut keys.0);
            stores.add_opensearch(workload, aws, &mut keys.1);
        }
        stores
    }

    /// The key of the store with this endpoint.
    pub(super) fn key(&self, host: &str) -> Option<&str> {
        self.by_host.get(host).map(String::as_str)
    }

    fn add_postgres(&mut self, workload: &FoundWorkload, aws: &AwsFacts, keys: &mut Keys) {
        let Some(used) = &workload.postgres else {
            return;
        };
        let Some(own) = &used.endpoint else {
            return;
        };
        let endpoint = writer(own);
        let known = aws.databases.get(endpoint.host()).cloned();
        // Endpoints of one cluster have one resource ID.
        let is_same = |one: &&mut PostgresStore| {
            let id =
                |database: &Option<Database>| database.as_ref().map(|one| one.resource_id.clone());
            one.endpoint == endpoint || (known.is_some() && id(&one.known) == id(&known))
        };
        let key = if let Some(store) = self.postgres.iter_mut().find(is_same) {
            if endpoint.kind() == RdsEndpointKind::Cluster
                && store.endpoint.kind() != RdsEndpointKind::Cluster
            {
                store.endpoint = endpoint;
                store.origin.clone_from(&used.origin);
            }
            store.port = store.port.or(used.port);
            store.databases.extend(used.database.value.clone());
            store.key.clone()
        } else {
            let name = known
                .as_ref()
                .map_or(endpoint.identifier(), |one| one.identifier.as_str());
            let key = keys.give(name, "postgres", STORE);
            self.postgres.push(PostgresStore {
                key: key.clone(),
                endpoint,
                origin: used.origin.clone(),
                port: used.port,
                known,
                databases: used.database.value.iter().cloned().collect(),
            });
            key
        };
        self.by_host.insert(own.host().to_owned(), key);
    }

    fn add_opensearch(&mut self, workload: &FoundWorkload, aws: &AwsFacts, keys: &mut Keys) {
        let Some(used) = &workload.opensearch else {
            return;
        };
        let Some(endpoint) = &used.endpoint else {
            return;
        };
        let known = aws.domains.get(endpoint.host()).cloned();
        let name = |known: &Option<Domain>, endpoint: &OpenSearchEndpoint| {
            let named = known.as_ref().map(|one| one.name.clone());
            named.or_else(|| endpoint.domain_name().map(str::to_owned))
        };
        let own = name(&known, endpoint);
        let is_same = |one: &&OpenSearchStore| {
            let is_domain = own.is_some() && name(&one.known, &one.endpoint) == own;
            one.endpoint == *endpoint || (is_domain && one.endpoint.region() == endpoint.region())
        };
        let key = if let Some(store) = self.opensearch.iter().find(is_same) {
            store.key.clone()
        } else {
            // Names such as `test-domain.eu-central-1.es.amazonaws.com` begin with the domain's.
            let first = endpoint.host().split('.').next().unwrap_or_default();
            let key = keys.give(own.as_deref().unwrap_or(first), "opensearch", STORE);
            self.opensearch.push(OpenSearchStore {
                key: key.clone(),
                endpoint: endpoint.clone(),
                origin: used.origin.clone(),
                known,
            });
            key
        };
        self.by_host.insert(endpoint.host().to_owned(), key);
    }
}

// === impl PostgresStore ===

impl PostgresStore {
    /// The cluster's identifier, if AWS finds the cluster by it and it is its endpoint's.
    pub(super) fn identifier(&self) -> Option<&str> {
        let identifier = self.endpoint.identifier();
        let is_cluster = self.endpoint.kind() == RdsEndpointKind::Cluster;
        let is_known = self
            .known
            .as_ref()
            .is_none_or(|one| one.identifier == identifier);
        let is_valid = label(identifier, "", 63) == identifier;
        (is_cluster && is_known && is_valid).then_some(identifier)
    }

    /// The DB instance's identifier, if AWS finds the instance by it. An instance of a cluster is known as the cluster.
    pub(super) fn instance(&self) -> Option<&str> {
        let identifier = self.endpoint.identifier();
        let is_instance = self.endpoint.kind() == RdsEndpointKind::Instance;
        let known = self.known.as_ref()?;
        let is_its_own = known.identifier == identifier && known.resource_id.starts_with("db-");
        let is_valid = label(identifier, "", 63) == identifier;
        (is_instance && is_its_own && is_valid).then_some(identifier)
    }

    /// Host and resource ID, if both are known.
    pub(super) fn output(&self) -> Option<(&str, &str)> {
        Some((
            self.endpoint.host(),
            self.known.as_ref()?.resource_id.as_str(),
        ))
    }
}

// === impl OpenSearchStore ===

impl OpenSearchStore {
    /// The domain's name, if the endpoint has it.
    pub(super) fn name(&self) -> Option<&str> {
        let name = self.endpoint.domain_name()?;
        let is_valid = (3..=28).contains(&name.len()) && label(name, "", 28) == name;
        is_valid.then_some(name)
    }
}
