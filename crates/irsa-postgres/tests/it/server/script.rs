//! The steps of a server's script.

use bytes::Bytes;
use irsa_pgwire::backend::Authentication;
use irsa_pgwire::error_response::ErrorResponse;
use irsa_pgwire::sqlstate::SqlState;

use crate::wire::encoded;

/// One step of a login.
#[derive(Debug, Clone)]
pub(crate) enum Step {
    /// Sends an authentication request and waits for the response.
    Ask(Authentication),
    /// Sends these bytes.
    Send(Bytes),
    /// Refuses with an error that quotes the password.
    QuotePassword,
    /// Accepts the login: AuthenticationOk and all messages up to ReadyForQuery.
    AcceptLogin,
    /// Does nothing until the client disconnects.
    Hang,
}

// === impl Step ===

impl Step {
    pub(crate) const fn ask_for_password() -> Self {
        Self::Ask(Authentication::CleartextPassword)
    }

    pub(crate) fn send(bytes: impl Into<Bytes>) -> Self {
        Self::Send(bytes.into())
    }

    pub(crate) fn refuse(error: &ErrorResponse) -> Self {
        Self::Send(encoded(|buf| error.encode(buf)))
    }
}

/// Returns an error that quotes the password.
pub(super) fn quoting(password: &str) -> ErrorResponse {
    let text = format!("no such password: {password}");
    ErrorResponse::fatal(SqlState::INVALID_PASSWORD, text.clone())
        .detail(text.clone())
        .hint(text)
}

/// Returns Aurora's error for a rejected token.
pub(crate) fn refusal() -> ErrorResponse {
    ErrorResponse::fatal(
        SqlState::INVALID_AUTHORIZATION_SPECIFICATION,
        "PAM authentication failed for user \"app\"",
    )
}
