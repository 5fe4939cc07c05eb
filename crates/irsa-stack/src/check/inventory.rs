//! The setup as the policy engine's inventory, from the policies that are rendered.

use irsa_chain::RoleArn;
use irsa_explain::inventory::{Database, Domain, Inventory, PolicySource, Provider, Role};
use irsa_sidecar::AUDIENCE;

use crate::policies;
use crate::stack::{OpenSearchStore, PostgresStore, Setup, Stack};

/// Everything that the setup makes.
pub(super) fn from_stack(stack: &Stack) -> Inventory {
    let roles = stack.roles.iter().filter(|role| !role.is_external);
    let provider = |cluster: &crate::stack::Cluster| Provider {
        label: format!("OIDC provider of {}", cluster.name),
        account: Some(stack.account.clone()),
        issuer: Some(cluster.issuer.clone()),
        client_ids: Some(vec![AUDIENCE.to_owned()]),
    };
    let setup = stack.needed_setup().map(|one| setup_role(stack, one));
    Inventory {
        roles: roles.map(|one| role(stack, one)).chain(setup).collect(),
        providers: stack.clusters.iter().map(provider).collect(),
        has_all_providers: true,
        databases: stack.postgres.iter().map(database).collect(),
        domains: stack
            .opensearch
            .iter()
            .map(|store| domain(stack, store))
            .collect(),
        associations: Vec::new(),
    }
}

fn role(stack: &Stack, role: &crate::stack::Role) -> Role {
    let policies = [
        policies::trust(stack, role),
        policies::permissions(stack, role),
    ];
    role_with(&role.arn, &role.policy, policies)
}

fn setup_role(stack: &Stack, setup: &Setup) -> Role {
    let policies = [
        policies::setup_trust(stack, setup),
        policies::setup_permissions(stack, setup),
    ];
    role_with(&setup.role, setup.role.name(), policies)
}

fn role_with(arn: &RoleArn, policy: &str, [trust, permissions]: [String; 2]) -> Role {
    let name = arn.name();
    let trust = PolicySource::new(&format!("trust policy of {name}"), Some(trust));
    let permissions = PolicySource::new(policy, Some(permissions));
    Role {
        label: arn.to_string(),
        name: Some(name.to_owned()),
        arn: Some(arn.clone()),
        trust: vec![trust],
        permissions: vec![permissions],
        ..Role::default()
    }
}

fn database(store: &PostgresStore) -> Database {
    Database {
        label: store.key.clone(),
        names: vec![store.endpoint.clone()],
        region: Some(store.region.clone()),
        resource_id: Some(store.resource_id.clone()),
    }
}

fn domain(stack: &Stack, store: &OpenSearchStore) -> Domain {
    let policy = policies::access(stack, store)
        .map(|text| PolicySource::new(&format!("access policy of {}", store.name), Some(text)));
    Domain {
        label: store.key.clone(),
        name: Some(store.name.clone()),
        names: vec![store.endpoint.clone()],
        arn: Some(store.arn()),
        access_policy: policy.into_iter().collect(),
    }
}
