//! Grants to users of a database.

use std::slice;

use irsa_chain::untrusted::quoted;
use irsa_stack::sql::{DatabaseObject, grant_schema, grant_schema_usage};

use super::Run;
use super::access::Access;
use super::session::Session;
use super::state;
use crate::ApplyError;

/// A grant. The server ignores it with a warning where the administrator may not make it.
pub(super) struct Grant<'g> {
    what: String,
    statement: String,
    /// The database; `None` for the schema `public` of the session's.
    database: Option<&'g str>,
    user: &'g str,
    privileges: &'static [&'static str],
}

impl Run<'_, '_> {
    /// Makes the grant unless the user has it, and reads back whether the server did.
    pub(super) async fn grant(
        &mut self,
        inside: Option<&Session>,
        grant: Grant<'_>,
        is_there: bool,
    ) -> Result<(), ApplyError> {
        let session = inside.unwrap_or(&self.session);
        if is_there && grant.is_held(session).await? {
            self.steps.held(grant.what);
            return Ok(());
        }
        let statements = vec![grant.statement.clone()];
        let outcome = if self.steps.is_dry_run() {
            Ok(())
        } else {
            grant.make(session, self.admin.user()).await
        };
        self.report(grant.what, statements, outcome)
    }
}

// === impl Grant ===

impl Grant<'_> {
    /// Returns the statement that makes the grant.
    pub(super) fn statement(self) -> String {
        self.statement
    }

    async fn is_held(&self, session: &Session) -> Result<bool, ApplyError> {
        let held = match self.database {
            Some(database) => state::database_privileges(session, database, self.user).await?,
            None => state::schema_privileges(session, self.user).await?,
        };
        let is_held = |wanted: &&str| held.iter().any(|one| one == wanted);
        Ok(self.privileges.iter().all(is_held))
    }

    async fn make(&self, session: &Session, admin: &str) -> Result<(), ApplyError> {
        session.run_all(slice::from_ref(&self.statement)).await?;
        if self.is_held(session).await? {
            Ok(())
        } else {
            Err(ignored("GRANT", admin))
        }
    }
}

pub(super) fn database_grants(database: &DatabaseObject) -> Vec<Grant<'_>> {
    let name = &database.name;
    let writers = database.writers.iter().map(|user| Grant {
        what: format!(
            "user {} has all privileges on database {}",
            quoted(user),
            quoted(name)
        ),
        statement: database.grant_all(user),
        database: Some(name),
        user,
        privileges: Access::All.on_database(),
    });
    let readers = database.readers.iter().map(|user| Grant {
        what: format!(
            "user {} can connect to database {}",
            quoted(user),
            quoted(name)
        ),
        statement: database.grant_connect(user),
        database: Some(name),
        user,
        privileges: Access::Read.on_database(),
    });
    writers.chain(readers).collect()
}

pub(super) fn schema_grants(database: &DatabaseObject) -> Vec<Grant<'_>> {
    let schema = |user: &str, has: &str| {
        let (user, name) = (quoted(user).to_string(), quoted(&database.name));
        format!("user {user} {has} on schema public of database {name}")
    };
    let writers = database.writers.iter().map(|user| Grant {
        what: schema(user, "has all privileges"),
        statement: grant_schema(user),
        database: None,
        user,
        privileges: Access::All.on_schema(),
    });
    let readers = database.readers.iter().map(|user| Grant {
        what: schema(user, "has USAGE"),
        statement: grant_schema_usage(user),
        database: None,
        user,
        privileges: Access::Read.on_schema(),
    });
    writers.chain(readers).collect()
}

pub(super) fn ignored(statement: &str, admin: &str) -> ApplyError {
    ApplyError::new(format!(
        "the server ignored the {statement}: administrator {} is not the owner",
        quoted(admin)
    ))
    .with_remedy("run the statement as the owner, or make the administrator the owner")
}
