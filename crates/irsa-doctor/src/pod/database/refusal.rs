//! A server's refusal of a login as a fault of the chain.

use irsa_pgwire::error_response::ErrorResponse;
use irsa_postgres::refusal::{Refusal, Stage};

use crate::pod::fault::Fault;

/// Of a login that has not sent its token yet.
pub(in crate::pod) fn before_token(response: &ErrorResponse) -> Fault {
    fault(Refusal::of(response, Stage::BeforeToken), response)
}

/// Where a login ended that has sent its token.
#[derive(Debug)]
pub(in crate::pod) enum Refused {
    /// The token was not accepted, or it is not known that it was.
    Token(Fault),
    /// It was, and yet there is no session.
    Session(Fault),
}

/// Of a login that has sent its token; whether the server has said since that it is accepted.
pub(in crate::pod) fn after_token(response: &ErrorResponse, is_accepted: bool) -> Refused {
    let stage = if is_accepted {
        Stage::Accepted
    } else {
        Stage::AfterToken
    };
    let why = Refusal::of(response, stage);
    // PostgreSQL looks at these only once it knows who is there.
    let is_of_known = matches!(why, Refusal::NoSuchDatabase | Refusal::NoPrivilege);
    let fault = fault(why, response);
    if is_accepted || is_of_known {
        Refused::Session(fault)
    } else {
        Refused::Token(fault)
    }
}

fn fault(why: Refusal, response: &ErrorResponse) -> Fault {
    let text = format!("{} (SQLSTATE {})", response.message, response.code.as_str());
    let fault = match why.cause() {
        Some(cause) => Fault::new(cause, text),
        None => Fault::unclear(text),
    };
    match why.remedy() {
        Some(remedy) => fault.remedy(remedy),
        None => fault,
    }
}

#[cfg(test)]
mod tests {
    use irsa_chain::Cause;
    use irsa_pgwire::sqlstate::SqlState;

    use super::*;

    fn response(code: SqlState, message: &str) -> ErrorResponse {
        ErrorResponse::fatal(code, message.to_owned())
    }

    const REFUSED: SqlState = SqlState::INVALID_AUTHORIZATION_SPECIFICATION;

    #[test]
    fn a_proxy_that_is_busy_is_no_refusal_of_the_token() {
        let busy = "The IAM authentication failed because of too many competing requests.";
        let Refused::Token(fault) = after_token(&response(REFUSED, busy), false) else {
            panic!("it was not accepted");
        };
        assert_eq!(fault.cause, Some(Cause::EndpointOverloaded));
    }

    #[test]
    fn a_missing_database_says_that_the_token_was_accepted() {
        let missing = response(SqlState::INVALID_CATALOG, "database \"x\" does not exist");
        assert!(matches!(after_token(&missing, false), Refused::Session(_)));
    }

    #[test]
    fn what_is_new_is_no_word_on_a_token_that_was_not_accepted() {
        let new = response(SqlState::INTERNAL_ERROR, "something new");
        assert!(matches!(after_token(&new, false), Refused::Token(_)));
        assert!(matches!(after_token(&new, true), Refused::Session(_)));
    }
}
