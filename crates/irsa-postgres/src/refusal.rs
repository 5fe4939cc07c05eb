//! What a server means by refusing a login.
//!
//! PostgreSQL has one SQLSTATE for several reasons; the function that raised the error tells them apart where
//! messages may be translated. RDS Proxy has a sentence of its own for each of its reasons ("Troubleshooting for RDS
//! Proxy" in the Aurora user guide).

use irsa_chain::Cause;
use irsa_pgwire::error_response::ErrorResponse;
use irsa_pgwire::sqlstate::SqlState;

/// How far a login had come when it was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// The server has not been sent a token.
    BeforeToken,
    /// It has been sent one, and has not said yet what it thinks of it.
    AfterToken,
    /// It has accepted the login (AuthenticationOk).
    Accepted,
}

/// The reason for which a server refuses a login.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// No line of `pg_hba.conf` lets the client in.
    NotInHba,
    /// There is no such role.
    NoSuchRole,
    /// The role has NOLOGIN.
    NoLogin,
    /// The connection asks for replication, and the role may not replicate.
    NoReplication,
    /// The role's, or the database's, own limit of connections is reached.
    ConnectionLimit,
    /// RDS Proxy has no secret of the user.
    UnknownToRdsProxy,
    /// The token was not accepted. PostgreSQL does not say why.
    Token,
    /// It checks passwords of this user, so the user is no member of rds_iam.
    NoMember,
    /// There is no such database.
    NoSuchDatabase,
    /// The user may not connect to the database.
    NoPrivilege,
    /// Too many connections, or too many new ones a second.
    Busy,
    /// It starts or stops.
    NotAvailable,
    /// None of those.
    Other,
}

/// Functions of PostgreSQL that raise 28000. Their names are not translated.
mod routine {
    /// No line of `pg_hba.conf` lets the client in.
    pub(super) const NOT_IN_HBA: &str = "ClientAuthentication";
    /// There is no such role, or it may not log in.
    pub(super) const NO_SUCH_ROLE: &str = "InitializeSessionUserId";
}

impl Refusal {
    /// Reads it from the server's words.
    pub fn classify(response: &ErrorResponse, stage: Stage) -> Self {
        let says = |words: &str| response.message.contains(words);
        match response.code {
            SqlState::TOO_MANY_CONNECTIONS
                if says("too many connections for role")
                    || says("too many connections for database") =>
            {
                Self::ConnectionLimit
            }
            _ if is_busy(response) => Self::Busy,
            _ if says("no credentials for the role") => Self::UnknownToRdsProxy,
            _ if says("IAM authentication failed") => Self::Token,
            SqlState::INVALID_AUTHORIZATION_SPECIFICATION => match routine_of(response) {
                Some(routine::NOT_IN_HBA) => Self::NotInHba,
                Some(routine::NO_SUCH_ROLE) if says("is not permitted to log in") => Self::NoLogin,
                Some(routine::NO_SUCH_ROLE) => Self::NoSuchRole,
                _ if says("pg_hba.conf") => Self::NotInHba,
                _ if says("is not permitted to log in") => Self::NoLogin,
                _ if stage == Stage::AfterToken => Self::Token,
                _ if says("does not exist") => Self::NoSuchRole,
                _ => Self::Other,
            },
            // The server accepted the login: no password of its own can be wrong.
            SqlState::INVALID_PASSWORD if stage == Stage::Accepted => Self::Other,
            SqlState::INVALID_PASSWORD => Self::NoMember,
            SqlState::INVALID_CATALOG => Self::NoSuchDatabase,
            SqlState::INSUFFICIENT_PRIVILEGE if says("WAL sender") => Self::NoReplication,
            SqlState::INSUFFICIENT_PRIVILEGE => Self::NoPrivilege,
            SqlState::CANNOT_CONNECT_NOW | SqlState::ADMIN_SHUTDOWN | SqlState::CRASH_SHUTDOWN => {
                Self::NotAvailable
            }
            _ => Self::Other,
        }
    }

    /// The cause in the chain, as far as the reason is one of its.
    pub const fn cause(self) -> Option<Cause> {
        match self {
            Self::NoSuchRole | Self::UnknownToRdsProxy => Some(Cause::RoleNotFound),
            Self::Token => Some(Cause::IamLoginRefused),
            Self::NoMember => Some(Cause::RdsIamNotGranted),
            Self::NoSuchDatabase => Some(Cause::WrongDatabase),
            Self::NoPrivilege | Self::NoLogin | Self::NoReplication => {
                Some(Cause::DatabaseAccessDenied)
            }
            Self::ConnectionLimit | Self::Busy => Some(Cause::EndpointOverloaded),
            Self::NotAvailable => Some(Cause::NotAvailable),
            Self::NotInHba | Self::Other => None,
        }
    }

    /// What to do, where it is more than the remedy of the cause, or there is no cause.
    pub const fn remedy(self) -> Option<&'static str> {
        match self {
            Self::NotInHba => Some(
                "RDS lets every user in over TLS, but for its own database `rdsadmin`: name another database, and see \
                 that the host is RDS's endpoint and no other PostgreSQL",
            ),
            Self::UnknownToRdsProxy => Some(
                "make the user known to the RDS proxy: name the secret of the user in `aws rds modify-db-proxy \
                 --db-proxy-name NAME --auth AuthScheme=SECRETS,IAMAuth=REQUIRED,SecretArn=ARN` (the list replaces the \
                 one before), or let the proxy itself log in by IAM: `--default-auth-scheme IAM_AUTH`",
            ),
            Self::NoLogin => Some(
                "run `ALTER ROLE \"DB_USER\" LOGIN;` as the master user: `CREATE ROLE` makes roles that cannot log in, \
                 `CREATE USER` makes roles that can",
            ),
            Self::NoReplication => Some(
                "run `GRANT rds_replication TO \"DB_USER\";` as the master user, and see that the parameter \
                 rds.logical_replication is 1; a client that does not replicate must not set `replication`",
            ),
            Self::ConnectionLimit => Some(
                "raise the limit as the master user, `ALTER ROLE \"DB_USER\" CONNECTION LIMIT -1;` (or `ALTER DATABASE`, if \
                 the message names the database), or lower the client's number of connections",
            ),
            _ => None,
        }
    }
}

fn is_busy(response: &ErrorResponse) -> bool {
    const WORDS: [&str; 4] = [
        "competing requests",
        "client connections to the proxy exceeded",
        "Rate of connection to proxy exceeded",
        "waiting to acquire database connection",
    ];
    let message = response.message.as_str();
    response.code == SqlState::TOO_MANY_CONNECTIONS
        || WORDS.iter().any(|words| message.contains(words))
}

/// The function that raised an error (PostgreSQL docs, "Error and Notice Message Fields").
fn routine_of(response: &ErrorResponse) -> Option<&str> {
    let mut others = response.others.iter();
    let (_, routine) = others.find(|(letter, _)| *letter == b'R')?;
    Some(routine)
}

#[cfg(test)]
mod tests {
    use super::*;

    const REFUSED: SqlState = SqlState::INVALID_AUTHORIZATION_SPECIFICATION;

    fn of(code: SqlState, message: &str, stage: Stage) -> Refusal {
        Refusal::classify(&ErrorResponse::fatal(code, message.to_owned()), stage)
    }

    fn raised_by(routine: &str, stage: Stage) -> Refusal {
        let mut response = ErrorResponse::fatal(REFUSED, "in another language".to_owned());
        response.others.push((b'R', routine.to_owned()));
        Refusal::classify(&response, stage)
    }

    #[test]
    fn before_the_token_only_a_user_that_does_not_exist_is_said_not_to_exist() {
        for (message, refusal) in [
            ("role \"app\" does not exist", Refusal::NoSuchRole),
            (
                "no pg_hba.conf entry for host \"10.0.0.1\", user \"app\", database \"rdsadmin\", SSL encryption",
                Refusal::NotInHba,
            ),
            (
                "This RDS proxy has no credentials for the role app. Check the credentials for this role and try again.",
                Refusal::UnknownToRdsProxy,
            ),
            (
                "The maximum number of client connections to the proxy exceeded 100.",
                Refusal::Busy,
            ),
            ("something new", Refusal::Other),
        ] {
            assert_eq!(
                of(REFUSED, message, Stage::BeforeToken),
                refusal,
                "{message}"
            );
        }
    }

    #[test]
    fn a_refused_token_is_told_by_code_or_words() {
        let failed = "The IAM authentication failed for the role app. Check the IAM token for this role and try again.";
        for (code, message) in [
            (REFUSED, "PAM authentication failed for user \"app\""),
            (SqlState::PROTOCOL_VIOLATION, failed),
        ] {
            assert_eq!(
                of(code, message, Stage::AfterToken),
                Refusal::Token,
                "{message}"
            );
        }
        let busy = "The IAM authentication failed because of too many competing requests.";
        assert_eq!(of(REFUSED, busy, Stage::AfterToken), Refusal::Busy);
    }

    #[test]
    fn a_refusal_after_the_login_is_no_word_on_the_token() {
        assert_eq!(
            of(REFUSED, "something new", Stage::Accepted),
            Refusal::Other
        );
        let user = raised_by(routine::NO_SUCH_ROLE, Stage::Accepted);
        assert_eq!(user, Refusal::NoSuchRole);
    }

    #[test]
    fn the_raising_function_tells_what_a_translated_message_hides() {
        for stage in [Stage::BeforeToken, Stage::AfterToken] {
            assert_eq!(raised_by(routine::NOT_IN_HBA, stage), Refusal::NotInHba);
            assert_eq!(raised_by(routine::NO_SUCH_ROLE, stage), Refusal::NoSuchRole);
        }
        assert_eq!(raised_by("auth_failed", Stage::AfterToken), Refusal::Token);
    }

    #[test]
    fn limits_and_attributes_of_a_role_are_told_from_missing_roles_and_rights() {
        let mut forbidden = ErrorResponse::fatal(
            REFUSED,
            "role \"app\" is not permitted to log in".to_owned(),
        );
        for stage in [Stage::BeforeToken, Stage::AfterToken, Stage::Accepted] {
            assert_eq!(
                Refusal::classify(&forbidden, stage),
                Refusal::NoLogin,
                "{stage:?}"
            );
        }
        forbidden
            .others
            .push((b'R', routine::NO_SUCH_ROLE.to_owned()));
        assert_eq!(
            Refusal::classify(&forbidden, Stage::Accepted),
            Refusal::NoLogin
        );
        for (code, message, refusal) in [
            (
                SqlState::INSUFFICIENT_PRIVILEGE,
                "permission denied to start WAL sender",
                Refusal::NoReplication,
            ),
            (
                SqlState::INSUFFICIENT_PRIVILEGE,
                "permission denied for database \"orders\"",
                Refusal::NoPrivilege,
            ),
            (
                SqlState::TOO_MANY_CONNECTIONS,
                "too many connections for role \"app\"",
                Refusal::ConnectionLimit,
            ),
            (
                SqlState::TOO_MANY_CONNECTIONS,
                "sorry, too many clients already",
                Refusal::Busy,
            ),
            (
                SqlState::INVALID_PASSWORD,
                "password authentication failed for user \"app\"",
                Refusal::Other,
            ),
        ] {
            assert_eq!(of(code, message, Stage::Accepted), refusal, "{message}");
        }
    }

    #[test]
    fn whoever_has_no_cause_or_a_wider_one_has_a_remedy_of_its_own() {
        for refusal in [
            Refusal::NotInHba,
            Refusal::UnknownToRdsProxy,
            Refusal::NoLogin,
            Refusal::NoReplication,
            Refusal::ConnectionLimit,
        ] {
            assert!(refusal.remedy().is_some());
        }
        assert_eq!(Refusal::Token.remedy(), None);
    }
}
