//! The reasons for which a server refuses a login.
//!
//! PostgreSQL uses one SQLSTATE for several reasons. The function that raised the error distinguishes them, because
//! messages can be localized. RDS Proxy has a specific message for each reason ("Troubleshooting for RDS Proxy" in the
//! Aurora user guide).

use irsa_chain::Cause;
use irsa_pgwire::error_response::ErrorResponse;
use irsa_pgwire::sqlstate::SqlState;

/// The stage of a login.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LoginStage {
    /// No token has been sent.
    BeforeToken,
    /// A token has been sent, and the server has not answered yet.
    AfterToken,
    /// The server has accepted the login (AuthenticationOk).
    Accepted,
}

/// The reason for which a server refuses a login.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LoginRefusal {
    /// No entry of `pg_hba.conf` matches the client.
    NotInHba,
    /// The role does not exist.
    NoSuchRole,
    /// The role has NOLOGIN.
    NoLogin,
    /// The connection requests replication, which the role is not allowed to use.
    NoReplication,
    /// The connection limit of the role or the database is reached.
    ConnectionLimit,
    /// RDS Proxy has no secret for the user.
    UnknownToRdsProxy,
    /// The token was rejected. PostgreSQL does not report why.
    Token,
    /// The server verifies a password of this user, so the user is not a member of rds_iam.
    NotRdsIamMember,
    /// The database does not exist.
    NoSuchDatabase,
    /// The user lacks the CONNECT privilege on the database.
    NoPrivilege,
    /// There are too many connections, or too many new connections per second.
    Busy,
    /// The server is starting up or shutting down.
    NotAvailable,
    /// A different reason.
    Other,
}

/// Functions of PostgreSQL that raise 28000. Their names are not localized.
mod routine {
    /// No entry of `pg_hba.conf` matches the client.
    pub(super) const NOT_IN_HBA: &str = "ClientAuthentication";
    /// The role does not exist or has NOLOGIN.
    pub(super) const NO_SUCH_ROLE: &str = "InitializeSessionUserId";
}

impl LoginRefusal {
    /// Classifies the server's error.
    pub fn classify(response: &ErrorResponse, stage: LoginStage) -> Self {
        let contains = |text: &str| response.message.contains(text);
        match response.code {
            SqlState::TOO_MANY_CONNECTIONS
                if contains("too many connections for role")
                    || contains("too many connections for database") =>
            {
                Self::ConnectionLimit
            }
            _ if is_busy(response) => Self::Busy,
            _ if contains("no credentials for the role") => Self::UnknownToRdsProxy,
            _ if contains("IAM authentication failed") => Self::Token,
            SqlState::INVALID_AUTHORIZATION_SPECIFICATION => match routine(response) {
                Some(routine::NOT_IN_HBA) => Self::NotInHba,
                Some(routine::NO_SUCH_ROLE) if contains("is not permitted to log in") => {
                    Self::NoLogin
                }
                Some(routine::NO_SUCH_ROLE) => Self::NoSuchRole,
                _ if contains("pg_hba.conf") => Self::NotInHba,
                _ if contains("is not permitted to log in") => Self::NoLogin,
                _ if stage == LoginStage::AfterToken => Self::Token,
                _ if contains("does not exist") => Self::NoSuchRole,
                _ => Self::Other,
            },
            // The server has already accepted the login, so this is not about its password.
            SqlState::INVALID_PASSWORD if stage == LoginStage::Accepted => Self::Other,
            SqlState::INVALID_PASSWORD => Self::NotRdsIamMember,
            SqlState::INVALID_CATALOG => Self::NoSuchDatabase,
            SqlState::INSUFFICIENT_PRIVILEGE if contains("WAL sender") => Self::NoReplication,
            SqlState::INSUFFICIENT_PRIVILEGE => Self::NoPrivilege,
            SqlState::CANNOT_CONNECT_NOW | SqlState::ADMIN_SHUTDOWN | SqlState::CRASH_SHUTDOWN => {
                Self::NotAvailable
            }
            _ => Self::Other,
        }
    }

    /// Returns the cause in the identity chain, if there is one.
    pub const fn cause(self) -> Option<Cause> {
        match self {
            Self::NoSuchRole | Self::UnknownToRdsProxy => Some(Cause::RoleNotFound),
            Self::Token => Some(Cause::IamLoginRefused),
            Self::NotRdsIamMember => Some(Cause::RdsIamNotGranted),
            Self::NoSuchDatabase => Some(Cause::WrongDatabase),
            Self::NoPrivilege | Self::NoLogin | Self::NoReplication => {
                Some(Cause::DatabaseAccessDenied)
            }
            Self::ConnectionLimit | Self::Busy => Some(Cause::EndpointOverloaded),
            Self::NotAvailable => Some(Cause::NotAvailable),
            Self::NotInHba | Self::Other => None,
        }
    }

    /// Returns the remedy, if it is more specific than that of the cause or there is no cause.
    pub const fn remedy(self) -> Option<&'static str> {
        match self {
            Self::NotInHba => Some(
                "RDS accepts every user over TLS, except for its internal database `rdsadmin`: connect to a different \
                 database, and check that the host is an RDS endpoint and not a different PostgreSQL server",
            ),
            Self::UnknownToRdsProxy => Some(
                "add the secret of the user to the RDS proxy with `aws rds modify-db-proxy --db-proxy-name NAME --auth \
                 AuthScheme=SECRETS,IAMAuth=REQUIRED,SecretArn=ARN` (the list replaces the previous one), or let the \
                 proxy itself log in by IAM: `--default-auth-scheme IAM_AUTH`",
            ),
            Self::NoLogin => Some(
                "run `ALTER ROLE \"DB_USER\" LOGIN;` as the master user: `CREATE ROLE` creates roles that cannot log in, \
                 `CREATE USER` creates roles that can",
            ),
            Self::NoReplication => Some(
                "run `GRANT rds_replication TO \"DB_USER\";` as the master user, and set the parameter \
                 rds.logical_replication to 1; clients that do not replicate must not set `replication`",
            ),
            Self::ConnectionLimit => Some(
                "raise the limit with `ALTER ROLE \"DB_USER\" CONNECTION LIMIT -1;` as the master user (or with `ALTER \
                 DATABASE` if the message names the database), or reduce the client's number of connections",
            ),
            _ => None,
        }
    }
}

fn is_busy(response: &ErrorResponse) -> bool {
    const MESSAGES: [&str; 4] = [
        "competing requests",
        "client connections to the proxy exceeded",
        "Rate of connection to proxy exceeded",
        "waiting to acquire database connection",
    ];
    let message = response.message.as_str();
    response.code == SqlState::TOO_MANY_CONNECTIONS
        || MESSAGES.iter().any(|text| message.contains(text))
}

/// Returns the function that raised an error (PostgreSQL docs, "Error and Notice Message Fields").
fn routine(response: &ErrorResponse) -> Option<&str> {
    let mut others = response.others.iter();
    let (_, routine) = others.find(|(letter, _)| *letter == b'R')?;
    Some(routine)
}

#[cfg(test)]
mod tests {
    use super::*;

    const REFUSED: SqlState = SqlState::INVALID_AUTHORIZATION_SPECIFICATION;

    fn classify(code: SqlState, message: &str, stage: LoginStage) -> LoginRefusal {
        LoginRefusal::classify(&ErrorResponse::fatal(code, message.to_owned()), stage)
    }

    fn raised_by(routine: &str, stage: LoginStage) -> LoginRefusal {
        let mut response = ErrorResponse::fatal(REFUSED, "in another language".to_owned());
        response.others.push((b'R', routine.to_owned()));
        LoginRefusal::classify(&response, stage)
    }

    #[test]
    fn reasons_before_the_token_are_distinguished() {
        for (message, refusal) in [
            ("role \"app\" does not exist", LoginRefusal::NoSuchRole),
            (
                "no pg_hba.conf entry for host \"10.0.0.1\", user \"app\", database \"rdsadmin\", SSL encryption",
                LoginRefusal::NotInHba,
            ),
            (
                "This RDS proxy has no credentials for the role app. Check the credentials for this role and try again.",
                LoginRefusal::UnknownToRdsProxy,
            ),
            (
                "The maximum number of client connections to the proxy exceeded 100.",
                LoginRefusal::Busy,
            ),
            ("something new", LoginRefusal::Other),
        ] {
            assert_eq!(
                classify(REFUSED, message, LoginStage::BeforeToken),
                refusal,
                "{message}"
            );
        }
    }

    #[test]
    fn a_rejected_token_is_recognized_by_code_or_message() {
        let failed = "The IAM authentication failed for the role app. Check the IAM token for this role and try again.";
        for (code, message) in [
            (REFUSED, "PAM authentication failed for user \"app\""),
            (SqlState::PROTOCOL_VIOLATION, failed),
        ] {
            assert_eq!(
                classify(code, message, LoginStage::AfterToken),
                LoginRefusal::Token,
                "{message}"
            );
        }
        let busy = "The IAM authentication failed because of too many competing requests.";
        assert_eq!(
            classify(REFUSED, busy, LoginStage::AfterToken),
            LoginRefusal::Busy
        );
    }

    #[test]
    fn an_error_after_authentication_ok_is_not_about_the_token() {
        assert_eq!(
            classify(REFUSED, "something new", LoginStage::Accepted),
            LoginRefusal::Other
        );
        let user = raised_by(routine::NO_SUCH_ROLE, LoginStage::Accepted);
        assert_eq!(user, LoginRefusal::NoSuchRole);
    }

    #[test]
    fn the_raising_function_identifies_a_localized_message() {
        for stage in [LoginStage::BeforeToken, LoginStage::AfterToken] {
            assert_eq!(
                raised_by(routine::NOT_IN_HBA, stage),
                LoginRefusal::NotInHba
            );
            assert_eq!(
                raised_by(routine::NO_SUCH_ROLE, stage),
                LoginRefusal::NoSuchRole
            );
        }
        assert_eq!(
            raised_by("auth_failed", LoginStage::AfterToken),
            LoginRefusal::Token
        );
    }

    #[test]
    fn limits_and_attributes_of_a_role_differ_from_missing_roles_and_privileges() {
        let mut forbidden = ErrorResponse::fatal(
            REFUSED,
            "role \"app\" is not permitted to log in".to_owned(),
        );
        for stage in [
            LoginStage::BeforeToken,
            LoginStage::AfterToken,
            LoginStage::Accepted,
        ] {
            assert_eq!(
                LoginRefusal::classify(&forbidden, stage),
                LoginRefusal::NoLogin,
                "{stage:?}"
            );
        }
        forbidden
            .others
            .push((b'R', routine::NO_SUCH_ROLE.to_owned()));
        assert_eq!(
            LoginRefusal::classify(&forbidden, LoginStage::Accepted),
            LoginRefusal::NoLogin
        );
        for (code, message, refusal) in [
            (
                SqlState::INSUFFICIENT_PRIVILEGE,
                "permission denied to start WAL sender",
                LoginRefusal::NoReplication,
            ),
            (
                SqlState::INSUFFICIENT_PRIVILEGE,
                "permission denied for database \"orders\"",
                LoginRefusal::NoPrivilege,
            ),
            (
                SqlState::TOO_MANY_CONNECTIONS,
                "too many connections for role \"app\"",
                LoginRefusal::ConnectionLimit,
            ),
            (
                SqlState::TOO_MANY_CONNECTIONS,
                "sorry, too many clients already",
                LoginRefusal::Busy,
            ),
            (
                SqlState::INVALID_PASSWORD,
                "password authentication failed for user \"app\"",
                LoginRefusal::Other,
            ),
        ] {
            assert_eq!(
                classify(code, message, LoginStage::Accepted),
                refusal,
                "{message}"
            );
        }
    }

    #[test]
    fn reasons_without_a_specific_cause_have_a_specific_remedy() {
        for refusal in [
            LoginRefusal::NotInHba,
            LoginRefusal::UnknownToRdsProxy,
            LoginRefusal::NoLogin,
            LoginRefusal::NoReplication,
            LoginRefusal::ConnectionLimit,
        ] {
            assert!(refusal.remedy().is_some());
        }
        assert_eq!(LoginRefusal::Token.remedy(), None);
    }
}
