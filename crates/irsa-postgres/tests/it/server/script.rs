//! What a server does in a login, step by step.

use bytes::Bytes;
use irsa_pgwire::backend::Authentication;
use irsa_pgwire::error_response::ErrorResponse;
use irsa_pgwire::sqlstate::SqlState;

use crate::wire::encoded;

/// One step of a login.
#[derive(Debug, Clone)]
pub(crate) enum Step {
    /// Asks for something and waits for the answer.
    Ask(Authentication),
    /// Sends these bytes.
    Send(Bytes),
    /// Refuses with an error that has the password in it.
    QuotePassword,
    /// Lets the client in: AuthenticationOk and all up to ReadyForQuery.
    Welcome,
    /// Does nothing, until the client is gone.
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

/// What a careless server says.
pub(super) fn quoting(password: &str) -> ErrorResponse {
    let text = format!("no such password: {password}");
    ErrorResponse::fatal(SqlState::INVALID_PASSWORD, text.clone())
        .detail(text.clone())
        .hint(text)
}

/// What Aurora says when IAM has turned a token down.
pub(crate) fn refusal() -> ErrorResponse {
    ErrorResponse::fatal(
        SqlState::INVALID_AUTHORIZATION_SPECIFICATION,
        "PAM authentication failed for user \"app\"",
    )
}
