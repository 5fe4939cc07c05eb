//! PostgreSQL clusters: identifiers, endpoints, owners and users.

use irsa_chain::endpoint::{RdsEndpoint, RdsEndpointKind};
use irsa_chain::untrusted::quoted;
use irsa_chain::{DbResourceId, DbResourceKind, Region};

use super::stores::DNS;
use super::{Resolver, creation, invented};
use crate::mistake::Mistake;
use crate::specification::{ExistingPostgres, KnownBy, Postgres, PostgresOutputs};
use crate::stack::{
    Database, Placeholder, PostgresKind, PostgresPrivileges, PostgresStore, PostgresUse, Workload,
};

/// The port of a PostgreSQL cluster, if the file names none.
const PORT: u16 = 5432;
/// PostgreSQL truncates longer identifiers (`NAMEDATALEN` - 1).
const MAX_IDENTIFIER_BYTES: usize = 63;
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
        self.partition("postgres", key, &region);
        let kms_key = store.create.as_ref().and_then(|one| one.kms_key.as_ref());
        self.kms_key("postgres", key, kms_key, &region);
        let account = store.account.clone();
        let (identifier, endpoint, resource_id) = self.postgres_names(key, store, &region)?;
        let kind = kind(store, &endpoint);
        let account = account.unwrap_or_else(|| self.file.aws.account.clone());
        let admin_secret = self.admin_secret(key, store, (&region, &account));
        self.users(key, store, workloads);
        let databases = store.databases.iter();
        let databases = databases.map(|(name, database)| Database {
            owner: database
                .owner
                .clone()
                .or_else(|| owner_of(key, name, workloads))
                .unwrap_or_default(),
            name: name.clone(),
            is_exclusive: database.exclusive,
        });
        Some(PostgresStore {
            key: key.to_owned(),
            kind,
            identifier,
            account,
            region,
            endpoint,
            port: store.port.unwrap_or(PORT),
            resource_id,
            admin: store.admin.as_ref().map(|admin| admin.user.clone()),
            admin_secret,
            databases: databases.collect(),
            origin: creation::postgres(store),
            via: store.via.clone(),
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
        let known = store.existing.as_ref().map(ExistingPostgres::known_by);
        if let Some(KnownBy::Endpoint(endpoint, resource_id)) = known {
            let path = ["postgres", key, "existing", "endpoint"];
            let identifier = self.identifier(&path, endpoint, region)?;
            if output.is_some_and(|one| one.endpoint != endpoint || one.resource_id != *resource_id)
            {
                let message = format!(
                    "the outputs of {} differ from `existing` in irsa.yaml",
                    quoted(key)
                );
                self.contradiction(&["postgres", key], message);
            }
            if let Err(message) = fits(endpoint, resource_id) {
                self.mistake(&["postgres", key, "existing", "resource_id"], message);
            }
            return Some((identifier, endpoint.to_owned(), resource_id.clone()));
        }
        let (kind, identifier) = match known {
            None => {
                let kind = store.create.as_ref().map(|one| one.kind);
                (kind.unwrap_or_default(), key)
            }
            Some(KnownBy::Instance(name)) => (PostgresKind::Instance, name),
            Some(KnownBy::Cluster(name)) => (PostgresKind::Cluster, name),
            Some(KnownBy::Endpoint(..) | KnownBy::Unclear) => {
                let message = "`existing` needs either `instance`, or `endpoint` and `resource_id`";
                self.mistake(&["postgres", key, "existing"], message);
                return None;
            }
        };
        let identifier = identifier.to_owned();
        let Some(output) = output else {
            self.placeholders
                .push(Placeholder::Postgres(key.to_owned()));
            let (endpoint, id) = invented_names(kind, key, &identifier, region)?;
            return Some((identifier, endpoint, id));
        };
        self.compare_store(key, kind, &identifier, &output);
        Some((identifier, output.endpoint, output.resource_id))
    }

    fn compare_store(
        &mut self,
        key: &str,
        kind: PostgresKind,
        identifier: &str,
        output: &PostgresOutputs,
    ) {
        let is_instance = kind == PostgresKind::Instance;
        let is_its_own = |named: RdsEndpoint| {
            let has_kind = (named.kind() == RdsEndpointKind::Instance) == is_instance;
            named.identifier() == identifier && has_kind
        };
        if !output.endpoint.parse().is_ok_and(is_its_own) {
            let message = format!(
                "{} is not an endpoint of the {} {}",
                quoted(&output.endpoint),
                kind.noun(),
                quoted(identifier)
            );
            self.contradiction(&["postgres", key, "endpoint"], message);
        }
        if let Err(message) = fits(&output.endpoint, &output.resource_id) {
            self.contradiction(&["postgres", key, "resource_id"], message);
        }
    }

    fn identifier(&mut self, path: &[&str], endpoint: &str, region: &Region) -> Option<String> {
        let parsed: RdsEndpoint = endpoint.parse().ok()?;
        if parsed.region().is_some_and(|other| other != region) {
            let message = format!(
                "{} is not in region {region}: set `region`",
                quoted(endpoint)
            );
            self.mistake(path, message);
        }
        Some(parsed.identifier().to_owned())
    }

    fn users(&mut self, key: &str, store: &Postgres, workloads: &[Workload]) {
        for (number, workload) in workloads.iter().enumerate() {
            let Some(used) = workload.postgres.as_ref().filter(|one| one.store == key) else {
                continue;
            };
            self.user(store, workload, used);
            self.account(key, store, workload);
            self.reader(key, store, workload, workloads);
            let earlier = workloads.get(..number).unwrap_or_default();
            let has_user = |one: &&Workload| {
                let other = one.postgres.as_ref();
                other.is_some_and(|other| other.store == key && other.user == used.user)
                    && one.role != workload.role
            };
            if let Some(other) = earlier.iter().find(has_user) {
                let message = format!(
                    "{} is also the user of {}, which has a different role",
                    quoted(&used.user),
                    quoted(&other.key)
                );
                self.mistake(&["workloads", &workload.key, "postgres", "user"], message);
            }
        }
        self.owners(key, store, workloads);
    }

    /// Refuses names that PostgreSQL would truncate, and the administrator's.
    fn user(&mut self, store: &Postgres, workload: &Workload, used: &PostgresUse) {
        let path = ["workloads", workload.key.as_str(), "postgres", "user"];
        let name = quoted(&used.user);
        if used.user.len() > MAX_IDENTIFIER_BYTES {
            let message =
                format!("the user {name} has more than {MAX_IDENTIFIER_BYTES} bytes: set `user`");
            self.mistake(&path, message);
        }
        let admin = store.admin.as_ref();
        if admin.is_some_and(|admin| admin.user == used.user) {
            let message = format!(
                "{name} is the administrator: with rds_iam, it could no longer log in with a password"
            );
            self.mistake(&path, message);
        }
        if let Some(acts_as) = &used.acts_as {
            self.acts_as(store, workload, used, acts_as);
        }
    }

    /// Refuses to act as itself, as the administrator, or with privileges that `read` would not limit.
    fn acts_as(
        &mut self,
        store: &Postgres,
        workload: &Workload,
        used: &PostgresUse,
        acts_as: &str,
    ) {
        let path = ["workloads", workload.key.as_str(), "postgres", "acts_as"];
        let name = quoted(acts_as);
        if acts_as == used.user {
            let message = format!("{name} is the user itself: set `user` to a second one");
            self.mistake(&path, message);
        }
        if store
            .admin
            .as_ref()
            .is_some_and(|admin| admin.user == acts_as)
        {
            let message =
                format!("{name} is the administrator, which no application should act as");
            self.mistake(&path, message);
        }
        if used.privileges == PostgresPrivileges::Read {
            let message = format!("`read` does not limit a user that acts as {name}");
            self.mistake(&path, message);
        }
    }

    /// Refuses a role in another account than the cluster's.
    fn account(&mut self, key: &str, store: &Postgres, workload: &Workload) {
        let account = store.account.as_ref();
        let account = account.unwrap_or(&self.file.aws.account);
        let own = workload.role.account();
        if account == own {
            return;
        }
        let message = format!(
            "{} is in account {account}, but its role is in {own}: `rds-db:connect` does not work across accounts",
            quoted(key)
        );
        let path = ["workloads", workload.key.as_str(), "postgres", "store"];
        let mistake = Mistake::new(self.root.place_of(&path), message);
        let help = format!("set `role.arn` to a role in account {account}");
        self.mistakes.push(mistake.with_help(help));
    }

    /// Refuses a reader that owns the database.
    fn reader(&mut self, key: &str, store: &Postgres, workload: &Workload, workloads: &[Workload]) {
        let is_reader = |one: &&PostgresUse| one.privileges == PostgresPrivileges::Read;
        let Some(used) = workload.postgres.as_ref().filter(is_reader) else {
            return;
        };
        let database = store.databases.get(&used.database);
        let owner = database.and_then(|one| one.owner.clone());
        let owner = owner.or_else(|| owner_of(key, &used.database, workloads));
        if owner.as_ref() == Some(&used.user) {
            let message = format!(
                "{} owns the database {}, so `read` does not restrict it",
                quoted(&used.user),
                quoted(&used.database)
            );
            let path = ["workloads", workload.key.as_str(), "postgres", "user"];
            self.mistake(&path, message);
            return;
        }
        let writes = |one: &&Workload| {
            let other = one.postgres.as_ref();
            other.is_some_and(|one| one.store == key && owns(one, &used.database, &used.user))
        };
        if let Some(other) = workloads.iter().find(writes) {
            let message = format!(
                "{} has the same user with all privileges, so `read` does not restrict {}",
                quoted(&other.key),
                quoted(&used.user)
            );
            let path = ["workloads", workload.key.as_str(), "postgres", "privileges"];
            self.mistake(&path, message);
        }
    }

    /// Refuses databases whose owner is no workload's user.
    fn owners(&mut self, key: &str, store: &Postgres, workloads: &[Workload]) {
        let uses = workloads.iter().filter_map(|one| one.postgres.as_ref());
        let uses: Vec<_> = uses.filter(|one| one.store == key).collect();
        for (name, database) in &store.databases {
            let path = ["postgres", key, "databases", name.as_str(), "owner"];
            match &database.owner {
                Some(owner) if !uses.iter().any(|one| owns(one, name, owner)) => {
                    let message = format!(
                        "the owner {0} of {1} is not the user of a workload with all privileges",
                        quoted(owner),
                        quoted(name)
                    );
                    self.mistake(&path, message);
                }
                None if uses.iter().any(|one| one.database == *name)
                    && owner_of(key, name, workloads).is_none() =>
                {
                    let message = format!(
                        "the database {} has no owner: all of its workloads are read-only",
                        quoted(name)
                    );
                    self.mistake(&path, message);
                }
                _ => {}
            }
        }
    }
}

/// The kind of a store: as the file says, or as its endpoint shows.
fn kind(store: &Postgres, endpoint: &str) -> PostgresKind {
    let is_instance = match (&store.create, &store.existing) {
        (Some(create), _) => return create.kind,
        (None, Some(existing)) => match existing.known_by() {
            KnownBy::Instance(_) => true,
            KnownBy::Cluster(_) | KnownBy::Unclear => false,
            KnownBy::Endpoint(..) => endpoint
                .parse()
                .is_ok_and(|named: RdsEndpoint| named.kind() == RdsEndpointKind::Instance),
        },
        (None, None) => false,
    };
    if is_instance {
        PostgresKind::Instance
    } else {
        PostgresKind::Cluster
    }
}

fn owns(used: &PostgresUse, database: &str, owner: &str) -> bool {
    let is_owner = used.user == owner || used.acts_as.as_deref() == Some(owner);
    used.database == database && is_owner && used.privileges == PostgresPrivileges::All
}

/// The user of the first workload that has all privileges on the database.
fn owner_of(store: &str, database: &str, workloads: &[Workload]) -> Option<String> {
    let mut uses = workloads.iter().filter_map(|one| one.postgres.as_ref());
    let is_owner = |one: &&PostgresUse| {
        one.store == store && one.database == database && one.privileges == PostgresPrivileges::All
    };
    let owner = uses.find(is_owner)?;
    Some(owner.acts_as.as_ref().unwrap_or(&owner.user).clone())
}

/// Refuses endpoints that do not write, and resource IDs that are not of the kind that the endpoint has.
fn fits(endpoint: &str, resource_id: &DbResourceId) -> Result<(), String> {
    use DbResourceKind::{Cluster, Instance, Proxy};
    use RdsEndpointKind as Kind;
    let Ok(parsed) = endpoint.parse::<RdsEndpoint>() else {
        return Ok(());
    };
    let (kinds, right): (&[DbResourceKind], _) = match parsed.kind() {
        Kind::ClusterReader => {
            let endpoint = quoted(endpoint);
            return Err(format!(
                "{endpoint} is a reader endpoint: use the writer endpoint, without `-ro`"
            ));
        }
        Kind::Proxy | Kind::ProxyEndpoint => (&[Proxy], "prx-"),
        // Instances of a cluster have the cluster's.
        Kind::Instance => (&[Instance, Cluster], "db-"),
        Kind::Cluster | Kind::ClusterCustom | Kind::ShardGroup | Kind::GlobalWriter => {
            (&[Cluster], "cluster-")
        }
    };
    if kinds.contains(&resource_id.kind()) {
        return Ok(());
    }
    let (id, endpoint) = (quoted(resource_id.as_str()), quoted(endpoint));
    Err(format!(
        "{id} is not the resource ID of {endpoint}, which begins with `{right}`"
    ))
}

/// An endpoint and a resource ID like those that RDS will give.
fn invented_names(
    kind: PostgresKind,
    key: &str,
    identifier: &str,
    region: &Region,
) -> Option<(String, DbResourceId)> {
    let (dns, suffix) = (invented(&format!("dns {key}"), DNS, 12), rds_suffix(region));
    let id = invented(&format!("resource {key}"), ID, 26);
    let (host, id) = match kind {
        PostgresKind::Cluster => (format!("cluster-{dns}"), format!("cluster-{id}")),
        PostgresKind::Instance => (dns, format!("db-{id}")),
    };
    Some((format!("{identifier}.{host}.{suffix}"), id.parse().ok()?))
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
