//! Workloads. Role and user may be wrong: a workload that is wired wrongly is a scenario, not a
//! mistake.

use super::Check;
use crate::world::file::{IdentityEntry, WorkloadDatabaseEntry, WorkloadEntry};
use crate::world::{Cluster, Workload, WorkloadDatabase, WorkloadIdentity};

impl Check {
    pub(super) fn workload(&mut self, entry: WorkloadEntry, clusters: &[Cluster]) -> Workload {
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
