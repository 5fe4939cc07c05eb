//! Who can create objects in the schema `public`. Before PostgreSQL 15, every user could, and an upgrade keeps that.

use irsa_chain::untrusted::quoted;
use irsa_stack::sql::{DatabaseObject, REVOKE_PUBLIC_CREATE, grant_create};

use super::Run;
use super::grants::{Grant, ignored, schema_grants};
use super::session::Session;
use super::state::{self, SchemaState};
use crate::ApplyError;

/// The superuser of RDS, which owned the schema before PostgreSQL 15.
const SERVER: &str = "rdsadmin";

impl Run<'_, '_> {
    /// Lets only users with a grant create objects, if the database is ours or exclusive; otherwise says that all can.
    pub(super) async fn creation(
        &mut self,
        database: &DatabaseObject,
        is_ours: bool,
        inside: &Session,
    ) -> Result<(), ApplyError> {
        let Some(schema) = state::schema(inside).await? else {
            return Ok(());
        };
        if !schema.is_public {
            return Ok(());
        }
        // A new database is as the server made it.
        if schema.is_ours && (database.is_exclusive || is_ours) {
            return self.close_schema(database, inside).await;
        }
        self.note_creation(database, &schema, inside).await
    }

    async fn close_schema(
        &mut self,
        database: &DatabaseObject,
        inside: &Session,
    ) -> Result<(), ApplyError> {
        let statements = closing(inside).await?;
        let outcome = if self.steps.is_dry_run() {
            Ok(())
        } else {
            self.revoke_create(inside, &statements).await
        };
        let name = quoted(&database.name);
        let what = format!(
            "only users with a grant can create objects in schema public of database {name}"
        );
        self.report(what, statements, outcome)
    }

    async fn revoke_create(
        &self,
        inside: &Session,
        statements: &[String],
    ) -> Result<(), ApplyError> {
        inside.run_all(statements).await?;
        match state::schema(inside).await? {
            Some(schema) if schema.is_public => Err(ignored("REVOKE", self.admin.user())),
            _ => Ok(()),
        }
    }

    /// The administrator cannot change a schema of someone else: PostgreSQL would ignore its REVOKE with a warning.
    async fn note_creation(
        &mut self,
        database: &DatabaseObject,
        schema: &SchemaState,
        inside: &Session,
    ) -> Result<(), ApplyError> {
        let name = quoted(&database.name);
        let who = format!(
            "every user who can connect can create objects in schema public of database {name}, as before PostgreSQL 15"
        );
        let (how, statements) = if schema.is_ours {
            let how = "set `exclusive: true` to change that".to_owned();
            (how, closing(inside).await?)
        } else if schema.owner == SERVER {
            let how = format!(
                "the schema belongs to `{SERVER}`, as which no one can log in, so irsa limits only who can connect"
            );
            (how, Vec::new())
        } else {
            let (admin, owner) = (quoted(self.admin.user()), quoted(&schema.owner));
            let how = format!(
                "administrator {admin} does not own the schema; run these statements as its owner {owner}"
            );
            // The grants of the specification, which only the owner can make, come first.
            let grants = schema_grants(database).into_iter().map(Grant::statement);
            (how, grants.chain(closing(inside).await?).collect())
        };
        self.steps.note(format!("{who}: {how}"), statements);
        Ok(())
    }
}

/// The statements after which only users with a grant can create objects, and those who did so until now still can.
async fn closing(inside: &Session) -> Result<Vec<String>, ApplyError> {
    let creators = state::public_creators(inside).await?;
    let mut statements: Vec<_> = creators.iter().map(|user| grant_create(user)).collect();
    statements.push(REVOKE_PUBLIC_CREATE.to_owned());
    Ok(statements)
}
