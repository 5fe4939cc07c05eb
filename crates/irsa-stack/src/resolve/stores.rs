//! Data stores: identifiers, endpoints, owners, and the roles of OpenSearch's security plugin.

use irsa_chain::endpoint::{OpenSearchEndpoint, RdsEndpoint};
use irsa_chain::untrusted::quoted;
use irsa_chain::{DbResourceId, Region, RoleArn};

use super::{Resolver, invented};
use crate::mistake::Mistake;
use crate::specification::{Access, ExistingOpenSearch, ExistingPostgres, OpenSearch, Postgres};
use crate::stack::{
    Database, IndexPrivilege, Mapping, OpenSearchStore, Placeholder, PostgresPrivileges,
    PostgresStore, SecurityRole, Workload,
};

/// The port of a PostgreSQL cluster, if the file names none.
const PORT: u16 = 5432;

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
                "{} is the endpoint of another cluster than {}",
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

    pub(super) fn opensearch(&mut self, workloads: &[Workload]) -> Vec<OpenSearchStore> {
        let stores = self.file.opensearch.iter();
        let stores = stores.filter_map(|(key, store)| self.domain(key, store, workloads));
        stores.collect()
    }

    fn domain(
        &mut self,
        key: &str,
        store: &OpenSearch,
        workloads: &[Workload],
    ) -> Option<OpenSearchStore> {
        self.create_or_existing(
            "opensearch",
            key,
            store.create.is_some(),
            store.existing.is_some(),
        );
        let region = store
            .region
            .clone()
            .unwrap_or_else(|| self.file.aws.region.clone());
        let (name, endpoint) = self.domain_names(key, store, &region)?;
        let is_fine_grained = store.access != Some(Access::DomainPolicy);
        let admin = self.admin(key, store)?;
        Some(OpenSearchStore {
            key: key.to_owned(),
            name,
            account: store
                .account
                .clone()
                .unwrap_or_else(|| self.file.aws.account.clone()),
            region,
            endpoint,
            is_fine_grained,
            admin,
            roles: self.security_roles(key, workloads),
            mappings: self.mappings(key, workloads),
        })
    }

    fn domain_names(
        &mut self,
        key: &str,
        store: &OpenSearch,
        region: &Region,
    ) -> Option<(String, String)> {
        let output = self
            .outputs()
            .and_then(|outputs| outputs.opensearch.get(key).cloned());
        if let Some(output) = &output {
            self.compare_region("opensearch", key, domain_region(&output.endpoint), region);
        }
        let (name, given) = match &store.existing {
            Some(ExistingOpenSearch::Endpoint { endpoint }) => {
                let parsed: OpenSearchEndpoint = endpoint.parse().ok()?;
                if parsed.region() != region {
                    let message = format!(
                        "{} is not in the region {region}: set `region`",
                        quoted(endpoint)
                    );
                    self.mistake(&["opensearch", key, "existing", "endpoint"], message);
                }
                (
                    parsed.domain_name().unwrap_or(key).to_owned(),
                    Some(endpoint.clone()),
                )
            }
            Some(ExistingOpenSearch::Name(name)) => (name.clone(), None),
            None => (key.to_owned(), None),
        };
        let output = output.map(|output| output.endpoint);
        if let (Some(given), Some(output)) = (&given, &output)
            && given != output
        {
            let message = format!(
                "the endpoint of {} is {}, not `existing.endpoint`",
                quoted(key),
                quoted(output)
            );
            self.contradiction(&["opensearch", key, "endpoint"], message);
        }
        let endpoint = given.or(output).unwrap_or_else(|| {
            self.placeholders
                .push(Placeholder::OpenSearch(key.to_owned()));
            let dns = invented(&format!("dns {key}"), DNS, 26);
            format!(
                "search-{name}-{dns}.{region}.es.{}",
                region.partition().dns_suffix()
            )
        });
        Some((name, endpoint))
    }

    fn admin(&mut self, key: &str, store: &OpenSearch) -> Option<RoleArn> {
        match store.admin.as_deref() {
            None | Some("setup") => {
                let name = format!("{}-setup", self.file.name);
                self.arn(&name)
            }
            Some(arn) => arn.parse().ok().or_else(|| {
                self.mistake(&["opensearch", key, "admin"], "`admin` is not a role ARN");
                None
            }),
        }
    }

    /// The roles that the set-up makes, one for each workload without a built-in one.
    fn security_roles(&self, store: &str, workloads: &[Workload]) -> Vec<SecurityRole> {
        let role = |workload: &Workload| {
            let used = workload
                .opensearch
                .as_ref()
                .filter(|one| one.store == store)?;
            let file = self.file.workloads.get(&workload.key)?;
            let in_file = file.opensearch.as_ref()?;
            if in_file.role.is_some() {
                return None;
            }
            let of_component = || {
                let indices = workload.component.map_or(&[][..], |one| one.indices());
                indices
                    .iter()
                    .map(|(pattern, one)| ((*pattern).to_owned(), *one))
                    .collect()
            };
            let given = in_file
                .indices
                .clone()
                .map(|indices| indices.into_iter().collect());
            let indices: Vec<_> = given.unwrap_or_else(of_component);
            Some(SecurityRole {
                name: used.security_role.clone()?,
                cluster_permissions: cluster_permissions(workload, &indices),
                indices,
            })
        };
        workloads.iter().filter_map(role).collect()
    }

    fn mappings(&self, store: &str, workloads: &[Workload]) -> Vec<Mapping> {
        let mut mappings: Vec<Mapping> = Vec::new();
        for workload in workloads {
            let used = workload
                .opensearch
                .as_ref()
                .filter(|one| one.store == store);
            let Some(name) = used.and_then(|one| one.security_role.clone()) else {
                continue;
            };
            let file = self.file.workloads.get(&workload.key);
            let file = file.and_then(|one| one.opensearch.as_ref());
            let role = workload.role.clone();
            match mappings.iter_mut().find(|one| one.role == name) {
                Some(mapping) if mapping.backend_roles.contains(&role) => {}
                Some(mapping) => mapping.backend_roles.push(role),
                None => mappings.push(Mapping {
                    role: name,
                    is_built_in: file.is_some_and(|one| one.role.is_some()),
                    backend_roles: vec![role],
                }),
            }
        }
        mappings
    }

    fn create_or_existing(&mut self, kind: &str, key: &str, create: bool, existing: bool) {
        let message = match (create, existing) {
            (true, true) => "`create` and `existing` exclude each other",
            (false, false) => "needs `create` or `existing`",
            _ => return,
        };
        let place = self.root.key_place(&[kind, key]);
        let message = format!("{}: {message}", quoted(key));
        self.mistakes.push(Mistake::new(place, message));
    }

    fn compare_region(&mut self, kind: &str, key: &str, found: Option<Region>, region: &Region) {
        if let Some(found) = found.filter(|found| found != region) {
            let message = format!(
                "{} is in the region {found}, irsa.yaml has {region}",
                quoted(key)
            );
            self.contradiction(&[kind, key, "endpoint"], message);
        }
    }
}

/// Letters of the DNS names of AWS.
const DNS: &[u8] = b"abcdefghijklmnopqrstuvwxyz234567";
/// Letters of resource IDs.
const ID: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// The user of the first workload that has all privileges on the database.
fn owner(store: &str, database: &str, workloads: &[Workload]) -> Option<String> {
    let mut uses = workloads.iter().filter_map(|one| one.postgres.as_ref());
    let is_owner = |one: &&crate::stack::PostgresUse| {
        one.store == store && one.database == database && one.privileges == PostgresPrivileges::All
    };
    uses.find(is_owner).map(|one| one.user.clone())
}

/// A component's own, or the least that the privileges on indices need.
fn cluster_permissions(
    workload: &Workload,
    indices: &[(String, IndexPrivilege)],
) -> Vec<&'static str> {
    let of_component = workload
        .component
        .map_or(&[][..], |one| one.cluster_permissions());
    if !of_component.is_empty() {
        return of_component.to_vec();
    }
    if indices.iter().all(|(_, one)| *one == IndexPrivilege::Read) {
        vec!["cluster_composite_ops_ro"]
    } else {
        vec!["cluster_monitor", "cluster_composite_ops"]
    }
}

fn rds_region(endpoint: &str) -> Option<Region> {
    endpoint.parse::<RdsEndpoint>().ok()?.region().cloned()
}

fn domain_region(endpoint: &str) -> Option<Region> {
    Some(
        endpoint
            .parse::<OpenSearchEndpoint>()
            .ok()?
            .region()
            .clone(),
    )
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
