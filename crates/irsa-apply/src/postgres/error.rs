//! Errors of the server and of logins, without secrets.

use std::error::Error as _;
use std::fmt::Write as _;

use irsa_chain::untrusted::{printable, quoted};
use irsa_stack::sql::grant_connect;
use tokio_postgres::error::SqlState;

use super::admin::Admin;
use crate::ApplyError;

/// The reason why a login as the administrator failed.
#[derive(Debug)]
pub(super) struct LoginError {
    /// Whether the server refused the user or its password. Otherwise it could not be asked.
    pub(super) is_refused: bool,
    error: ApplyError,
}

/// Describes the failure of a statement.
pub(super) fn statement_failed(error: &tokio_postgres::Error) -> ApplyError {
    let text = server_text(error);
    let hint = error.as_db_error().and_then(|error| error.hint());
    let failed = ApplyError::new(text);
    match hint {
        Some(hint) => failed.with_remedy(printable(hint).to_string()),
        None => failed,
    }
}

/// Returns the server's message with its SQLSTATE and detail, or the reason why it is missing.
fn server_text(error: &tokio_postgres::Error) -> String {
    let Some(response) = error.as_db_error() else {
        let source = error.source();
        return source.map_or_else(|| error.to_string(), |source| format!("{error}: {source}"));
    };
    let mut text = format!(
        "{} (SQLSTATE {})",
        printable(response.message()),
        response.code().code()
    );
    if let Some(detail) = response.detail() {
        let _ = write!(text, ": {}", printable(detail));
    }
    text
}

// === impl LoginError ===

impl LoginError {
    pub(super) fn unreachable(message: String) -> Self {
        Self {
            is_refused: false,
            error: ApplyError::new(message),
        }
    }

    pub(super) fn with_remedy(mut self, remedy: String) -> Self {
        self.error.remedy = Some(remedy);
        self
    }

    pub(super) fn from_postgres(
        admin: &Admin,
        database: Option<&str>,
        error: &tokio_postgres::Error,
    ) -> Self {
        let refusals = [
            &SqlState::INVALID_AUTHORIZATION_SPECIFICATION,
            &SqlState::INVALID_PASSWORD,
        ];
        let is_refused = error.code().is_some_and(|code| refusals.contains(&code));
        let (user, endpoint) = (quoted(admin.user()), quoted(admin.endpoint()));
        let message = format!(
            "administrator {user} cannot log in to {endpoint}: {}",
            server_text(error)
        );
        let is_closed = error.code() == Some(&SqlState::INSUFFICIENT_PRIVILEGE);
        let error = ApplyError::new(message);
        Self {
            is_refused,
            error: match database.filter(|_| is_closed) {
                _ if is_refused => error.with_remedy(
                    "check the password; if the administrator is a member of rds_iam, use --admin iam",
                ),
                Some(database) => error.with_remedy(format!(
                    "as the owner of the database, run `{}`",
                    grant_connect(database, admin.user())
                )),
                None => error,
            },
        }
    }

    /// The error of a refused login whose password cannot be compared with the current one: it is unknown whether the server
    /// would accept that.
    pub(super) fn unread(&self, error: ApplyError) -> Self {
        Self {
            is_refused: false,
            error: ApplyError {
                message: format!(
                    "{}; whether the password has changed is unknown: {}",
                    self.error.message, error.message
                ),
                remedy: error.remedy,
            },
        }
    }

    /// Returns the reason alone.
    pub(super) fn reason(&self) -> &str {
        &self.error.message
    }
}

impl From<LoginError> for ApplyError {
    fn from(error: LoginError) -> Self {
        error.error
    }
}
