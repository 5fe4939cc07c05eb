//! Who can create objects in the schema `public`. Before PostgreSQL 15, every user could, and an upgrade keeps that.

use irsa_chain::untrusted::quoted;
use irsa_stack::sql::{DatabaseObject, REVOKE_PUBLIC_CREATE, grant_create};

use super::Run;
use super::grants::ignored;
use super::session::Session;
use super::state::{self, SchemaState};
use crate::ApplyError;

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
        // `exclusive: true` fails if someone else owns the schema. A new database is as the server made it.
        if database.is_exclusive || is_ours && schema.is_ours {
            return self.close_schema(database, inside).await;
        }
        self.note_creation(database, is_ours, &schema);
        Ok(())
    }

    async fn close_schema(
        &mut self,
        database: &DatabaseObject,
        inside: &Session,
    ) -> Result<(), ApplyError> {
        let creators = state::public_creators(inside).await?;
        let mut statements: Vec<_> = creators.iter().map(|user| grant_create(user)).collect();
        statements.push(REVOKE_PUBLIC_CREATE.to_owned());
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

    fn note_creation(&mut self, database: &DatabaseObject, is_ours: bool, schema: &SchemaState) {
        let name = quoted(&database.name);
        let who = format!(
            "every user can create objects in schema public of database {name}, as before PostgreSQL 15"
        );
        let how = if is_ours {
            format!("its owner {} can change that", quoted(&schema.owner))
        } else {
            "set `exclusive: true` to change that".to_owned()
        };
        let statements = vec![REVOKE_PUBLIC_CREATE.to_owned()];
        self.steps.note(format!("{who}: {how}"), statements);
    }
}
