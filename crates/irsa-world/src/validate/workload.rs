//! Validation of workloads. The role and the database user are not checked, as a misconfigured workload is a valid
//! scenario.

use std::sync::Arc;

use super::Check;
use crate::file::{IdentityEntry, WorkloadDatabaseEntry, WorkloadDomainEntry, WorkloadEntry};
use crate::{Cluster, Domain, Workload, WorkloadDatabase, WorkloadDomain, WorkloadIdentity};

impl Check {
    pub(super) fn workload(
        &mut self,
        entry: WorkloadEntry,
        clusters: &[Cluster],
        domains: &[Arc<Domain>],
    ) -> Workload {
        self.label("workload", &entry.name.value, &entry.name);
        let identity = match entry.identity {
            IdentityEntry::WebIdentity => WorkloadIdentity::WebIdentity,
            IdentityEntry::PodIdentity => WorkloadIdentity::PodIdentity,
        };
        Workload {
            name: entry.name.value,
            service_account: entry.service_account,
            identity,
            role: entry.role,
            audience: entry
                .audience
                .unwrap_or_else(|| identity.default_audience().to_owned()),
            database: entry
                .database
                .map(|database| self.workload_database(database, clusters)),
            domain: entry
                .domain
                .map(|domain| self.workload_domain(domain, domains)),
        }
    }

    fn workload_domain(
        &mut self,
        entry: WorkloadDomainEntry,
        domains: &[Arc<Domain>],
    ) -> WorkloadDomain {
        let WorkloadDomainEntry { name, listen } = entry;
        if !domains.iter().any(|domain| domain.name == name.value) {
            self.mistake(&name, format_args!("there is no domain `{}`", name.value));
        }
        WorkloadDomain {
            name: name.value,
            listen,
        }
    }

    fn workload_database(
        &mut self,
        entry: WorkloadDatabaseEntry,
        clusters: &[Cluster],
    ) -> WorkloadDatabase {
        let WorkloadDatabaseEntry {
            cluster,
            name,
            user,
            listen,
        } = entry;
        match clusters.iter().find(|one| one.name == cluster.value) {
            None => self.mistake(
                &cluster,
                format_args!("there is no cluster `{}`", cluster.value),
            ),
            Some(found) if !found.databases.contains(&name.value) => {
                self.mistake(
                    &name,
                    format_args!(
                        "there is no database `{}` in cluster `{}`",
                        name.value, found.name
                    ),
                );
            }
            Some(_) => {}
        }
        WorkloadDatabase {
            cluster: cluster.value,
            name: name.value,
            user,
            listen,
        }
    }
}
