//! The source of roles, databases and domains: a Terraform plan, or the world file of a lab.

use std::path::Path;

use irsa_chain::{Arn, IssuerUrl, ServiceAccount};
use irsa_explain::inventory::{
    Association, Database, Domain, Inventory, PolicySource, Provider, Role,
};
use irsa_explain::lint::Report;
use irsa_explain::plan;
use irsa_policy::Policy;
use irsa_world::{WorkloadIdentity, World};

use super::question::read;
use crate::cli::InventoryArgs;
use crate::settings::{Mistakes, shown};

/// The parsed plan or world.
#[derive(Debug)]
pub(super) enum Origin {
    Plan(Inventory),
    World(Box<World>),
}

// === impl Origin ===

impl Origin {
    /// Reads the plan or world, if one is given and valid.
    pub(super) fn read(args: &InventoryArgs, mistakes: &mut Mistakes) -> Option<Self> {
        if let Some(path) = &args.plan {
            let inventory = parse_file(path, plan::read);
            return mistakes.check("--plan", inventory).map(Self::Plan);
        }
        let path = args.world.as_ref()?;
        let world = parse_file(path, |text| {
            World::from_yaml(text).map_err(|error| error.to_string())
        });
        let world = mistakes.check("--world", world)?;
        Some(Self::World(Box::new(world)))
    }

    /// Returns the issuer of the cluster, if the plan or world has exactly one.
    pub(super) fn issuer(&self) -> Option<IssuerUrl> {
        match self {
            Self::World(world) => Some(world.kubernetes().issuer.clone()),
            Self::Plan(inventory) => match inventory.providers.as_slice() {
                [only] => only.issuer.clone(),
                _ => None,
            },
        }
    }

    /// Returns the role of a service account, if it is known.
    pub(super) fn role_of(&self, account: &ServiceAccount) -> Option<String> {
        let Self::World(world) = self else {
            return None;
        };
        let mut workloads = world.workloads().iter();
        let workload = workloads.find(|one| one.service_account == *account)?;
        Some(workload.role.to_string())
    }

    /// Returns the EKS Pod Identity association of a service account.
    pub(super) fn association(&self, account: &ServiceAccount) -> Option<Association> {
        match self {
            Self::World(world) => pod_identity(world, account),
            Self::Plan(inventory) => inventory.association(account).cloned(),
        }
    }

    /// Returns whether both texts refer to the same role.
    pub(super) fn is_same_role(&self, one: &str, other: &str) -> bool {
        let inventory = self.inventory(None);
        one == other
            || inventory
                .role(one)
                .is_some_and(|role| role.is_called(other))
    }

    /// Returns the inventory. Of OIDC providers, it includes only those of `issuer`.
    pub(super) fn inventory(&self, issuer: Option<&IssuerUrl>) -> Inventory {
        match self {
            Self::Plan(inventory) => inventory.clone(),
            Self::World(world) => from_world(world, issuer),
        }
    }
}

/// Returns the problems in the nodes of a plan. Syntax errors are reported by [`Origin::read`].
pub(super) fn nodes(path: &Path) -> Option<Vec<Report>> {
    plan::lint(&read(path).ok()?).ok()
}

fn parse_file<T>(path: &Path, parse: impl Fn(&str) -> Result<T, String>) -> Result<T, String> {
    let text = read(path)?;
    parse(&text).map_err(|error| format!("`{}`: {error}", shown(path)))
}

fn from_world(world: &World, issuer: Option<&IssuerUrl>) -> Inventory {
    let providers = world.accounts().iter();
    let providers = providers.filter_map(|account| world.oidc_provider(account, issuer?.as_str()));
    let associations = world.associations().iter();
    Inventory {
        roles: world.roles().map(role).collect(),
        providers: providers.map(provider).collect(),
        has_all_providers: true,
        databases: world.clusters().iter().map(database).collect(),
        domains: world.domains().iter().map(|one| domain(one)).collect(),
        associations: associations.map(|one| association(world, one)).collect(),
    }
}

fn association(world: &World, one: &irsa_world::Association) -> Association {
    Association {
        label: format!("association of {}", one.service_account),
        service_account: Some(one.service_account.clone()),
        role: Some(one.role.to_string()),
        cluster: cluster(world),
        has_tags: true,
    }
}

/// Returns the association of a service account, unless its workload uses a projected token.
fn pod_identity(world: &World, account: &ServiceAccount) -> Option<Association> {
    let mut workloads = world.workloads().iter();
    let own = workloads.find(|one| one.service_account == *account);
    if own.is_some_and(|one| one.identity == WorkloadIdentity::WebIdentity) {
        return None;
    }
    let found = world.association(account)?;
    Some(association(world, found))
}

/// Returns the EKS cluster of the world.
fn cluster(world: &World) -> Option<Arn> {
    let (kubernetes, region) = (world.kubernetes(), world.region());
    let (partition, account) = (region.partition(), &kubernetes.account);
    let name = &kubernetes.name;
    let arn = format!("arn:{partition}:eks:{region}:{account}:cluster/{name}");
    arn.parse().ok()
}

fn role(role: &irsa_world::Role) -> Role {
    let name = role.arn.name();
    let policy =
        |one: &irsa_world::RolePolicy| source(&format!("`{}` of {name}", one.name), &one.policy);
    Role {
        label: role.arn.to_string(),
        name: Some(name.to_owned()),
        arn: Some(role.arn.clone()),
        trust: vec![source(&format!("trust policy of {name}"), &role.trust)],
        permissions: role.policies.iter().map(policy).collect(),
        ..Role::default()
    }
}

fn provider(provider: &irsa_world::OidcProvider) -> Provider {
    Provider {
        label: provider.arn.to_string(),
        account: Some(provider.account.clone()),
        issuer: Some(provider.issuer.clone()),
        client_ids: Some(provider.client_ids.clone()),
    }
}

fn database(cluster: &irsa_world::Cluster) -> Database {
    let endpoints = cluster
        .signing_endpoints()
        .into_iter()
        .map(|(host, _)| host);
    Database {
        label: cluster.name.clone(),
        names: endpoints.collect(),
        region: Some(cluster.region.clone()),
        resource_id: Some(cluster.resource_id.clone()),
    }
}

fn domain(domain: &irsa_world::Domain) -> Domain {
    let policy = domain.access_policy.as_ref();
    let policy = policy.map(|policy| source(&format!("access policy of {}", domain.name), policy));
    Domain {
        label: domain.name.clone(),
        name: Some(domain.name.clone()),
        names: vec![domain.endpoint.clone()],
        arn: Some(domain.arn()),
        access_policy: policy.into_iter().collect(),
    }
}

fn source(label: &str, policy: &Policy) -> PolicySource {
    PolicySource::new(label, Some(policy.text().to_owned()))
}
