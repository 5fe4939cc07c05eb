//! Workloads: their clusters, roles, users and ports.

use irsa_chain::untrusted::quoted;

use super::Resolver;
use crate::specification::{
    self, Actions, ApplicationIdentity, Identity, UseOpenSearch, UsePostgres,
};
use crate::stack::{OpenSearchUse, PostgresUse, Workload};

/// The port of the proxy for PostgreSQL, if the file names none.
const POSTGRES_PORT: u16 = 5432;
/// The port of the proxy for OpenSearch, if the file names none.
const OPENSEARCH_PORT: u16 = 9200;
/// The port of the proxy's own health page.
const ADMIN_PORT: u16 = 9441;

impl Resolver<'_> {
    pub(super) fn workloads(&mut self) -> Vec<Workload> {
        let file = self.file;
        if file.workloads.is_empty() {
            self.mistake(&["workloads"], "`workloads` is empty");
        }
        let workloads = file.workloads.iter();
        let workloads: Vec<_> = workloads
            .filter_map(|(key, one)| self.workload(key, one))
            .collect();
        self.service_accounts(&workloads);
        workloads
    }

    fn workload(&mut self, key: &str, one: &specification::Workload) -> Option<Workload> {
        let path = ["workloads", key];
        if one.postgres.is_none() && one.opensearch.is_none() {
            let message = format!("{} uses neither `postgres` nor `opensearch`", quoted(key));
            self.mistake(&path, message);
        }
        if one.identity == Identity::PodIdentity && one.application_identity.is_some() {
            let path = ["workloads", key, "application_identity"];
            let message = "`application_identity` has no effect: EKS Pod Identity gives the role to every container";
            self.mistake(&path, message);
        }
        let clusters = self.clusters_of(key, one);
        let postgres = one.postgres.as_ref();
        let postgres = postgres.and_then(|one| self.use_postgres(key, one));
        let opensearch = one.opensearch.as_ref();
        let opensearch = opensearch.and_then(|used| self.use_opensearch(key, one, used));
        self.ports(key, postgres.as_ref(), opensearch.as_ref());
        Some(Workload {
            key: key.to_owned(),
            component: one.component,
            service_account: one.service_account.clone(),
            uses_pod_identity: one.identity == Identity::PodIdentity,
            has_annotation: one.application_identity == Some(ApplicationIdentity::Keep)
                && one.identity == Identity::WebIdentity,
            clusters,
            role: self.role_arn(key, one)?,
            postgres,
            opensearch,
        })
    }

    fn clusters_of(&mut self, key: &str, one: &specification::Workload) -> Vec<String> {
        let file = self.file;
        let Some(named) = &one.clusters else {
            return file.clusters.keys().cloned().collect();
        };
        let path = ["workloads", key, "clusters"];
        if named.is_empty() {
            self.mistake(
                &path,
                "`clusters` is empty: name a cluster, or remove the key to use all clusters",
            );
        }
        for name in named
            .iter()
            .filter(|name| !file.clusters.contains_key(*name))
        {
            self.dangling(
                &path,
                "cluster",
                name,
                file.clusters.keys().map(String::as_str),
            );
        }
        let mut clusters = named.clone();
        clusters.sort();
        clusters.dedup();
        clusters
    }

    fn use_postgres(&mut self, key: &str, one: &UsePostgres) -> Option<PostgresUse> {
        let file = self.file;
        let Some(store) = file.postgres.get(&one.store) else {
            let path = ["workloads", key, "postgres", "store"];
            self.dangling(
                &path,
                "PostgreSQL cluster",
                &one.store,
                file.postgres.keys().map(String::as_str),
            );
            return None;
        };
        let Some(database) = store.databases.get(&one.database) else {
            let path = ["workloads", key, "postgres", "database"];
            self.dangling(
                &path,
                "database",
                &one.database,
                store.databases.keys().map(String::as_str),
            );
            return None;
        };
        let user = one.user.as_ref().or(database.owner.as_ref());
        Some(PostgresUse {
            store: one.store.clone(),
            database: one.database.clone(),
            user: user.cloned().unwrap_or_else(|| key.to_owned()),
            acts_as: one.acts_as.clone(),
            privileges: one.privileges,
            listen: one.listen.unwrap_or(POSTGRES_PORT),
        })
    }

    fn use_opensearch(
        &mut self,
        key: &str,
        workload: &specification::Workload,
        one: &UseOpenSearch,
    ) -> Option<OpenSearchUse> {
        let file = self.file;
        let path = ["workloads", key, "opensearch"];
        let Some(store) = file.opensearch.get(&one.store) else {
            let path = ["workloads", key, "opensearch", "store"];
            self.dangling(
                &path,
                "OpenSearch domain",
                &one.store,
                file.opensearch.keys().map(String::as_str),
            );
            return None;
        };
        let is_fine_grained = store.access != Some(specification::Access::DomainPolicy);
        let of_component = workload
            .component
            .is_some_and(|one| !one.indices().is_empty());
        let knows_indices = one.indices.is_some() || one.role.is_some() || of_component;
        if is_fine_grained && !knows_indices {
            let message = format!(
                "{} needs `indices`, because its component has no default indices",
                quoted(key)
            );
            self.mistake(&path, message);
        }
        if !is_fine_grained && (one.indices.is_some() || one.role.is_some()) {
            let message =
                "`indices` and `role` have no effect: the domain has `access: domain-policy`";
            self.mistake(&path, message);
        }
        if one.indices.is_some() && one.role.is_some() {
            self.mistake(&path, "`indices` and `role` exclude each other");
        }
        let own = || format!("{}-{key}", file.name);
        Some(OpenSearchUse {
            store: one.store.clone(),
            security_role: is_fine_grained.then(|| one.role.clone().unwrap_or_else(own)),
            has_documented_actions: one.actions == Some(Actions::Documented),
            listen: one.listen.unwrap_or(OPENSEARCH_PORT),
        })
    }

    fn ports(
        &mut self,
        key: &str,
        postgres: Option<&PostgresUse>,
        opensearch: Option<&OpenSearchUse>,
    ) {
        let postgres = postgres.map(|one| ("postgres", one.listen));
        let opensearch = opensearch.map(|one| ("opensearch", one.listen));
        let mut taken = vec![("the health page", ADMIN_PORT)];
        for (kind, port) in [postgres, opensearch].into_iter().flatten() {
            if let Some((other, _)) = taken.iter().find(|(_, other)| *other == port) {
                let message = format!("port {port} of `{kind}` is used by {other} in the same pod");
                self.mistake(&["workloads", key, kind, "listen"], message);
            }
            taken.push((
                if kind == "postgres" {
                    "`postgres`"
                } else {
                    "`opensearch`"
                },
                port,
            ));
        }
    }

    /// Pods of one service account in one cluster have one identity.
    fn service_accounts(&mut self, workloads: &[Workload]) {
        for (number, workload) in workloads.iter().enumerate() {
            let shares = |one: &&Workload| {
                one.service_account == workload.service_account
                    && one
                        .clusters
                        .iter()
                        .any(|name| workload.clusters.contains(name))
            };
            let Some(other) = workloads.iter().take(number).find(shares) else {
                continue;
            };
            let (key, account) = (&workload.key, &workload.service_account);
            let path = ["workloads", key.as_str(), "service_account"];
            if other.uses_pod_identity != workload.uses_pod_identity {
                let message = format!(
                    "{} has {account} by EKS Pod Identity or IRSA, {} by the other: a service account has one",
                    quoted(key),
                    quoted(&other.key)
                );
                self.mistake(&path, message);
            } else if other.has_annotation != workload.has_annotation {
                let message = format!(
                    "service account {account} of {} and {} has one annotation, which gives the role to every \
                     container: set `application_identity` to the same value for both",
                    quoted(&other.key),
                    quoted(key)
                );
                self.mistake(&path, message);
            } else if other.role != workload.role {
                let message = format!(
                    "service account {account} has the role {} for {}, but a different one for {}",
                    quoted(other.role.name()),
                    quoted(&other.key),
                    quoted(key)
                );
                self.mistake(&path, message);
            }
        }
    }
}
