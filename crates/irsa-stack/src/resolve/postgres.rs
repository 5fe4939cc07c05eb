//! PostgreSQL clusters: identifiers, endpoints, owners and users.

use irsa_chain::endpoint::RdsEndpoint;
use irsa_chain::untrusted::quoted;
use irsa_chain::{DbResourceId, Region};

use super::stores::DNS;
use super::{Resolver, invented};
use crate::mistake::Mistake;
use crate::specification::{ExistingPostgres, Postgres};
use crate::stack::{Database, Placeholder, PostgresPrivileges, PostgresStore, Workload};

/// The port of a PostgreSQL cluster, if the file names none.
const PORT: u16 = 5432;
/// Letters of resource IDs.
const ID: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

impl Resolver<'_> {
    pub(super) fn postgres(&mut self, workloads: &[Workload]) -> Vec<PostgresStore> {
        let stores = self.file.postgres.iter();
        let stores = stores.filter_map(|(key, store)| self.postgres_store(key, store, workloads));
        stores.collect()
    }

    fn postgres_store(
        &mut self,
        key: &str,
        store: &Postgres,
        workloads: &[Workload],
    ) -> Option<PostgresStore> {
        self.create_or_existing(
            "postgres",
            key,
            store.create.is_some(),
            store.existing.is_some(),
        );
        let region = store
            .region
            .clone()
            .unwrap_or_else(|| self.file.aws.region.clone());
        let account = store.account.clone();
        let (identifier, endpoint, resource_id) = self.postgres_names(key, store, &region)?;
        self.users(key, store, workloads);
        let databases = store.databases.iter();
        let databases = databases.map(|(name, database)| Database {
            owner: database
                .owner
                .clone()
                .or_else(|| owner(key, name, workloads))
                .unwrap_or_default(),
            name: name.clone(),
        });
        Some(PostgresStore {
            key: key.to_owned(),
            identifier,
            account: account.unwrap_or_else(|| self.file.aws.account.clone()),
            region,
            endpoint,
            port: store.port.unwrap_or(PORT),
            resource_id,
            admin: store.admin.as_ref().map(|admin| admin.user.clone()),
            databases: databases.collect(),
        })
    }

    /// Identifier, endpoint and resource ID: given, known from Terraform, or invented.
    fn postgres_names(
        &mut self,
        key: &str,
        store: &Postgres,
        region: &Region,
    ) -> Option<(String, String, DbResourceId)> {
        let output = self
            .outputs()
            .and_then(|outputs| outputs.postgres.get(key).cloned());
        if let Some(output) = &output {
            self.compare_region("postgres", key, rds_region(&output.endpoint), region);
        }
        if let Some(ExistingPostgres::Endpoint {
            endpoint,
            resource_id,
        }) = &store.existing
        {
            let path = ["postgres", key, "existing", "endpoint"];
            let identifier = self.identifier(&path, endpoint, region)?;
            if output
                .is_some_and(|one| one.endpoint != *endpoint || one.resource_id != *resource_id)
            {
                let message = format!(
                    "the outputs of {} differ from `existing` in irsa.yaml",
                    quoted(key)
                );
                self.contradiction(&["postgres", key], message);
            }
            return Some((identifier, endpoint.clone(), resource_id.clone()));
        }
        let identifier = match &store.existing {
            Some(ExistingPostgres::Identifier(identifier)) => identifier.clone(),
            _ => key.to_owned(),
        };
        let Some(output) = output else {
            self.placeholders
                .push(Placeholder::Postgres(key.to_owned()));
            let (dns, suffix) = (invented(&format!("dns {key}"), DNS, 12), rds_suffix(region));
            let id = invented(&format!("resource {key}"), ID, 26);
            let id = format!("cluster-{id}").parse().ok()?;
            return Some((
                identifier.clone(),
                format!("{identifier}.cluster-{dns}.{suffix}"),
                id,
            ));
        };
        let named = output.endpoint.parse::<RdsEndpoint>().ok();
        if named.is_some_and(|named| named.identifier() != identifier) {
            let message = format!(
                "{} is not an endpoint of the cluster {}",
                quoted(&output.endpoint),
                quoted(&identifier)
            );
            self.contradiction(&["postgres", key, "endpoint"], message);
        }
        Some((identifier, output.endpoint, output.resource_id))
    }

    fn identifier(&mut self, path: &[&str], endpoint: &str, region: &Region) -> Option<String> {
        let parsed: RdsEndpoint = endpoint.parse().ok()?;
        if parsed.region().is_some_and(|other| other != region) {
            let message = format!(
                "{} is not in the region {region}: set `region`",
                quoted(endpoint)
            );
            self.mistake(path, message);
        }
        Some(parsed.identifier().to_owned())
    }

    /// A user that two workloads have, a reader that owns the database, and the administrator's name are mistakes.
    fn users(&mut self, key: &str, store: &Postgres, workloads: &[Workload]) {
        let uses = || {
            let uses = workloads
                .iter()
                .filter_map(|one| Some((one, one.postgres.as_ref()?)));
            uses.filter(|(_, one)| one.store == key)
        };
        for (workload, one) in uses() {
            let path = ["workloads", workload.key.as_str(), "postgres", "user"];
            let user = quoted(&one.user);
            if one.user.len() > 63 {
                self.mistake(
                    &path,
                    format!("the user {user} has more than 63 bytes: set `user`"),
                );
            }
            if store
                .admin
                .as_ref()
                .is_some_and(|admin| admin.user == one.user)
            {
                let message = format!(
                    "{user} is the administrator: with rds_iam its password would stop working"
                );
                self.mistake(&path, message);
            }
            let account = store.account.as_ref().unwrap_or(&self.file.aws.account);
            if account != workload.role.account() {
                let message = format!(
                    "{} is in account {account}, its role in {}: `rds-db:connect` does not reach other accounts",
                    quoted(key),
                    workload.role.account()
                );
                let mistake = Mistake::new(
                    self.root
                        .place_of(&["workloads", &workload.key, "postgres", "store"]),
                    message,
                );
                self.mistakes.push(
                    mistake.with_help(format!("set `role.arn` to a role in account {account}")),
                );
            }
            let owner = store.databases.get(&one.database);
            let owner = owner.and_then(|one| one.owner.clone());
            let owner = owner.or_else(|| self::owner(key, &one.database, workloads));
            if one.privileges == PostgresPrivileges::Read && owner.as_ref() == Some(&one.user) {
                let message = format!(
                    "{user} owns the database {}, so `read` does not limit it",
                    quoted(&one.database)
                );
                self.mistake(&path, message);
            }
            let others = uses().take_while(|(other, _)| other.key != workload.key);
            let mut others = others.filter(|(other, _)| other.role != workload.role);
            if let Some((other, _)) = others.find(|(_, other)| other.user == one.user) {
                let message = format!(
                    "{user} is also the user of {}, which has another role",
                    quoted(&other.key)
                );
                self.mistake(&path, message);
            }
        }
        for (name, database) in &store.databases {
            let owner = database.owner.as_ref();
            if let Some(owner) = owner.filter(|owner| !uses().any(|(_, one)| one.user == **owner)) {
                let message = format!(
                    "no workload has the user {}, the owner of {}",
                    quoted(owner),
                    quoted(name)
                );
                let path = ["postgres", key, "databases", name.as_str(), "owner"];
                self.mistake(&path, message);
            } else if owner.is_none()
                && uses().any(|(_, one)| one.database == *name)
                && self::owner(key, name, workloads).is_none()
            {
                let message = format!(
                    "the database {} has no owner: all its workloads only read",
                    quoted(name)
                );
                self.mistake(&["postgres", key, "databases", name.as_str()], message);
            }
        }
    }
}

/// The user of the first workload that has all privileges on the database.
fn owner(store: &str, database: &str, workloads: &[Workload]) -> Option<String> {
    let mut uses = workloads.iter().filter_map(|one| one.postgres.as_ref());
    let is_owner = |one: &&crate::stack::PostgresUse| {
        one.store == store && one.database == database && one.privileges == PostgresPrivileges::All
    };
    uses.find(is_owner).map(|one| one.user.clone())
}

fn rds_region(endpoint: &str) -> Option<Region> {
    endpoint.parse::<RdsEndpoint>().ok()?.region().cloned()
}

/// The domain of a region's RDS endpoints. China's names put the service first.
fn rds_suffix(region: &Region) -> String {
    let suffix = region.partition().dns_suffix();
    if region.partition() == irsa_chain::Partition::AwsCn {
        format!("rds.{region}.{suffix}")
    } else {
        format!("{region}.rds.{suffix}")
    }
}
