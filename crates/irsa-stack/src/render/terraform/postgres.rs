//! PostgreSQL on RDS.

mod cluster;
mod instance;

use super::context::{Context, identifier, postgres_type};
use super::network::{self, Store};
use super::providers;
use super::versions::Provider;
use crate::hcl::{Block, Body, Expression};
use crate::stack::{CreatePostgres, Network, Origin, PostgresKind, PostgresStore, Workload};

/// Days that backups are kept.
const BACKUP_DAYS: u64 = 7;

pub(super) fn body(context: &Context<'_>, store: &PostgresStore) -> Body {
    match (&store.origin, &context.stack.network) {
        (Origin::Create(create), Some(network)) => created(context, store, create, network),
        (Origin::Create(_), None) => Body::new(),
        (Origin::Named, _) => named(context, store),
        (Origin::Known, _) => Body::new().comment(&known(store)),
    }
}

/// The store is only read.
fn named(context: &Context<'_>, store: &PostgresStore) -> Body {
    let name = identifier(&store.key);
    let argument = match store.kind {
        PostgresKind::Cluster => "cluster_identifier",
        PostgresKind::Instance => "db_instance_identifier",
    };
    let data = Body::new()
        .set_some("provider", providers::argument(context.stack, store))
        .text(argument, &store.identifier);
    let data = match store.admin_secret {
        Some(_) => data.block(managed_password(store)),
        None => data,
    };
    let kind = postgres_type(store.kind);
    let body = Body::new()
        .comment(&settings(store))
        .block(Block::named("data", kind, &name, data));
    match store.kind {
        PostgresKind::Cluster => body.block(iam_is_on(store, &name)),
        // The data source of instances does not show whether IAM authentication is on.
        PostgresKind::Instance => body,
    }
}

/// Warns at each plan until IAM authentication is on.
fn iam_is_on(store: &PostgresStore, name: &str) -> Block {
    let is_on = format!("data.aws_rds_cluster.{name}.iam_database_authentication_enabled");
    let message = format!(
        "IAM authentication of the cluster {} is off: set iam_database_authentication_enabled = true.",
        store.identifier
    );
    let assert = Body::new()
        .reference("condition", is_on)
        .text("error_message", message);
    Block::new(
        "check",
        [format!("postgres_{name}")],
        Body::new().block(Block::plain("assert", assert)),
    )
}

/// Fails the plan if the secret that the outputs name does not exist.
fn managed_password(store: &PostgresStore) -> Block {
    let message = format!(
        "RDS does not manage the password of the {} {}: set manage_master_user_password = true, or remove `admin` from \
         irsa.yaml.",
        store.kind.noun(),
        store.identifier
    );
    let condition = Body::new()
        .reference("condition", "length(self.master_user_secret) > 0")
        .text("error_message", message);
    let condition = Block::plain("postcondition", condition);
    Block::plain("lifecycle", Body::new().block(condition))
}

fn settings(store: &PostgresStore) -> String {
    format!(
        "The {} {} exists and is not changed. Where it is created, it needs:\n\n  \
         iam_database_authentication_enabled = true",
        store.kind.noun(),
        store.identifier
    )
}

fn known(store: &PostgresStore) -> String {
    format!(
        "irsa.yaml has the endpoint and the resource ID.\n{}",
        settings(store)
    )
}

fn created(
    context: &Context<'_>,
    store: &PostgresStore,
    create: &CreatePostgres,
    network: &Network,
) -> Body {
    let uses = |one: &Workload| {
        one.postgres
            .as_ref()
            .is_some_and(|used| used.store == store.key)
    };
    let group = Store {
        kind: "postgres",
        key: &store.key,
        port: store.port,
        clusters: context.clusters_with(uses),
    };
    let body = Body::new()
        .block(subnet_group(context, store, network))
        .blocks(network::security_group(context, network, &group));
    match create.kind {
        PostgresKind::Cluster => body.blocks(cluster::blocks(context, store, create)),
        PostgresKind::Instance => body.block(instance::block(context, store, create)),
    }
}

fn subnet_group(context: &Context<'_>, store: &PostgresStore, network: &Network) -> Block {
    let body = Body::new()
        .text("name", format!("{}-{}", context.stack.name, store.key))
        .set("subnet_ids", Expression::texts(&network.subnets));
    Block::named(
        "resource",
        "aws_db_subnet_group",
        &identifier(&store.key),
        body,
    )
}

/// The settings that clusters and instances share.
fn with_protection(
    body: Body,
    context: &Context<'_>,
    store: &PostgresStore,
    create: &CreatePostgres,
) -> Body {
    let subnets = format!("aws_db_subnet_group.{}.name", identifier(&store.key));
    let groups = network::security_group_ids("postgres", &store.key);
    let key = || create.kms_key.as_ref().map(Expression::text);
    body.flag("manage_master_user_password", true)
        .set_some("master_user_secret_kms_key_id", key())
        .flag("iam_database_authentication_enabled", true)
        .reference("db_subnet_group_name", subnets)
        .set("vpc_security_group_ids", groups)
        .flag("storage_encrypted", true)
        .set_some("kms_key_id", key())
        .integer("backup_retention_period", BACKUP_DAYS)
        .flag("copy_tags_to_snapshot", true)
        .flag("deletion_protection", true)
        .flag("skip_final_snapshot", false)
        .text(
            "final_snapshot_identifier",
            format!("{}-final", store.identifier),
        )
        .set(
            "enabled_cloudwatch_logs_exports",
            logs(context.versions.provider),
        )
}

/// Version 5.9 of the provider refuses the log of IAM authentication (hashicorp/terraform-provider-aws, #40787).
fn logs(provider: Provider) -> Expression {
    match provider {
        Provider::V5_9 => Expression::texts(["postgresql"]),
        Provider::V5 | Provider::V6 => Expression::texts(["iam-db-auth-error", "postgresql"]),
    }
}

/// Protection against deletion refuses to delete a cluster, but only after its instances are deleted.
fn prevent_destroy() -> Block {
    Block::plain("lifecycle", Body::new().flag("prevent_destroy", true))
}
