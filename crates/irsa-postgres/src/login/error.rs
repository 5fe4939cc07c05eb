//! Login errors, with the broken link of the identity chain.
//!
//! The client's ErrorResponse has an SQLSTATE for drivers, a message that names the link and the cause, a DETAIL with
//! the user, endpoint and role, and a HINT with the remedy. Messages of the server stay unchanged, so link and cause
//! are in the DETAIL. No field contains the token.

use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use irsa_chain::{Cause, Link, RoleArn};
use irsa_identity::{ClockOffset, IdentityError, RdsToken};
use irsa_net::connect::ConnectError;
use irsa_net::tls::HandshakeError;
use irsa_pgwire::MessageError;
use irsa_pgwire::error_response::ErrorResponse;
use irsa_pgwire::frame::FrameError;
use irsa_pgwire::sqlstate::SqlState;

use crate::refusal::LoginRefusal;

/// The reason why a login failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LoginError {
    #[error("the user name is not UTF-8, so an IAM policy cannot name it")]
    UserNotUtf8,
    #[error("{0}")]
    Identity(#[from] IdentityError),
    #[error("{0}")]
    Connect(#[from] ConnectError),
    #[error("the server does not accept TLS, and irsa sends tokens only over TLS")]
    TlsRefused,
    #[error("{}", .0.sentence("the server"))]
    Handshake(#[from] HandshakeError),
    #[error("the server asks for a {0} password, so the user is not a member of rds_iam")]
    PasswordRequested(&'static str),
    #[error("the server requests an authentication method that RDS does not use for IAM")]
    UnknownAuthentication,
    #[error("{}", .response.message)]
    Refused {
        response: Box<ErrorResponse>,
        refusal: LoginRefusal,
        /// The token that was sent, if any.
        token: Option<Arc<RdsToken>>,
        /// The offset of the clock, if it was too large for the token's timestamp.
        clock: Option<ClockOffset>,
    },
    #[error("the server violated the protocol: {0}")]
    Protocol(&'static str),
    #[error("unexpected message `{}` from the server during authentication", .0.escape_ascii())]
    UnexpectedMessage(u8),
    #[error("cannot parse the server's message: {0}")]
    Message(#[from] MessageError),
    #[error("cannot decode the server's message: {0}")]
    Frame(#[from] FrameError),
    #[error("the connection to the server broke: {0}")]
    Broken(#[from] io::Error),
    #[error("the server closed the connection during the login")]
    Closed,
    #[error("the server accepted the login and then closed the connection")]
    ClosedAfterAuthentication,
    #[error("the login did not complete within {0:?} (`--login-timeout`)")]
    TimedOut(Duration),
}

/// The facts of a login, for the DETAIL of an error.
#[derive(Debug, Clone)]
pub(crate) struct LoginFacts<'a> {
    /// The database user.
    pub(crate) user: &'a str,
    /// The endpoint in the signature, with its port.
    pub(crate) endpoint: String,
    pub(crate) region: &'a str,
    /// The name of the identity source.
    pub(crate) source: &'a str,
    pub(crate) role: Option<&'a RoleArn>,
    /// The age of the token that was sent.
    pub(crate) token_age: Option<Duration>,
}

// === impl LoginError ===

impl LoginError {
    /// Adjusts an error that occurred after AuthenticationOk: a connection that is lost then had been accepted.
    pub(crate) fn after_authentication(self) -> Self {
        match self {
            Self::Broken(_) | Self::Closed => Self::ClosedAfterAuthentication,
            error => error,
        }
    }

    /// Adds the offset of the clock that dated the token.
    pub(crate) fn with_clock_offset(mut self, offset: Option<ClockOffset>) -> Self {
        if let Self::Refused { clock, .. } = &mut self {
            *clock = offset;
        }
        self
    }

    /// Returns whether the server itself refused the login.
    pub(crate) fn is_from_server(&self) -> bool {
        matches!(self, Self::Refused { .. })
    }

    /// Returns whether the server rejected the token.
    pub(crate) fn is_iam_refusal(&self) -> bool {
        matches!(
            self.cause(),
            Some(Cause::IamLoginRefused | Cause::ClockSkew)
        ) && self.token().is_some()
    }

    pub(crate) fn token(&self) -> Option<&RdsToken> {
        match self {
            Self::Refused { token, .. } => token.as_deref(),
            _ => None,
        }
    }

    pub(crate) fn cause(&self) -> Option<Cause> {
        match self {
            Self::Identity(error) => error.cause(),
            Self::Connect(error) => Some(error.cause()),
            Self::TlsRefused => Some(Cause::TlsRefusedByServer),
            Self::Handshake(error) => Some(error.cause()),
            Self::PasswordRequested(_) => Some(Cause::RdsIamNotGranted),
            Self::Refused { refusal, clock, .. } => match refusal {
                LoginRefusal::Token if clock.is_some() => Some(Cause::ClockSkew),
                refusal => refusal.cause(),
            },
            Self::Broken(_) | Self::Closed | Self::ClosedAfterAuthentication => {
                Some(Cause::EndpointUnreachable)
            }
            Self::TimedOut(_) => Some(Cause::EndpointTimeout),
            Self::UserNotUtf8
            | Self::UnknownAuthentication
            | Self::Protocol(_)
            | Self::UnexpectedMessage(_)
            | Self::Message(_)
            | Self::Frame(_) => None,
        }
    }

    pub(crate) fn link(&self) -> Option<Link> {
        match self {
            Self::Identity(error) => Some(error.link()),
            _ => self.cause().map(Cause::link),
        }
    }

    /// Returns the error for the client. Errors of the server keep their SQLSTATE and message.
    pub(crate) fn response(&self, facts: &LoginFacts<'_>) -> ErrorResponse {
        let mut response = match self {
            Self::Refused { response, .. } => (**response).clone(),
            _ => ErrorResponse::fatal(self.sqlstate(), self.message()),
        };
        if let Some(remedy) = self.remedy_for(facts.user) {
            response.detail.get_or_insert_with(|| self.detail(facts));
            response.hint.get_or_insert(remedy);
        }
        response
    }

    fn message(&self) -> String {
        format!("irsa: {self}{}", self.reference())
    }

    fn detail(&self, facts: &LoginFacts<'_>) -> String {
        match self {
            Self::Refused { clock, .. } => {
                let clock = clock.map_or_else(String::new, |clock| format!("; {clock}"));
                format!("{facts}{clock}{}", self.reference())
            }
            _ => facts.to_string(),
        }
    }

    /// Returns the reference for the documentation: the link and, if known, the cause.
    fn reference(&self) -> String {
        self.link().map_or_else(String::new, |link| {
            format!(" ({})", link.reference(self.cause()))
        })
    }

    /// Returns what to do, in one line.
    pub(crate) fn remedy(&self) -> Option<String> {
        match self {
            Self::Identity(error) => Some(error.remedy()),
            Self::Refused { refusal, .. } if refusal.remedy().is_some() => {
                refusal.remedy().map(str::to_owned)
            }
            _ => self.cause().map(|cause| cause.remedy().to_owned()),
        }
    }

    /// Returns the remedy with the name of the user instead of the placeholder.
    pub(crate) fn remedy_for(&self, user: &str) -> Option<String> {
        let user = user.replace('"', "\"\"");
        self.remedy().map(|remedy| remedy.replace("DB_USER", &user))
    }

    /// Returns the SQLSTATE.
    ///
    /// Temporary problems have 57P03, the code of a server that is starting up or shutting down: only for this code,
    /// `pg_isready` waits and libpq tries its next host. 28000 and 08001 mean that a setting must be changed.
    pub(crate) fn sqlstate(&self) -> SqlState {
        match self {
            Self::Refused { response, .. } => response.code,
            Self::Identity(error) if error.is_transient() => SqlState::CANNOT_CONNECT_NOW,
            Self::Connect(_)
            | Self::Handshake(HandshakeError::Broken(_))
            | Self::Broken(_)
            | Self::Closed
            | Self::TimedOut(_) => SqlState::CANNOT_CONNECT_NOW,
            Self::TlsRefused
            | Self::Handshake(HandshakeError::Certificate(_) | HandshakeError::Tls(_)) => {
                SqlState::SQLCLIENT_UNABLE
            }
            Self::ClosedAfterAuthentication => SqlState::CONNECTION_FAILURE,
            Self::Identity(_)
            | Self::PasswordRequested(_)
            | Self::UnknownAuthentication
            | Self::UserNotUtf8 => SqlState::INVALID_AUTHORIZATION_SPECIFICATION,
            Self::Protocol(_) | Self::UnexpectedMessage(_) | Self::Message(_) | Self::Frame(_) => {
                SqlState::PROTOCOL_VIOLATION
            }
        }
    }

    /// Returns the kind of error for the log, which limits the number of lines of each kind.
    pub(crate) fn log_kind(&self) -> &'static str {
        match (self.cause(), self.link()) {
            (Some(cause), _) => cause.id(),
            (None, Some(link)) => link.id(),
            (None, None) => match self {
                Self::Refused { .. } => "refused-by-server",
                Self::UserNotUtf8 => "user-not-utf8",
                Self::UnknownAuthentication => "unknown-authentication",
                _ => "protocol",
            },
        }
    }
}

// === impl LoginFacts ===

impl fmt::Display for LoginFacts<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            user,
            endpoint,
            region,
            source,
            ..
        } = self;
        write!(
            f,
            "user {user} at {endpoint} (region {region}), identity from {source}"
        )?;
        if let Some(role) = self.role {
            write!(f, ", role {role}")?;
        }
        match self.token_age {
            Some(age) => write!(f, ", token signed {} s ago", age.as_secs()),
            None => write!(f, ", no token sent"),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use irsa_identity::{RdsTarget, SessionCredentials, sign_rds_token};

    use super::*;

    fn refused_with(clock: Option<ClockOffset>) -> LoginError {
        let target = RdsTarget {
            sign_host: "orders.example".to_owned(),
            port: 5432,
            user: "app".to_owned(),
            region: "eu-central-1".parse().unwrap(),
        };
        let credentials = SessionCredentials::new("ASIAEXAMPLE", "secret", None, None);
        let token = sign_rds_token(&target, &credentials, UNIX_EPOCH).unwrap();
        let message = "PAM authentication failed for user \"app\"";
        LoginError::Refused {
            response: Box::new(ErrorResponse::fatal(
                SqlState::INVALID_AUTHORIZATION_SPECIFICATION,
                message,
            )),
            refusal: LoginRefusal::Token,
            token: Some(Arc::new(token)),
            clock,
        }
    }

    #[test]
    fn a_rejected_token_from_a_wrong_clock_is_blamed_on_the_clock() {
        let facts = LoginFacts {
            user: "app",
            endpoint: "orders.example:5432".to_owned(),
            region: "eu-central-1",
            source: "web-identity",
            role: None,
            token_age: Some(Duration::from_secs(7)),
        };
        let behind = ClockOffset::Behind(Duration::from_hours(1));
        let error = refused_with(Some(behind));
        assert!(error.is_iam_refusal(), "a new token may be accepted");
        let response = error.response(&facts);
        assert_eq!(
            response.message,
            "PAM authentication failed for user \"app\""
        );
        assert_eq!(
            response.detail.unwrap(),
            "user app at orders.example:5432 (region eu-central-1), identity from web-identity, \
             token signed 7 s ago; this machine's clock is 3600 s behind AWS's (link: signature, \
             cause: clock-skew)"
        );
        assert_eq!(response.hint.as_deref(), Some(Cause::ClockSkew.remedy()));
        assert_eq!(
            refused_with(None).cause(),
            Some(Cause::IamLoginRefused),
            "a correct clock is not blamed"
        );
    }
}
