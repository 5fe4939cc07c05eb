//! DB instances of Amazon RDS for PostgreSQL.

use super::{Context, identifier, prevent_destroy, with_protection};
use crate::hcl::{Block, Body, Expression};
use crate::render::terraform::volume::gibibytes;
use crate::stack::{CreatePostgres, PostgresStore};

/// The instance class without `instance`.
const INSTANCE_CLASS: &str = "db.m6g.large";
/// GiB of storage without `volume`.
const VOLUME: u64 = 100;

/// An instance. Automatic upgrades would differ from the engine version of the file.
pub(super) fn block(
    context: &Context<'_>,
    store: &PostgresStore,
    create: &CreatePostgres,
) -> Block {
    let class = create.instance.as_deref().unwrap_or(INSTANCE_CLASS);
    let volume = create.volume.as_deref().and_then(gibibytes);
    let admin = store.admin.as_ref().map(Expression::text);
    let body = Body::new()
        .text("identifier", &store.identifier)
        .text("engine", "postgres")
        .text("engine_version", &create.engine_version)
        .text("instance_class", class)
        .text("storage_type", "gp3")
        .integer("allocated_storage", volume.unwrap_or(VOLUME))
        .flag("multi_az", create.instances > 1)
        .integer("port", store.port)
        .set_some("username", admin);
    let body = with_protection(body, context, store, create)
        .flag("publicly_accessible", false)
        .flag("auto_minor_version_upgrade", false)
        .block(prevent_destroy());
    Block::named("resource", "aws_db_instance", &identifier(&store.key), body)
}
