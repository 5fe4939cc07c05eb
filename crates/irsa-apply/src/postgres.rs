//! Users and databases of a PostgreSQL cluster.
//!
//! A run connects as an administrator who is not a superuser and does not own the users' objects. It changes what
//! differs from the specification, one statement or transaction at a time, so that an interrupted run leaves nothing
//! open to others, and the next run completes it.
//!
//! `rds_iam` ends the login by password of every member. Therefore the administrator must not become a member by
//! creating a user: paths of memberships are checked before each grant, and a login as the administrator proves it
//! after each, while the session that can take the grant back is still open.

mod access;
mod acl;
mod admin;
mod connections;
mod creation;
mod databases;
mod error;
#[cfg(test)]
mod fuse;
mod grants;
mod guard;
mod login_proof;
mod password_login;
mod prune;
mod run_lock;
mod session;
mod state;
mod surplus;
mod tls;
mod users;

use std::time::Duration;

use irsa_stack::sql::PostgresObjects;

pub use self::admin::{Admin, AdminPassword, LoginSource};
pub use self::password_login::{InvalidPasswordLogin, PasswordLogin};
use self::session::Session;
use crate::{ApplyError, Steps};

/// The database of the administrator's session. Every cluster of RDS has it.
const ADMIN_DATABASE: &str = "postgres";

/// Users that are listed by name.
const MAX_NAMES: usize = 20;

/// The options of a run beyond creating and changing.
#[derive(Debug, Clone)]
pub struct Options {
    /// Whether to remove users that an earlier run created and that the specification no longer has.
    pub prune: bool,
    /// Time to wait for another run on the same cluster.
    pub lock_timeout: Duration,
}

/// A run on one cluster.
struct Run<'r, 's> {
    objects: &'r PostgresObjects,
    admin: &'r Admin,
    session: Session,
    steps: &'r mut Steps<'s>,
}

/// Makes the cluster what `objects` says, or reports the differences.
///
/// # Errors
/// The administrator cannot log in, another run did not end in time, an object belongs to someone else, or a statement
/// failed. What was changed until then is complete; the next run continues.
pub async fn apply(
    objects: &PostgresObjects,
    admin: &Admin,
    options: &Options,
    steps: &mut Steps<'_>,
) -> Result<(), ApplyError> {
    let session = Session::open(admin, ADMIN_DATABASE).await?;
    state::check_server(&session).await?;
    if !steps.is_dry_run() {
        run_lock::acquire(&session, options.lock_timeout, steps).await?;
        guard::wait_for_others(&session, steps).await?;
    }
    let mut run = Run {
        objects,
        admin,
        session,
        steps,
    };
    for user in &objects.users {
        run.user(user).await?;
    }
    run.surplus_memberships().await?;
    for database in &objects.databases {
        run.database(database).await?;
    }
    run.surplus_privileges().await?;
    run.leftovers(options.prune).await
}

// === impl Run ===

impl Run<'_, '_> {
    /// Runs the statements in the administrator's session, unless this is a dry run, and reports the step.
    async fn change(
        &mut self,
        what: impl Into<String> + Send,
        statements: Vec<String>,
    ) -> Result<(), ApplyError> {
        let what = what.into();
        let outcome = if self.steps.is_dry_run() {
            Ok(())
        } else {
            self.session.run_all(&statements).await
        };
        self.report(what, statements, outcome)
    }

    /// Reports the step by its outcome.
    fn report(
        &mut self,
        what: String,
        statements: Vec<String>,
        outcome: Result<(), ApplyError>,
    ) -> Result<(), ApplyError> {
        match outcome {
            Ok(()) => self.steps.changed(what, statements),
            Err(_) => self.steps.failed(what, statements),
        }
        outcome
    }
}

#[cfg(test)]
mod tests;
