//! Who can connect to a database that exists.

use irsa_chain::untrusted::quoted;
use irsa_stack::sql::DatabaseObject;

use super::grants::ignored;
use super::state::{self, DatabaseState};
use super::{MAX_NAMES, Run};
use crate::ApplyError;

impl Run<'_, '_> {
    /// Closes a database that exists to everyone else, if it is ours or exclusive; otherwise says who can connect.
    pub(super) async fn connections(
        &mut self,
        database: &DatabaseObject,
        existing: &DatabaseState,
    ) -> Result<(), ApplyError> {
        let is_ours = existing.is_marked(&self.objects.mark);
        if !existing.is_public {
            self.steps.held(only_users(database));
            return Ok(());
        }
        if !is_ours && !database.is_exclusive {
            return self.note_public(database).await;
        }
        let mut statements = Vec::new();
        if !is_ours {
            let users = state::public_users(&self.session, &database.name, true).await?;
            statements.extend(users.iter().map(|user| database.grant_connect(user)));
        }
        // Temporary tables of a database with applications stay allowed.
        statements.push(if is_ours {
            database.revoke_public()
        } else {
            database.revoke_public_connect()
        });
        let outcome = if self.steps.is_dry_run() {
            Ok(())
        } else {
            self.close(database, &statements).await
        };
        self.report(only_users(database), statements, outcome)
    }

    async fn close(
        &self,
        database: &DatabaseObject,
        statements: &[String],
    ) -> Result<(), ApplyError> {
        self.session.run_all(statements).await?;
        let now = state::database(&self.session, &database.name).await?;
        if now.is_some_and(|one| one.is_public) {
            return Err(ignored("REVOKE", self.admin.user()));
        }
        Ok(())
    }

    async fn note_public(&mut self, database: &DatabaseObject) -> Result<(), ApplyError> {
        let users = state::public_users(&self.session, &database.name, false).await?;
        let is_own = |name: &String| {
            database.writers.contains(name)
                || database.readers.contains(name)
                || name == self.admin.user()
        };
        let others: Vec<_> = users.into_iter().filter(|name| !is_own(name)).collect();
        let mut details: Vec<_> = others.iter().take(MAX_NAMES).cloned().collect();
        if others.len() > MAX_NAMES {
            details.push(format!("and {} more", others.len() - MAX_NAMES));
        }
        self.steps.note(
            format!(
                "every user can connect to database {}, which existed before: set `exclusive: true` to change that",
                quoted(&database.name)
            ),
            details,
        );
        Ok(())
    }
}

pub(super) fn only_users(database: &DatabaseObject) -> String {
    format!(
        "only users with a grant can connect to database {}",
        quoted(&database.name)
    )
}
