//! Error responses, with the exact texts of PostgreSQL and RDS.

use irsa_pgwire::error_response::ErrorResponse;
use irsa_pgwire::sqlstate::SqlState;

/// The response to every rejected IAM login, whatever the cause.
pub(super) fn pam_failed(user: &str) -> ErrorResponse {
    let text = format!("PAM authentication failed for user \"{user}\"");
    from(
        ErrorResponse::fatal(SqlState::INVALID_AUTHORIZATION_SPECIFICATION, text),
        "auth.c",
        "auth_failed",
    )
}

/// The response to logins without TLS, and to logins as RDS's superuser.
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

/// The encryption of a client's connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Encryption {
    None,
    Tls,
}

/// All connection slots are in use.
pub(super) fn too_many_clients() -> ErrorResponse {
    let text = "sorry, too many clients already";
    from(
        ErrorResponse::fatal(SqlState::TOO_MANY_CONNECTIONS, text),
        "proc.c",
        "InitProcess",
    )
}

/// The password did not arrive in time.
pub(super) fn authentication_timed_out() -> ErrorResponse {
    let text = "canceling authentication due to timeout";
    from(
        ErrorResponse::fatal(SqlState::QUERY_CANCELED, text),
        "postgres.c",
        "ProcessInterrupts",
    )
}

/// Clear text arrived in place of the TLS handshake, possibly injected by an attacker.
pub(super) fn unencrypted_data() -> ErrorResponse {
    ErrorResponse::fatal(SqlState::PROTOCOL_VIOLATION, "received unencrypted data after SSL request").detail(
        "This could be either a client-software bug or evidence of an attempted man-in-the-middle attack.",
    )
}

/// A request for encryption within encryption.
pub(super) fn encrypted_twice() -> ErrorResponse {
    protocol_violation("encryption was requested twice")
}

/// An unexpected message.
pub(super) fn protocol_violation(text: impl Into<String>) -> ErrorResponse {
    ErrorResponse::fatal(SqlState::PROTOCOL_VIOLATION, text)
}

/// An empty password.
pub(super) fn empty_password() -> ErrorResponse {
    let text = "empty password returned by client";
    from(
        ErrorResponse::fatal(SqlState::INVALID_PASSWORD, text),
        "auth.c",
        "recv_password_packet",
    )
}

/// A failure of the front, not of PostgreSQL.
pub(super) fn out_of_order() -> ErrorResponse {
    ErrorResponse::fatal(
        SqlState::CANNOT_CONNECT_NOW,
        "the database system is not accepting connections",
    )
}

/// Adds the source location in PostgreSQL, which some clients evaluate.
fn from(mut response: ErrorResponse, file: &'static str, routine: &'static str) -> ErrorResponse {
    response
        .others
        .extend([(b'F', file.to_owned()), (b'R', routine.to_owned())]);
    response
}
