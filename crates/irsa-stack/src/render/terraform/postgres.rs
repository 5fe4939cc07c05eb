//! Aurora PostgreSQL clusters.

use super::context::{Context, identifier};
use super::network::{self, Store};
use super::providers;
use super::versions::Provider;
use crate::hcl::{Block, Body, Expression};
use crate::stack::{CreatePostgres, Network, Origin, PostgresStore, Workload};

/// The instance class without `serverless` and `instance`.
const INSTANCE_CLASS: &str = "db.r6g.large";
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

/// The cluster is only read. A `check` warns at each plan until IAM authentication is on.
fn named(context: &Context<'_>, store: &PostgresStore) -> Body {
    let name = identifier(&store.key);
    let data = Body::new()
        .set_some(
            "provider",
            providers::argument_for_postgres(context.stack, store),
        )
        .text("cluster_identifier", &store.identifier);
    let data = match store.admin_secret {
        Some(_) => data.block(managed_password(store)),
        None => data,
    };
    let is_on = format!("data.aws_rds_cluster.{name}.iam_database_authentication_enabled");
    let message = format!(
        "IAM authentication of the cluster {} is off: set iam_database_authentication_enabled = true.",
        store.identifier
    );
    let assert = Body::new()
        .reference("condition", is_on)
        .text("error_message", message);
    Body::new()
        .comment(&settings(store))
        .block(Block::named("data", "aws_rds_cluster", &name, data))
        .block(Block::new(
            "check",
            [format!("postgres_{name}")],
            Body::new().block(Block::plain("assert", assert)),
        ))
}

/// Fails the plan if the secret that the outputs name does not exist.
fn managed_password(store: &PostgresStore) -> Block {
    let message = format!(
        "RDS does not manage the password of the cluster {}: set manage_master_user_password = true, or remove `admin` \
         from irsa.yaml.",
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
        "The cluster {} exists and is not changed. Where it is created, it needs:\n\n  \
         iam_database_authentication_enabled = true",
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
    Body::new()
        .block(subnet_group(context, store, network))
        .blocks(network::security_group(context, network, &group))
        .block(cluster(context, store, create))
        .block(instances(store, create))
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

fn cluster(context: &Context<'_>, store: &PostgresStore, create: &CreatePostgres) -> Block {
    let name = identifier(&store.key);
    let subnets = format!("aws_db_subnet_group.{name}.name");
    let body = Body::new()
        .text("cluster_identifier", &store.identifier)
        .text("engine", "aurora-postgresql")
        .text("engine_version", &create.engine_version)
        .integer("port", store.port)
        .set_some(
            "master_username",
            store.admin.as_ref().map(Expression::text),
        )
        .flag("manage_master_user_password", true)
        .flag("iam_database_authentication_enabled", true)
        .reference("db_subnet_group_name", subnets)
        .set(
            "vpc_security_group_ids",
            network::security_group_ids("postgres", &store.key),
        )
        .flag("storage_encrypted", true)
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
        );
    let capacity = create.serverless.map(|serverless| {
        let body = Body::new()
            .set("min_capacity", Expression::Number(serverless.min))
            .set("max_capacity", Expression::Number(serverless.max));
        Block::plain("serverlessv2_scaling_configuration", body)
    });
    // Protection against deletion refuses to delete the cluster, but only after its instances are deleted.
    let lifecycle = Block::plain("lifecycle", Body::new().flag("prevent_destroy", true));
    let body = body.blocks(capacity).block(lifecycle);
    Block::named("resource", "aws_rds_cluster", &name, body)
}

/// Version 5.9 of the provider refuses the log of IAM authentication (hashicorp/terraform-provider-aws, #40787).
fn logs(provider: Provider) -> Expression {
    match provider {
        Provider::V5_9 => Expression::texts(["postgresql"]),
        Provider::V5 | Provider::V6 => Expression::texts(["iam-db-auth-error", "postgresql"]),
    }
}

/// Automatic upgrades would differ from the engine version of the file.
fn instances(store: &PostgresStore, create: &CreatePostgres) -> Block {
    let name = identifier(&store.key);
    let cluster =
        |attribute: &str| Expression::reference(format!("aws_rds_cluster.{name}.{attribute}"));
    let class = match (&create.serverless, &create.instance) {
        (Some(_), _) => "db.serverless",
        (None, Some(instance)) => instance,
        (None, None) => INSTANCE_CLASS,
    };
    let identifier = Expression::numbered(&format!("{}-", store.identifier), "count.index + 1");
    let body = Body::new()
        .integer("count", create.instances)
        .set("identifier", identifier)
        .set("cluster_identifier", cluster("cluster_identifier"))
        .set("engine", cluster("engine"))
        .set("engine_version", cluster("engine_version"))
        .text("instance_class", class)
        .set("db_subnet_group_name", cluster("db_subnet_group_name"))
        .flag("publicly_accessible", false)
        .flag("auto_minor_version_upgrade", false);
    Block::named("resource", "aws_rds_cluster_instance", &name, body)
}
