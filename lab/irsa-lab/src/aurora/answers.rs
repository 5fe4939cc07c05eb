//! What the client is told: the texts of PostgreSQL and RDS, word for word.

use irsa_pgwire::error_response::ErrorResponse;
use irsa_pgwire::sqlstate::SqlState;

/// The one answer to every refused IAM login, whatever the cause.
pub(super) fn pam_failed(user: &str) -> ErrorResponse {
    let text = format!("PAM authentication failed for user \"{user}\"");
    from(
        ErrorResponse::fatal(SqlState::INVALID_AUTHORIZATION_SPECIFICATION, text),
        "auth.c",
        "auth_failed",
    )
}

/// RDS lets nobody in without TLS, and nobody as its own superuser.
pub(super) fn host_rejected(
    host: &str,
    user: &str,
    database: Option<&str>,
    encryption: Encryption,
) -> ErrorResponse {
    let encryption = match encryption {
        Encryption::None => "no encryption",
        Encryption::Tls => "SSL encryption",
    };
    let text = match database {
        Some(database) => format!(
            "pg_hba.conf rejects connection for host \"{host}\", user \"{user}\", database \"{database}\", {encryption}"
        ),
        None => format!(
            "pg_hba.conf rejects replication connection for host \"{host}\", user \"{user}\", {encryption}"
        ),
    };
    from(
        ErrorResponse::fatal(SqlState::INVALID_AUTHORIZATION_SPECIFICATION, text),
        "auth.c",
        "ClientAuthentication",
    )
}

/// How a client is connected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Encryption {
    None,
    Tls,
}

/// All connection slots are taken.
pub(super) fn too_many_clients() -> ErrorResponse {
    let text = "sorry, too many clients already";
    from(
        ErrorResponse::fatal(SqlState::TOO_MANY_CONNECTIONS, text),
        "proc.c",
        "InitProcess",
    )
}

/// The password did not come in time.
pub(super) fn authentication_timed_out() -> ErrorResponse {
    let text = "canceling authentication due to timeout";
    from(
        ErrorResponse::fatal(SqlState::QUERY_CANCELED, text),
        "postgres.c",
        "ProcessInterrupts",
    )
}

/// Clear text came where the TLS handshake was due: somebody may have slipped it in.
pub(super) fn unencrypted_data() -> ErrorResponse {
    ErrorResponse::fatal(SqlState::PROTOCOL_VIOLATION, "received unencrypted data after SSL request").detail(
        "This could be either a client-software bug or evidence of an attempted man-in-the-middle attack.",
    )
}

/// Encryption within encryption.
pub(super) fn encrypted_twice() -> ErrorResponse {
    protocol_violation("encryption was requested twice")
}

/// A message that does not belong here.
pub(super) fn protocol_violation(text: impl Into<String>) -> ErrorResponse {
    ErrorResponse::fatal(SqlState::PROTOCOL_VIOLATION, text)
}

/// A password of no length.
pub(super) fn empty_password() -> ErrorResponse {
    let text = "empty password returned by client";
    from(
        ErrorResponse::fatal(SqlState::INVALID_PASSWORD, text),
        "auth.c",
        "recv_password_packet",
    )
}

/// The front, not PostgreSQL, has a problem.
pub(super) fn out_of_order() -> ErrorResponse {
    ErrorResponse::fatal(
        SqlState::CANNOT_CONNECT_NOW,
        "the database system is not accepting connections",
    )
}

/// Adds where in PostgreSQL's source the text comes from: some clients go by it.
fn from(mut response: ErrorResponse, file: &'static str, routine: &'static str) -> ErrorResponse {
    response
        .others
        .extend([(b'F', file.to_owned()), (b'R', routine.to_owned())]);
    response
}
