//! What Terraform can't create from the file, with what to change.

use std::collections::{BTreeMap, BTreeSet};

use irsa_chain::untrusted::quoted;

use super::any_store::AnyStore;
use super::context::Context;
use super::opensearch;
use super::versions::Provider;
use super::volume::gibibytes;
use crate::stack::{
    CreateOpenSearch, CreatePostgres, Network, Origin, PostgresKind, PostgresStore, Role, Stack,
};

/// Of an instance's identifier, which has a number.
const MAX_CLUSTER_IDENTIFIER: usize = 60;

pub(super) fn all(context: &Context<'_>) -> Vec<String> {
    let stack = context.stack;
    let mut found = Vec::new();
    found.extend(AnyStore::all(stack).filter_map(|store| place(stack, &store)));
    for store in &stack.postgres {
        if let Origin::Create(create) = &store.origin {
            let name = format!("postgres.{}", store.key);
            postgres(context, &name, store, create, &mut found);
        }
    }
    for store in &stack.opensearch {
        if let (Origin::Create(create), Some(network)) = (&store.origin, &stack.network) {
            let name = format!("opensearch.{}", store.key);
            domain(&name, create, network, &mut found);
        }
    }
    subnets(stack, &mut found);
    clusters(stack, &mut found);
    policies(stack, &mut found);
    setup(context, &mut found);
    pod_identity(context, &mut found);
    found
}

/// The reason why Terraform does not reach where the store is.
fn place(stack: &Stack, store: &AnyStore<'_>) -> Option<String> {
    let (account, region, via) = (store.account, store.region, store.via);
    let name = format!("{}.{}", store.kind, store.key);
    match store.origin {
        Origin::Create(()) if store.is_elsewhere(stack) => Some(format!(
            "`{name}` can't be created in account {account}, {region}: `network` is in account {}, {}. Create it there \
             with separate code, and name it under `existing`",
            stack.account, stack.region
        )),
        Origin::Create(()) if via.is_some() => {
            Some(format!("`{name}.via` is for stores that exist: remove it"))
        }
        Origin::Create(()) if stack.network.is_none() => Some(format!(
            "`network` is missing: `{name}` is created in subnets that exist. Add `network: {{vpc: vpc-…, subnets: \
             [subnet-…, subnet-…]}}`"
        )),
        Origin::Named if *account != stack.account && via.is_none() => Some(format!(
            "`{name}` is in account {account}: add `via: {{role: ROLE_ARN}}` with a role there that Terraform can \
             assume, or `existing: {{…}}` with its endpoint"
        )),
        _ => None,
    }
}

/// Refuses subnets that AWS refuses.
fn subnets(stack: &Stack, found: &mut Vec<String>) {
    let Some(network) = &stack.network else {
        return;
    };
    let has_database = stack.postgres.iter().any(|one| one.origin.is_created());
    let distinct: BTreeSet<_> = network.subnets.iter().collect();
    if distinct.len() < network.subnets.len() {
        found.push("`network.subnets` has a subnet twice: remove one of them".to_owned());
    } else if distinct.is_empty() {
        found.push("`network.subnets` is empty: name the subnets of the data stores".to_owned());
    } else if has_database && distinct.len() < 2 {
        found.push(
            "`network.subnets` has one subnet: databases need subnets in at least two Availability Zones"
                .to_owned(),
        );
    }
}

fn postgres(
    context: &Context<'_>,
    name: &str,
    store: &PostgresStore,
    create: &CreatePostgres,
    found: &mut Vec<String>,
) {
    if context.versions.provider == Provider::V5_9 {
        found.extend(
            create
                .serverless
                .and_then(|one| capacity(name, one.min, one.max)),
        );
    }
    if store.admin.is_none() {
        found.push(format!(
            "`{name}.admin` is missing: a database that is created has an administrator. Add `admin: {{user: NAME, \
             password: managed}}`"
        ));
    }
    match create.kind {
        PostgresKind::Cluster => cluster(name, store, create, found),
        PostgresKind::Instance => instance(name, create, found),
    }
}

fn cluster(name: &str, store: &PostgresStore, create: &CreatePostgres, found: &mut Vec<String>) {
    if create.volume.is_some() {
        found.push(format!(
            "`{name}.create.volume`: the storage of an Aurora cluster grows by itself. Remove it, or set `kind: instance`"
        ));
    }
    if create.serverless.is_some() && create.instance.is_some() {
        found.push(format!(
            "`{name}.create`: `serverless` and `instance` exclude each other"
        ));
    }
    if let Some(serverless) = create.serverless.filter(|one| one.min > one.max) {
        let (min, max) = (serverless.min, serverless.max);
        found.push(format!(
            "`{name}.create.serverless`: `min` is {min}, more than `max`, {max}"
        ));
    }
    if store.identifier.len() > MAX_CLUSTER_IDENTIFIER {
        found.push(format!(
            "`{name}`: the identifiers of its instances would be longer than 63 characters. Use a key of at most \
             {MAX_CLUSTER_IDENTIFIER}"
        ));
    }
}

fn instance(name: &str, create: &CreatePostgres, found: &mut Vec<String>) {
    if create.serverless.is_some() {
        found.push(format!(
            "`{name}.create.serverless` is for Aurora clusters: remove it, or remove `kind: instance`"
        ));
    }
    if create.instances > 2 {
        found.push(format!(
            "`{name}.create.instances` is {}: a DB instance has at most one standby. Set 1 or 2, or remove `kind: \
             instance`",
            create.instances
        ));
    }
    if let Some(volume) = create
        .volume
        .as_deref()
        .filter(|one| gibibytes(one).is_none())
    {
        found.push(format!(
            "`{name}.create.volume` is {}: expected a number of GiB such as 100GiB",
            quoted(volume)
        ));
    }
}

/// Version 5.9 of the provider checks the limits that Aurora had in 2023.
fn capacity(name: &str, min: f64, max: f64) -> Option<String> {
    (min < 0.5 || max > 128.0).then(|| {
        format!(
            "`{name}.create.serverless`: version 5.9 of the AWS provider permits capacities from 0.5 to 128, and these \
             are {min} and {max}. Change them, or use other `--versions`"
        )
    })
}

fn domain(name: &str, create: &CreateOpenSearch, network: &Network, found: &mut Vec<String>) {
    if let Err(volume) = opensearch::volume(create) {
        found.push(format!(
            "`{name}.create.volume` is {}: expected a number of GiB such as 100GiB, or `none`",
            quoted(volume)
        ));
    }
    let nodes = create.instances;
    if opensearch::zones(create, network) == 2 && nodes % 2 == 1 {
        found.push(format!(
            "`{name}.create.instances` is {nodes}: in two Availability Zones, AWS requires an even number of data nodes. \
             Change it, or add a third subnet to `network`"
        ));
    }
}

fn clusters(stack: &Stack, found: &mut Vec<String>) {
    for cluster in stack.clusters.iter().filter(|one| !one.is_existing) {
        found.push(format!(
            "`clusters.{}`: irsa creates no EKS clusters. Create it, for example with terraform-aws-modules/eks, and set \
             `existing: true`",
            cluster.name
        ));
    }
}

/// Refuses managed policies of one name.
fn policies(stack: &Stack, found: &mut Vec<String>) {
    let mut roles: BTreeMap<&str, &Role> = BTreeMap::new();
    for role in stack.roles.iter().filter(|role| !role.is_external) {
        if let Some(other) = roles.insert(&role.policy, role) {
            found.push(format!(
                "the roles {} and {} have policies of the same name, {}: set `role.policy` of one",
                quoted(other.arn.name()),
                quoted(role.arn.name()),
                quoted(&role.policy)
            ));
        }
    }
}

/// Refuses a workload with the role of the setup.
fn setup(context: &Context<'_>, found: &mut Vec<String>) {
    let Some(setup) = context.setup() else {
        return;
    };
    let is_same = |role: &&Role| role.arn == setup.role || role.policy == setup.role.name();
    for role in context.stack.roles.iter().filter(is_same) {
        found.push(format!(
            "the role {} or its policy has the name of the role of the setup, {}: set `role.name` of its workload",
            quoted(role.arn.name()),
            quoted(setup.role.name())
        ));
    }
}

fn pod_identity(context: &Context<'_>, found: &mut Vec<String>) {
    let workloads = context.stack.workloads.iter();
    for workload in workloads.filter(|one| one.uses_pod_identity) {
        let key = &workload.key;
        if context.versions.provider == Provider::V5_9 {
            found.push(format!(
                "`workloads.{key}`: version 5.9 of the AWS provider has no associations of EKS Pod Identity, which came \
                 with 5.29. Use other `--versions`, or `identity: web-identity`"
            ));
        }
        let account = workload.role.account();
        if *account != context.stack.account {
            found.push(format!(
                "`workloads.{key}`: its role is in account {account}, and EKS Pod Identity gives roles of the cluster's \
                 account, {}. Use `identity: web-identity`, or a role of that account",
                context.stack.account
            ));
        }
    }
}
