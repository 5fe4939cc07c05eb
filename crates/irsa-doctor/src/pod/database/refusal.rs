//! What a server's refusal of a login means.
//!
//! The words are PostgreSQL's and those of RDS Proxy, which has one for each of its reasons ("Troubleshooting for RDS
//! Proxy" in the Aurora user guide).

use irsa_chain::Cause;
use irsa_pgwire::error_response::ErrorResponse;
use irsa_pgwire::sqlstate::SqlState;

use crate::pod::endpoint::Fault;

/// Of a login that has not sent its token yet.
pub(super) fn before_token(response: &ErrorResponse) -> Fault {
    let message = response.message.as_str();
    if message.contains("pg_hba.conf") {
        return Fault::unclear(text(response)).remedy(
            "RDS lets every user in over TLS, but for its own database `rdsadmin`: name another database (`--database`), \
             and see that the host is RDS's endpoint and no other PostgreSQL",
        );
    }
    match response.code {
        SqlState::INVALID_AUTHORIZATION_SPECIFICATION if message.contains("does not exist") => {
            said(Cause::RoleNotFound, response)
        }
        _ => of_server(response),
    }
}

/// Where a login ended that has sent its token.
#[derive(Debug)]
pub(super) enum Refused {
    /// The token was not accepted, or it is not known that it was.
    Token(Fault),
    /// It was, and yet there is no session.
    Session(Fault),
}

/// Of a login that has sent its token; whether the server has said since that it is accepted.
pub(super) fn after_token(response: &ErrorResponse, is_accepted: bool) -> Refused {
    let at = if is_accepted {
        Refused::Session
    } else {
        Refused::Token
    };
    match response.code {
        _ if is_busy(response) => at(of_server(response)),
        SqlState::INVALID_CATALOG => Refused::Session(said(Cause::WrongDatabase, response)),
        SqlState::INSUFFICIENT_PRIVILEGE => {
            Refused::Session(said(Cause::DatabaseAccessDenied, response))
        }
        SqlState::INVALID_AUTHORIZATION_SPECIFICATION if !is_accepted => {
            at(said(Cause::IamLoginRefused, response))
        }
        SqlState::INVALID_PASSWORD => at(said(Cause::RdsIamNotGranted, response)),
        _ if response.message.contains("IAM authentication failed") => {
            at(said(Cause::IamLoginRefused, response))
        }
        _ => at(of_server(response)),
    }
}

/// What has nothing to do with who logs in, and RDS Proxy's list of those who may.
fn of_server(response: &ErrorResponse) -> Fault {
    match response.code {
        _ if is_busy(response) => said(Cause::EndpointOverloaded, response),
        _ if response.message.contains("no credentials for the role") => {
            said(Cause::RoleNotFound, response).remedy(
                "make the user known to the RDS proxy: name the secret of the user in `aws rds modify-db-proxy \
                 --db-proxy-name NAME --auth AuthScheme=SECRETS,IAMAuth=REQUIRED,SecretArn=ARN` (the list replaces the \
                 one before), or let the proxy itself log in by IAM: `--default-auth-scheme IAM_AUTH`",
            )
        }
        SqlState::CANNOT_CONNECT_NOW | SqlState::ADMIN_SHUTDOWN | SqlState::CRASH_SHUTDOWN => {
            said(Cause::NotAvailable, response)
        }
        _ => Fault::unclear(text(response)),
    }
}

/// Too many connections, or too many new ones a second.
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

fn said(cause: Cause, response: &ErrorResponse) -> Fault {
    Fault::new(cause, text(response))
}

fn text(response: &ErrorResponse) -> String {
    format!("{} (SQLSTATE {})", response.message, response.code.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn response(code: SqlState, message: &str) -> ErrorResponse {
        ErrorResponse::fatal(code, message.to_owned())
    }

    const REFUSED: SqlState = SqlState::INVALID_AUTHORIZATION_SPECIFICATION;

    #[test]
    fn only_a_user_that_does_not_exist_is_said_not_to_exist() {
        for (message, cause) in [
            ("role \"app\" does not exist", Some(Cause::RoleNotFound)),
            (
                "no pg_hba.conf entry for host \"10.0.0.1\", user \"app\", database \"rdsadmin\", SSL encryption",
                None,
            ),
            (
                "This RDS proxy has no credentials for the role app. Check the credentials for this role and try again.",
                Some(Cause::RoleNotFound),
            ),
            (
                "The maximum number of client connections to the proxy exceeded 100.",
                Some(Cause::EndpointOverloaded),
            ),
            ("something new", None),
        ] {
            let fault = before_token(&response(REFUSED, message));
            assert_eq!(fault.cause, cause, "{message}");
        }
    }

    #[test]
    fn a_proxy_that_is_busy_is_no_refusal_of_the_token() {
        let busy = "The IAM authentication failed because of too many competing requests.";
        let Refused::Token(fault) = after_token(&response(REFUSED, busy), false) else {
            panic!("it was not accepted");
        };
        assert_eq!(fault.cause, Some(Cause::EndpointOverloaded));
    }

    #[test]
    fn a_refusal_of_the_token_is_told_by_code_or_words() {
        let failed = "The IAM authentication failed for the role app. Check the IAM token for this role and try again.";
        for (code, message) in [
            (REFUSED, "PAM authentication failed for user \"app\""),
            (SqlState::PROTOCOL_VIOLATION, failed),
        ] {
            let Refused::Token(fault) = after_token(&response(code, message), false) else {
                panic!("{message}");
            };
            assert_eq!(fault.cause, Some(Cause::IamLoginRefused));
        }
    }

    #[test]
    fn what_is_new_is_no_word_on_a_token_that_was_not_accepted() {
        let new = response(SqlState::INTERNAL_ERROR, "something new");
        assert!(matches!(after_token(&new, false), Refused::Token(_)));
        assert!(matches!(after_token(&new, true), Refused::Session(_)));
    }
}
