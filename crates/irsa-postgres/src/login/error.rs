//! Why a login failed: the link of the identity chain that broke, in words for the client.
//!
//! The client's ErrorResponse has the SQLSTATE that drivers act on, a message that names the
//! link and the cause, a DETAIL with who asked for what, and a HINT with the remedy. A server's own
//! message stays as it is, so its link and cause are in the DETAIL. The token is in none.

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

use crate::refusal::Refusal;

/// How a login can fail.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LoginError {
    #[error("the user's name is not UTF-8, so no IAM policy can name it")]
    UserNotUtf8,
    #[error("{0}")]
    Identity(#[from] IdentityError),
    #[error("{0}")]
    Connect(#[from] ConnectError),
    #[error("the server refuses TLS, and a token must not travel in clear text")]
    TlsRefused,
    #[error("{}", .0.sentence("the server"))]
    Handshake(#[from] HandshakeError),
    #[error("the server asks for a {0} password, so the user is not a member of rds_iam")]
    PasswordWanted(&'static str),
    #[error("the server asks for an authentication method that IAM does not use")]
    UnknownAuthentication,
    #[error("{}", .response.message)]
    Refused {
        response: Box<ErrorResponse>,
        refusal: Refusal,
        /// The token that was sent before, if any.
        token: Option<Arc<RdsToken>>,
        /// How far the clock that dated the token was off, if it was too far.
        clock: Option<ClockOffset>,
    },
    #[error("the server broke the protocol: {0}")]
    Protocol(&'static str),
    #[error("cannot read the server's message: {0}")]
    Message(#[from] MessageError),
    #[error("cannot decode the server's message: {0}")]
    Frame(#[from] FrameError),
    #[error("the connection to the server broke: {0}")]
    Broken(#[from] io::Error),
    #[error("the server closed the connection during the login")]
    Closed,
    #[error("the server accepted the login and then closed the connection")]
    ClosedAfterConsent,
    #[error("the login did not complete within {0:?} (`--login-timeout`)")]
    TimedOut(Duration),
}

/// Who asked for what: the DETAIL of a refusal.
#[derive(Debug, Clone)]
pub(crate) struct LoginFacts<'a> {
    /// The database's user.
    pub(crate) user: &'a str,
    /// The endpoint that was signed for, with its port.
    pub(crate) endpoint: String,
    pub(crate) region: &'a str,
    /// Where the identity comes from, by its name.
    pub(crate) source: &'a str,
    pub(crate) role: Option<&'a RoleArn>,
    /// How old the token was that the server saw.
    pub(crate) token_age: Option<Duration>,
}

// === impl LoginError ===

impl LoginError {
    /// The same for a server that has sent AuthenticationOk: a connection that ends then was accepted.
    pub(crate) fn after_consent(self) -> Self {
        match self {
            Self::Broken(_) | Self::Closed => Self::ClosedAfterConsent,
            error => error,
        }
    }

    /// The same, with how far the clock that dated the token was off.
    pub(crate) fn dated_by(mut self, offset: Option<ClockOffset>) -> Self {
        if let Self::Refused { clock, .. } = &mut self {
            *clock = offset;
        }
        self
    }

    /// Returns whether the server itself refused the login.
    pub(crate) fn is_by_server(&self) -> bool {
        matches!(self, Self::Refused { .. })
    }

    /// Whether the server turned the token down.
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
            Self::PasswordWanted(_) => Some(Cause::RdsIamNotGranted),
            Self::Refused { refusal, clock, .. } => match refusal {
                Refusal::Token if clock.is_some() => Some(Cause::ClockSkew),
                refusal => refusal.cause(),
            },
            Self::Broken(_) | Self::Closed | Self::ClosedAfterConsent => {
                Some(Cause::EndpointUnreachable)
            }
            Self::TimedOut(_) => Some(Cause::EndpointTimeout),
            Self::UserNotUtf8
            | Self::UnknownAuthentication
            | Self::Protocol(_)
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

    /// The answer for the client. What the server itself said keeps its SQLSTATE and message.
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
        format!("irsa: {self}{}", self.place())
    }

    fn detail(&self, facts: &LoginFacts<'_>) -> String {
        match self {
            Self::Refused { clock, .. } => {
                let clock = clock.map_or_else(String::new, |clock| format!("; {clock}"));
                format!("{facts}{clock}{}", self.place())
            }
            _ => facts.to_string(),
        }
    }

    /// Where to look it up: the link and, where it is known, the cause.
    fn place(&self) -> String {
        self.link().map_or_else(String::new, |link| {
            format!(" ({})", link.reference(self.cause()))
        })
    }

    /// What to do about it, in one line.
    pub(crate) fn remedy(&self) -> Option<String> {
        match self {
            Self::Identity(error) => Some(error.remedy()),
            Self::Refused { refusal, .. } if refusal.remedy().is_some() => {
                refusal.remedy().map(str::to_owned)
            }
            _ => self.cause().map(|cause| cause.remedy().to_owned()),
        }
    }

    /// The remedy with the user's name in place of the one that stands for it.
    pub(crate) fn remedy_for(&self, user: &str) -> Option<String> {
        let user = user.replace('"', "\"\"");
        self.remedy().map(|remedy| remedy.replace("DB_USER", &user))
    }

    /// The SQLSTATE of irsa's own answer.
    ///
    /// 57P03 is what a server answers that starts or stops: `pg_isready` and libpq's list of hosts wait or go on for
    /// this code alone. It is for what ends without a change of settings. 28000 and 08001 need one.
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
            Self::ClosedAfterConsent => SqlState::CONNECTION_FAILURE,
            Self::Identity(_)
            | Self::PasswordWanted(_)
            | Self::UnknownAuthentication
            | Self::UserNotUtf8 => SqlState::INVALID_AUTHORIZATION_SPECIFICATION,
            Self::Protocol(_) | Self::Message(_) | Self::Frame(_) => SqlState::PROTOCOL_VIOLATION,
        }
    }

    /// The kind of refusal, for the log: one line of each kind in a while is enough.
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
        let said = "PAM authentication failed for user \"app\"";
        LoginError::Refused {
            response: Box::new(ErrorResponse::fatal(
                SqlState::INVALID_AUTHORIZATION_SPECIFICATION,
                said,
            )),
            refusal: Refusal::Token,
            token: Some(Arc::new(token)),
            clock,
        }
    }

    #[test]
    fn a_refused_token_that_a_wrong_clock_dated_names_the_clock() {
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
        assert!(error.is_iam_refusal(), "a fresh token may still help");
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
            "a clock that is right is not blamed"
        );
    }
}
