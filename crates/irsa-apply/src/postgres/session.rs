//! A session as the administrator.

use std::time::Duration;

use irsa_chain::untrusted::quoted;
use irsa_stack::sql::{assume, membership};
use tokio::time::timeout;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, Row};

use super::admin::Admin;
use super::error::{LoginError, statement_failed};
use crate::ApplyError;

/// Names in the catalog cannot be hidden by objects of users. Statements and locks are bounded. The session may be idle,
/// because it is needed for taking a grant back. A created role does not get the administrator as a member that inherits.
/// The last two settings are missing on some versions.
const SETTINGS: &str = "SET search_path = pg_catalog, pg_temp;
    SET statement_timeout = '5min'; SET lock_timeout = '30s';
    SET idle_in_transaction_session_timeout = '1min';
    SELECT set_config(name, CASE name WHEN 'idle_session_timeout' THEN '0' ELSE '' END, false)
      FROM pg_settings WHERE name IN ('idle_session_timeout', 'createrole_self_grant')";

/// The limits of [`SETTINGS`].
const LIMITS: &str = "SET statement_timeout = '5min'; SET lock_timeout = '30s'";

/// Time between the server's limit and this one's.
const GRACE: Duration = Duration::from_mins(1);

/// Time limit for an answer, longer than the server's own.
const ANSWER_TIMEOUT: Duration = Duration::from_mins(6);

/// An open session.
pub(super) struct Session {
    client: Client,
    #[cfg(test)]
    fuse: super::fuse::Fuse,
}

// === impl Session ===

impl Session {
    pub(super) async fn open(admin: &Admin, database: &str) -> Result<Self, LoginError> {
        let client = admin.log_in(database).await?;
        let session = Self {
            client,
            #[cfg(test)]
            fuse: admin.fuse.clone(),
        };
        let set = session.answer(session.client.batch_execute(SETTINGS)).await;
        set.map_err(|error| LoginError::unreachable(error.message))?;
        Ok(session)
    }

    /// Returns the rows of a query.
    pub(super) async fn query(
        &self,
        sql: &str,
        parameters: &[&(dyn ToSql + Sync)],
    ) -> Result<Vec<Row>, ApplyError> {
        self.answer(self.client.query(sql, parameters)).await
    }

    /// Returns the first row of a query.
    pub(super) async fn first(
        &self,
        sql: &str,
        parameters: &[&(dyn ToSql + Sync)],
    ) -> Result<Option<Row>, ApplyError> {
        Ok(self.query(sql, parameters).await?.into_iter().next())
    }

    /// Runs a statement on its own, or several in one transaction.
    pub(super) async fn run_all(&self, statements: &[String]) -> Result<(), ApplyError> {
        let text = match statements {
            [] => return Ok(()),
            [single] => single.clone(),
            several => format!("BEGIN;\n{};\nCOMMIT", several.join(";\n")),
        };
        let outcome = self.answer(self.client.batch_execute(&text)).await;
        if outcome.is_err() && statements.len() > 1 {
            // The server has aborted the transaction; this ends it.
            let _ = self.answer(self.client.batch_execute("ROLLBACK")).await;
        }
        #[cfg(test)]
        self.fuse.burn()?;
        outcome
    }

    /// Runs statements in one transaction with the privileges of `role`. An administrator who can become the role does so,
    /// and keeps the membership. Any other one is a member until shortly before the end of the transaction, so that the
    /// membership never counts for a login.
    pub(super) async fn run_as_member(
        &self,
        role: &str,
        statements: &[String],
    ) -> Result<(), ApplyError> {
        let outcome = match self.can_become(role).await {
            Ok(true) => self.become_role(role, statements).await,
            Ok(false) => self.borrow(role, statements).await,
            Err(error) => Err(error),
        };
        let end = if outcome.is_ok() {
            "COMMIT"
        } else {
            "ROLLBACK"
        };
        let ended = self.answer(self.client.batch_execute(end)).await;
        #[cfg(test)]
        self.fuse.burn()?;
        outcome.and(ended)
    }

    /// Returns whether the administrator can become `role` by SET ROLE. Before PostgreSQL 16, every member can.
    async fn can_become(&self, role: &str) -> Result<bool, ApplyError> {
        let sql = "SELECT pg_has_role(r.oid,
              CASE WHEN current_setting('server_version_num')::int < 160000 THEN 'MEMBER' ELSE 'SET' END)
            FROM pg_roles r WHERE r.rolname = $1::text";
        let row = self.first(sql, &[&role]).await?;
        Ok(row.is_some_and(|row| row.get(0)))
    }

    /// The role ends with the transaction.
    async fn become_role(&self, role: &str, statements: &[String]) -> Result<(), ApplyError> {
        let text = format!("BEGIN;\n{};\n{}", assume(role), statements.join(";\n"));
        self.answer(self.client.batch_execute(&text)).await
    }

    async fn borrow(&self, role: &str, statements: &[String]) -> Result<(), ApplyError> {
        let before = self.memberships().await?;
        let [join, leave] = membership(role);
        let text = format!("BEGIN;\n{join};\n{};\n{leave}", statements.join(";\n"));
        self.answer(self.client.batch_execute(&text)).await?;
        if self.memberships().await? == before {
            return Ok(());
        }
        Err(ApplyError::new(format!(
            "the administrator would stay a member of {} after `{leave}`",
            quoted(role)
        )))
    }

    /// The administrator's memberships, as text.
    async fn memberships(&self) -> Result<Vec<String>, ApplyError> {
        let sql = "SELECT m::text FROM pg_auth_members m JOIN pg_roles r ON r.oid = m.member
            WHERE r.rolname = current_user ORDER BY 1";
        let rows = self.query(sql, &[]).await?;
        Ok(rows.iter().map(|row| row.get(0)).collect())
    }

    /// Runs a statement that changes only this session.
    pub(super) async fn run_unbroken(&self, statement: &str) -> Result<(), ApplyError> {
        self.answer(self.client.batch_execute(statement)).await
    }

    /// Runs a statement that ends by itself or is canceled.
    pub(super) async fn run_without_limit(&self, statement: &str) -> Result<(), ApplyError> {
        let outcome = self.client.batch_execute(statement).await;
        outcome.map_err(|error| statement_failed(&error))
    }

    /// Waits for an advisory lock, for as long as `lock_timeout` says, which is `limit`.
    pub(super) async fn lock(&self, key: i64, limit: Duration) -> Result<(), ApplyError> {
        let parameters: &[&(dyn ToSql + Sync)] = &[&key];
        let wait = self.client.query("SELECT pg_advisory_lock($1)", parameters);
        let limit = limit.saturating_add(GRACE);
        bounded(wait, limit).await.map(|_| ())
    }

    /// Bounds statements and locks as at the start of the session.
    pub(super) async fn reset_limits(&self) -> Result<(), ApplyError> {
        self.answer(self.client.batch_execute(LIMITS)).await
    }

    async fn answer<T>(
        &self,
        request: impl Future<Output = Result<T, tokio_postgres::Error>>,
    ) -> Result<T, ApplyError> {
        bounded(request, ANSWER_TIMEOUT).await
    }
}

async fn bounded<T>(
    request: impl Future<Output = Result<T, tokio_postgres::Error>>,
    limit: Duration,
) -> Result<T, ApplyError> {
    let Ok(answer) = timeout(limit, request).await else {
        let seconds = limit.as_secs();
        return Err(ApplyError::new(format!(
            "the server did not answer within {seconds} s"
        )));
    };
    answer.map_err(|error| statement_failed(&error))
}
