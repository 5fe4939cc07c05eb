//! OpenSearch domains: names, endpoints, and the roles of the security plugin.

use irsa_chain::endpoint::{OpenSearchEndpoint, OpenSearchEndpointKind};
use irsa_chain::untrusted::quoted;
use irsa_chain::{Region, RoleArn};

use super::stores::DNS;
use super::{Resolver, creation, invented};
use crate::mistake::Mistake;
use crate::specification::{Access, ExistingOpenSearch, OpenSearch};
use crate::stack::{IndexPrivilege, Mapping, OpenSearchStore, Placeholder, SecurityRole, Workload};

impl Resolver<'_> {
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
        self.partition("opensearch", key, &region);
        let kms_key = store.create.as_ref().and_then(|one| one.kms_key.as_ref());
        self.kms_key("opensearch", key, kms_key, &region);
        let (name, endpoint) = self.domain_names(key, store, &region)?;
        let is_fine_grained = store.access != Some(Access::DomainPolicy);
        let admin = self.admin(key, store)?;
        self.administrators(key, &admin, workloads);
        let roles = self.security_roles(key, workloads);
        self.built_in_roles(key, &roles);
        self.collection(key, &endpoint);
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
            roles,
            mappings: self.mappings(key, workloads),
            origin: creation::opensearch(store),
            via: store.via.clone(),
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
                        "{} is not in region {region}: set `region`",
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
                "the endpoint of {} is {}, which differs from `existing.endpoint`",
                quoted(key),
                quoted(output)
            );
            self.contradiction(&["opensearch", key, "endpoint"], message);
        }
        if let Some(output) = &output {
            self.compare_domain(key, &name, output);
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

    fn compare_domain(&mut self, key: &str, name: &str, endpoint: &str) {
        let parsed = endpoint.parse::<OpenSearchEndpoint>().ok();
        let found = parsed.as_ref().and_then(OpenSearchEndpoint::domain_name);
        if let Some(found) = found.filter(|found| *found != name) {
            let message = format!(
                "{} is an endpoint of the domain {}, not {}",
                quoted(endpoint),
                quoted(found),
                quoted(name)
            );
            self.contradiction(&["opensearch", key, "endpoint"], message);
        }
    }

    fn admin(&mut self, key: &str, store: &OpenSearch) -> Option<RoleArn> {
        match store.admin.as_deref() {
            None | Some("setup") => self.arn(&self.setup_role_name()),
            Some(arn) => arn.parse().ok().or_else(|| {
                self.mistake(&["opensearch", key, "admin"], "`admin` is not a role ARN");
                None
            }),
        }
    }

    /// Refuses a workload that has the administrator's role.
    fn administrators(&mut self, key: &str, admin: &RoleArn, workloads: &[Workload]) {
        for workload in workloads.iter().filter(|one| one.role == *admin) {
            let message = format!(
                "{} has the role {}, which is the administrator of the domain {}",
                quoted(&workload.key),
                quoted(admin.name()),
                quoted(key)
            );
            let path = ["workloads", workload.key.as_str()];
            let mistake = Mistake::new(self.root.key_place(&path), message);
            let help = "set `role.name` of the workload, or `admin` of the domain";
            self.mistakes.push(mistake.with_help(help));
        }
    }

    /// Refuses `role` where it names the role of a workload: this setup replaces its mapping.
    fn built_in_roles(&mut self, store: &str, roles: &[SecurityRole]) {
        let file = self.file;
        for (key, workload) in &file.workloads {
            let used = workload.opensearch.as_ref();
            let used = used.filter(|one| one.store == store);
            let Some(name) = used.and_then(|one| one.role.as_ref()) else {
                continue;
            };
            if roles.iter().any(|role| role.name == *name) {
                let message = format!("{} is the role of a workload in this file", quoted(name));
                let path = ["workloads", key.as_str(), "opensearch", "role"];
                let mistake = Mistake::new(self.root.place_of(&path), message);
                let help = "name a built-in role, or set `indices`";
                self.mistakes.push(mistake.with_help(help));
            }
        }
    }

    /// Refuses OpenSearch Serverless, whose data access policies are not rendered.
    fn collection(&mut self, key: &str, endpoint: &str) {
        let parsed = endpoint.parse::<OpenSearchEndpoint>();
        if parsed.is_ok_and(|one| one.kind() == OpenSearchEndpointKind::Collection) {
            let message = format!(
                "{} is an OpenSearch Serverless collection; only domains are supported",
                quoted(endpoint)
            );
            let path = ["opensearch", key, "existing", "endpoint"];
            self.mistake(&path, message);
        }
    }

    /// The roles that the setup makes, one for each workload without a built-in one.
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

fn domain_region(endpoint: &str) -> Option<Region> {
    Some(
        endpoint
            .parse::<OpenSearchEndpoint>()
            .ok()?
            .region()
            .clone(),
    )
}
