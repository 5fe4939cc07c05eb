//! Aurora PostgreSQL clusters.

use super::{Context, identifier, prevent_destroy, with_protection};
use crate::hcl::{Block, Body, Expression};
use crate::stack::{CreatePostgres, PostgresStore};

/// The instance class without `serverless` and `instance`.
const INSTANCE_CLASS: &str = "db.r6g.large";

/// A cluster and its instances.
pub(super) fn blocks(
    context: &Context<'_>,
    store: &PostgresStore,
    create: &CreatePostgres,
) -> [Block; 2] {
    [cluster(context, store, create), instances(store, create)]
}

fn cluster(context: &Context<'_>, store: &PostgresStore, create: &CreatePostgres) -> Block {
    let admin = store.admin.as_ref().map(Expression::text);
    let body = Body::new()
        .text("cluster_identifier", &store.identifier)
        .text("engine", "aurora-postgresql")
        .text("engine_version", &create.engine_version)
        .integer("port", store.port)
        .set_some("master_username", admin);
    let capacity = create.serverless.map(|serverless| {
        let body = Body::new()
            .set("min_capacity", Expression::Number(serverless.min))
            .set("max_capacity", Expression::Number(serverless.max));
        Block::plain("serverlessv2_scaling_configuration", body)
    });
    let body = with_protection(body, context, store, create)
        .blocks(capacity)
        .block(prevent_destroy());
    Block::named("resource", "aws_rds_cluster", &identifier(&store.key), body)
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
