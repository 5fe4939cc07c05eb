//! Why a login failed: the link of the identity chain that broke, in words for the client.
//!
//! The client's ErrorResponse has the SQLSTATE that drivers act on, a message that names the
//! link and the cause, a DETAIL with who asked for what, and a HINT with the remedy. The token is in none.

use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use irsa_chain::{Cause, Link, RoleArn};
use irsa_identity::{IdentityError, RdsToken};
use irsa_net::connect::ConnectError;
use irsa_net::tls;
use irsa_pgwire::MessageError;
use irsa_pgwire::error_response::ErrorResponse;
use irsa_pgwire::frame::FrameError;
use irsa_pgwire::sqlstate::SqlState;

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
    #[error("the server's certificate or TLS handshake was not accepted: {}", tls_text(.0))]
    Tls(io::Error),
    #[error("the server asks for a {0} password, so the user is not a member of rds_iam")]
    PasswordWanted(&'static str),
    #[error("the server asks for an authentication method that IAM does not use")]
    UnknownAuthentication,
    #[error("{}", .response.message)]
    Refused {
        response: Box<ErrorResponse>,
        /// The token that was sent before, if any.
        token: Option<Arc<RdsToken>>,
    },
    #[error("the server broke the protocol: {0}")]
    Protocol(&'static str),
    #[error("the server sent what can't be read: {0}")]
    Message(#[from] MessageError),
    #[error("the server's messages can't be told apart: {0}")]
    Frame(#[from] FrameError),
    #[error("the connection to the server broke: {0}")]
    Broken(#[from] io::Error),
    #[error("the server closed the connection during the login")]
    Closed,
    #[error("the login took longer than {0:?}")]
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
    /// Whether the server turned the token down.
    pub(crate) fn is_iam_refusal(&self) -> bool {
        self.cause() == Some(Cause::IamLoginRefused)
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
            Self::Tls(_) => Some(Cause::TlsCertificateInvalid),
            Self::PasswordWanted(_) => Some(Cause::RdsIamNotGranted),
            Self::Refused { response, token } => cause_of(response.code, token.is_some()),
            Self::Broken(_) | Self::Closed => Some(Cause::EndpointUnreachable),
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
        if let Some(remedy) = self.remedy() {
            response.detail.get_or_insert_with(|| facts.to_string());
            response.hint.get_or_insert(remedy);
        }
        response
    }

    fn message(&self) -> String {
        match (self.link(), self.cause()) {
            (Some(link), Some(cause)) => {
                format!("irsa: {self} (link: {}, cause: {})", link.id(), cause.id())
            }
            (Some(link), None) => format!("irsa: {self} (link: {})", link.id()),
            (None, _) => format!("irsa: {self}"),
        }
    }

    fn remedy(&self) -> Option<String> {
        match self {
            Self::Identity(error) => Some(error.remedy()),
            _ => self.cause().map(|cause| cause.remedy().to_owned()),
        }
    }

    /// Class 08 and 57P03 invite drivers to try again, 28000 does not.
    fn sqlstate(&self) -> SqlState {
        match self {
            Self::Identity(error) if error.is_transient() => SqlState::CANNOT_CONNECT_NOW,
            Self::Identity(_)
            | Self::PasswordWanted(_)
            | Self::UnknownAuthentication
            | Self::UserNotUtf8 => SqlState::INVALID_AUTHORIZATION_SPECIFICATION,
            Self::Protocol(_) | Self::Message(_) | Self::Frame(_) => SqlState::PROTOCOL_VIOLATION,
            _ => SqlState::SQLCLIENT_UNABLE,
        }
    }
}

fn cause_of(code: SqlState, after_token: bool) -> Option<Cause> {
    match code {
        SqlState::INVALID_AUTHORIZATION_SPECIFICATION if after_token => {
            Some(Cause::IamLoginRefused)
        }
        SqlState::INVALID_AUTHORIZATION_SPECIFICATION => Some(Cause::RoleNotFound),
        SqlState::INVALID_PASSWORD => Some(Cause::RdsIamNotGranted),
        SqlState::INVALID_CATALOG => Some(Cause::WrongDatabase),
        SqlState::INSUFFICIENT_PRIVILEGE => Some(Cause::DatabaseAccessDenied),
        SqlState::TOO_MANY_CONNECTIONS => Some(Cause::EndpointOverloaded),
        _ => None,
    }
}

fn tls_text(error: &io::Error) -> String {
    error
        .get_ref()
        .and_then(|inner| inner.downcast_ref::<rustls::Error>())
        .map_or_else(|| error.to_string(), tls::explain)
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
