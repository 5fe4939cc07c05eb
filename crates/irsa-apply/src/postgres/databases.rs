//! Databases, and who may connect to them.

use std::slice;

use irsa_chain::untrusted::quoted;
use irsa_stack::sql::{DatabaseObject, grant_schema, grant_schema_usage};

use super::Run;
use super::session::Session;
use super::state::{self, DatabaseState};
use crate::ApplyError;

/// Users that are listed by name.
const MAX_NAMES: usize = 20;

/// A grant. The server ignores it with a warning where the administrator may not make it.
struct Grant<'g> {
    what: String,
    statement: String,
    /// The database; `None` for the schema `public` of the session's.
    database: Option<&'g str>,
    user: &'g str,
    privileges: &'static [&'static str],
}

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
        if let Some(existing) = found.filter(|one| !one.is_new) {
            self.connections(database, &existing).await?;
        }
        let inside = if is_there && !(database.writers.is_empty() && database.readers.is_empty()) {
            Some(Session::open(self.admin, &database.name).await?)
        } else {
            None
        };
        for grant in schema_grants(database) {
            self.grant(inside.as_ref(), grant, inside.is_some()).await?;
        }
        Ok(())
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

    /// Makes the grant unless the user has it, and reads back whether the server did.
    async fn grant(
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

    /// Closes a database that exists to everyone else, if it is ours or exclusive; otherwise says who can connect.
    async fn connections(
        &mut self,
        database: &DatabaseObject,
        existing: &DatabaseState,
    ) -> Result<(), ApplyError> {
        let is_ours = existing.comment.as_ref() == Some(&self.objects.mark);
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

// === impl Grant ===

impl Grant<'_> {
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

fn database_grants(database: &DatabaseObject) -> Vec<Grant<'_>> {
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
        privileges: &["CONNECT", "CREATE", "TEMPORARY"],
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
        privileges: &["CONNECT"],
    });
    writers.chain(readers).collect()
}

fn schema_grants(database: &DatabaseObject) -> Vec<Grant<'_>> {
    let schema = |user: &str, has: &str| {
        let (user, name) = (quoted(user).to_string(), quoted(&database.name));
        format!("user {user} {has} on schema public of database {name}")
    };
    let writers = database.writers.iter().map(|user| Grant {
        what: schema(user, "has all privileges"),
        statement: grant_schema(user),
        database: None,
        user,
        privileges: &["USAGE", "CREATE"],
    });
    let readers = database.readers.iter().map(|user| Grant {
        what: schema(user, "has USAGE"),
        statement: grant_schema_usage(user),
        database: None,
        user,
        privileges: &["USAGE"],
    });
    writers.chain(readers).collect()
}

fn only_users(database: &DatabaseObject) -> String {
    format!(
        "only users with a grant can connect to database {}",
        quoted(&database.name)
    )
}

fn ignored(statement: &str, admin: &str) -> ApplyError {
    ApplyError::new(format!(
        "the server ignored the {statement}: administrator {} is not the owner",
        quoted(admin)
    ))
    .with_remedy("run the statement as the owner, or make the administrator the owner")
}
