//! What earlier runs created and the specification no longer has.
//!
//! Databases are never removed, and neither are users that own something.

use irsa_chain::untrusted::quoted;
use irsa_stack::sql::{drop_user, revoke_all, revoke_schema};
use tokio_postgres::Row;

use super::Run;
use super::session::Session;
use crate::ApplyError;

/// Users with our comment, and whether they own something.
const MARKED_USERS: &str = "
    SELECT r.rolname::text, EXISTS (SELECT FROM pg_shdepend s
      WHERE s.refclassid = 'pg_authid'::regclass AND s.refobjid = r.oid AND s.deptype = 'o')
    FROM pg_roles r WHERE shobj_description(r.oid, 'pg_authid') = $1::text ORDER BY 1";

const MARKED_DATABASES: &str = "
    SELECT d.datname::text FROM pg_database d WHERE shobj_description(d.oid, 'pg_database') = $1::text ORDER BY 1";

/// Databases in which the user has privileges on something, and whether on the database itself.
const PRIVILEGES: &str = "
    SELECT d.datname::text, bool_or(s.dbid = 0)
    FROM pg_shdepend s JOIN pg_roles r ON r.oid = s.refobjid
      JOIN pg_database d ON d.oid = s.dbid OR (s.dbid = 0 AND s.classid = 'pg_database'::regclass AND d.oid = s.objid)
    WHERE s.refclassid = 'pg_authid'::regclass AND s.deptype = 'a' AND r.rolname = $1::text
    GROUP BY d.datname ORDER BY 1";

impl Run<'_, '_> {
    /// Reports what is left over, and removes it if `prune` says so and nothing depends on it.
    pub(super) async fn leftovers(&mut self, prune: bool) -> Result<(), ApplyError> {
        let mark = &self.objects.mark;
        for row in self.session.query(MARKED_USERS, &[mark]).await? {
            let (user, owns): (String, bool) = (row.get(0), row.get(1));
            if !self.objects.users.iter().any(|one| one.name == user) {
                self.leftover_user(&user, owns, prune).await?;
            }
        }
        let mark = &self.objects.mark;
        for row in self.session.query(MARKED_DATABASES, &[mark]).await? {
            let database: String = row.get(0);
            if !self
                .objects
                .databases
                .iter()
                .any(|one| one.name == database)
            {
                let name = quoted(&database);
                self.steps.note(
                    format!(
                        "database {name} is no longer in irsa.yaml; databases are never removed"
                    ),
                    Vec::new(),
                );
            }
        }
        Ok(())
    }

    async fn leftover_user(
        &mut self,
        user: &str,
        owns: bool,
        prune: bool,
    ) -> Result<(), ApplyError> {
        let name = quoted(user).to_string();
        if owns {
            self.steps.note(
                format!("user {name} is no longer in irsa.yaml; it owns objects and is kept"),
                Vec::new(),
            );
            return Ok(());
        }
        if !prune {
            self.steps.note(
                format!("user {name} is no longer in irsa.yaml; --prune removes it"),
                Vec::new(),
            );
            return Ok(());
        }
        let places = self.session.query(PRIVILEGES, &[&user]).await?;
        let mut statements: Vec<_> = places
            .iter()
            .filter(|row| row.get(1))
            .map(|row| revoke_all(row.get(0), user))
            .collect();
        statements.push(drop_user(user));
        let outcome = if self.steps.is_dry_run() {
            Ok(())
        } else {
            self.drop_user(user, &places, &statements).await
        };
        self.report(format!("user {name} is removed"), statements, outcome)
    }

    /// Takes back what a run granted, and drops the user. The server refuses if anything else depends on it.
    async fn drop_user(
        &self,
        user: &str,
        places: &[Row],
        statements: &[String],
    ) -> Result<(), ApplyError> {
        for place in places {
            let inside = Session::open(self.admin, place.get(0)).await?;
            inside.run_all(&[revoke_schema(user)]).await?;
        }
        self.session.run_all(statements).await.map_err(|error| {
            error.with_remedy(format!(
                "take back what others granted to {}, or run without --prune",
                quoted(user)
            ))
        })
    }
}
