//! Databases, and what their users get.

use irsa_chain::untrusted::quoted;
use irsa_stack::sql::DatabaseObject;

use super::Run;
use super::connections::only_users;
use super::grants::{database_grants, schema_grants};
use super::session::Session;
use super::state::{self, DatabaseState};
use crate::ApplyError;

impl Run<'_, '_> {
    /// Creates the database, and lets its users in.
    pub(super) async fn database(&mut self, database: &DatabaseObject) -> Result<(), ApplyError> {
        let found = state::database(&self.session, &database.name).await?;
        self.existence(database, found.as_ref()).await?;
        // In a dry run, a new database does not exist yet.
        let is_there = found.as_ref().is_some_and(|one| !one.is_new) || !self.steps.is_dry_run();
        for grant in database_grants(database) {
            self.grant(None, grant, is_there).await?;
        }
        if let Some(existing) = found.as_ref().filter(|one| !one.is_new) {
            self.connections(database, existing).await?;
        }
        let has_users = !(database.writers.is_empty() && database.readers.is_empty());
        let inside = if is_there && (has_users || database.is_exclusive) {
            Some(Session::open(self.admin, &database.name).await?)
        } else {
            None
        };
        for grant in schema_grants(database) {
            self.grant(inside.as_ref(), grant, inside.is_some()).await?;
        }
        let Some(inside) = inside else {
            return Ok(());
        };
        let is_ours = found.is_none_or(|one| one.is_new || one.is_marked(&self.objects.mark));
        self.creation(database, is_ours, &inside).await
    }

    /// A database that a run creates takes connections only when no one but its users can connect.
    async fn existence(
        &mut self,
        database: &DatabaseObject,
        found: Option<&DatabaseState>,
    ) -> Result<(), ApplyError> {
        let what = format!("database {} exists", quoted(&database.name));
        if found.is_none() {
            self.change(what, vec![database.create()]).await?;
        } else {
            self.steps.held(what);
        }
        if found.is_none_or(|one| one.is_new) {
            let open = database.open(&self.objects.mark).to_vec();
            self.change(only_users(database), open).await?;
        }
        Ok(())
    }
}
