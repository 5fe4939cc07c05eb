//! The output `irsa`: what the other commands can't know before `terraform apply`.

use super::context::Context;
use crate::hcl::{Block, Body, Expression};
use crate::stack::{Cluster, OpenSearchStore, PostgresStore, Workload};

pub(super) fn body(context: &Context<'_>) -> Body {
    let stack = context.stack;
    let mut value = vec![("version", Expression::Integer(1))];
    let clusters = stack.clusters.iter().map(|one| cluster(context, one));
    value.push(("clusters", Expression::object(clusters)));
    if !stack.postgres.is_empty() {
        let stores = stack.postgres.iter().map(postgres);
        value.push(("postgres", Expression::object(stores)));
    }
    if !stack.opensearch.is_empty() {
        let stores = stack.opensearch.iter().map(opensearch);
        value.push(("opensearch", Expression::object(stores)));
    }
    let roles = stack.workloads.iter().filter_map(|one| role(context, one));
    value.push(("roles", Expression::object(roles)));
    let output = Body::new()
        .text(
            "description",
            "For irsa: terraform output -json irsa > irsa.outputs.json",
        )
        .set("value", Expression::object(value));
    Body::new().block(Block::new("output", ["irsa"], output))
}

fn cluster(context: &Context<'_>, cluster: &Cluster) -> (String, Expression) {
    let issuer = Expression::reference(context.issuer(&cluster.name));
    (
        cluster.name.clone(),
        Expression::object([("issuer", issuer)]),
    )
}

fn postgres(store: &PostgresStore) -> (String, Expression) {
    let value = |reference: Option<String>, known: &str| match reference {
        Some(reference) => Expression::reference(reference),
        None => Expression::text(known),
    };
    let endpoint = value(Context::postgres_endpoint(store), &store.endpoint);
    let resource_id = store.resource_id.as_str();
    let resource_id = value(Context::postgres_resource_id(store), resource_id);
    let values = [("endpoint", endpoint), ("resource_id", resource_id)];
    let secret = admin_secret(store).map(|secret| ("admin_secret", secret));
    let values = values.into_iter().chain(secret);
    (store.key.clone(), Expression::object(values))
}

/// Where the administrator's password is, if AWS manages it.
fn admin_secret(store: &PostgresStore) -> Option<Expression> {
    store.admin_secret.as_ref()?;
    let value = |attribute| Context::admin_secret(store, attribute).map(Expression::reference);
    let values = [
        ("arn", value("secret_arn")?),
        ("kms_key", value("kms_key_id")?),
    ];
    Some(Expression::object(values))
}

fn opensearch(store: &OpenSearchStore) -> (String, Expression) {
    let endpoint = match Context::opensearch_endpoint(store) {
        Some(reference) => Expression::reference(reference),
        None => Expression::text(&store.endpoint),
    };
    (
        store.key.clone(),
        Expression::object([("endpoint", endpoint)]),
    )
}

fn role(context: &Context<'_>, workload: &Workload) -> Option<(String, Expression)> {
    let role = context.stack.role(workload)?;
    Some((workload.key.clone(), context.role_arn(role)))
}
