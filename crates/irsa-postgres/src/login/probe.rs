//! A login without a client, for diagnostics: the same messages as the proxy's logins, with a stop at the server's
//! request for a token.

use std::fmt;
use std::sync::Arc;

use bytes::{Buf, BytesMut};
use irsa_chain::Cause;
use irsa_identity::RdsToken;
use irsa_pgwire::backend::{self, ParameterStatus};
use irsa_pgwire::frame::{HEADER, Header};
use irsa_pgwire::frontend;
use irsa_pgwire::startup::{Startup, Version};
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ProtocolVersion};
use tokio::net::TcpStream;

use super::server_login::{AuthenticationRequest, ServerLogin};
use super::{LoginError, start_tls};
use crate::refusal::{LoginRefusal, LoginStage};

/// A login to a database in separate steps.
pub struct LoginProbe {
    login: ServerLogin,
}

/// The parameters that a server reports when it opens a session.
#[derive(Debug, Default)]
pub struct SessionParameters(Vec<(String, String)>);

/// The reason why a login failed. Never contains the token.
#[derive(Debug)]
pub struct LoginFailure {
    error: LoginError,
    stage: LoginStage,
}

impl LoginProbe {
    /// Starts TLS on a connection and verifies that the server's certificate is valid for `name`.
    ///
    /// # Errors
    /// Fails if the server does not support TLS, its certificate is not accepted, or the connection is lost.
    pub async fn start_tls(
        stream: TcpStream,
        tls: &Arc<ClientConfig>,
        name: ServerName<'static>,
    ) -> Result<Self, LoginFailure> {
        let server = start_tls(stream, tls, name).await;
        let server = server.map_err(|error| LoginFailure {
            error,
            stage: LoginStage::BeforeToken,
        })?;
        Ok(Self {
            login: ServerLogin::new(server, Version::V3_0),
        })
    }

    /// Returns the negotiated TLS version.
    pub fn tls_version(&self) -> Option<ProtocolVersion> {
        self.login.server.tls_version()
    }

    /// Sends the startup message and waits until the server requests a token.
    ///
    /// # Errors
    /// Fails if the server requests a different authentication method, refuses the login, or closes the connection.
    pub async fn ask(
        &mut self,
        user: &str,
        database: &str,
        application_name: &str,
    ) -> Result<(), LoginFailure> {
        let startup = Startup::new(Version::V3_0)
            .with("user", user)
            .with("database", database)
            .with("application_name", application_name);
        let asked = self.wait_for_request(&startup).await;
        asked.map_err(|error| self.failure(error))
    }

    async fn wait_for_request(&mut self, startup: &Startup) -> Result<(), LoginError> {
        self.login.start(startup).await?;
        match self.login.next_request().await? {
            AuthenticationRequest::Token => Ok(()),
            AuthenticationRequest::Nothing => Err(LoginError::UnknownAuthentication),
        }
    }

    /// Sends the token, waits until the session is open, and closes it.
    ///
    /// # Errors
    /// Fails if the server rejects the token, does not open the session, or closes the connection.
    pub async fn log_in(mut self, token: RdsToken) -> Result<SessionParameters, LoginFailure> {
        let greeting = self.open_session(Arc::new(token)).await;
        let greeting = greeting.map_err(|error| self.failure(error))?;
        let mut terminate = BytesMut::new();
        frontend::terminate(&mut terminate);
        // The session was open even if this fails.
        _ = self.login.server.send_all(&terminate).await;
        Ok(SessionParameters::parse(greeting))
    }

    async fn open_session(&mut self, token: Arc<RdsToken>) -> Result<BytesMut, LoginError> {
        self.login.send_token(token).await?;
        match self.login.next_request().await? {
            AuthenticationRequest::Nothing => Ok(self.login.read_greeting().await?.messages),
            AuthenticationRequest::Token => Err(LoginError::UnknownAuthentication),
        }
    }

    fn failure(&self, error: LoginError) -> LoginFailure {
        LoginFailure {
            error,
            stage: self.login.stage(),
        }
    }
}

impl fmt::Debug for LoginProbe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LoginProbe")
            .field("stage", &self.login.stage())
            .finish_non_exhaustive()
    }
}

impl SessionParameters {
    /// Parses the ParameterStatus messages of a greeting.
    fn parse(mut greeting: BytesMut) -> Self {
        let mut parameters = Vec::new();
        while let Ok(Some(header)) = Header::parse(&greeting) {
            if greeting.len() < HEADER + header.body_len {
                break;
            }
            let mut message = greeting.split_to(HEADER + header.body_len);
            message.advance(HEADER);
            if header.tag != backend::PARAMETER_STATUS {
                continue;
            }
            if let Ok(status) = ParameterStatus::parse(&message) {
                let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
                parameters.push((text(status.name), text(status.value)));
            }
        }
        Self(parameters)
    }

    /// Returns the value of a parameter, if the server reported it.
    pub fn get(&self, name: &str) -> Option<&str> {
        let mut parameters = self.0.iter();
        let found = parameters.find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }
}

impl LoginFailure {
    /// Returns the cause, if it is known.
    pub fn cause(&self) -> Option<Cause> {
        self.error.cause()
    }

    /// Returns what to do, in one line.
    pub fn remedy(&self) -> Option<String> {
        self.error.remedy()
    }

    /// Returns whether the server had accepted the token. PostgreSQL checks the database and the CONNECT privilege only
    /// after that.
    pub fn is_after_acceptance(&self) -> bool {
        let is_about_database = matches!(
            self.error,
            LoginError::Refused {
                refusal: LoginRefusal::NoSuchDatabase | LoginRefusal::NoPrivilege,
                ..
            }
        );
        self.stage == LoginStage::Accepted
            || (self.stage == LoginStage::AfterToken && is_about_database)
    }
}

impl fmt::Display for LoginFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.error {
            LoginError::Refused { response, .. } => {
                let code = response.code.as_str();
                write!(f, "{} (SQLSTATE {code})", response.message)
            }
            error => write!(f, "{error}"),
        }
    }
}

impl std::error::Error for LoginFailure {}

#[cfg(test)]
mod tests {
    use irsa_pgwire::error_response::ErrorResponse;
    use irsa_pgwire::sqlstate::SqlState;

    use super::*;

    fn refused(code: SqlState, message: &str, stage: LoginStage) -> LoginFailure {
        let response = ErrorResponse::fatal(code, message.to_owned());
        LoginFailure {
            error: LoginError::Refused {
                refusal: LoginRefusal::classify(&response, stage),
                response: Box::new(response),
                token: None,
                clock: None,
            },
            stage,
        }
    }

    #[test]
    fn a_busy_rds_proxy_does_not_mean_a_rejected_token() {
        let busy = "The IAM authentication failed because of too many competing requests.";
        let code = SqlState::INVALID_AUTHORIZATION_SPECIFICATION;
        let failure = refused(code, busy, LoginStage::AfterToken);
        assert!(!failure.is_after_acceptance());
        assert_eq!(failure.cause(), Some(Cause::EndpointOverloaded));
    }

    #[test]
    fn an_error_about_the_database_means_an_accepted_token() {
        let missing = "database \"x\" does not exist";
        let failure = refused(SqlState::INVALID_CATALOG, missing, LoginStage::AfterToken);
        assert!(failure.is_after_acceptance());
        assert_eq!(failure.to_string(), format!("{missing} (SQLSTATE 3D000)"));
    }

    #[test]
    fn an_unknown_error_before_authentication_ok_does_not_mean_an_accepted_token() {
        let code = SqlState::INTERNAL_ERROR;
        assert!(!refused(code, "something new", LoginStage::AfterToken).is_after_acceptance());
        assert!(refused(code, "something new", LoginStage::Accepted).is_after_acceptance());
    }

    #[test]
    fn parameters_are_found_between_other_messages() {
        let mut greeting = BytesMut::new();
        greeting.extend_from_slice(b"N\0\0\0\x05\0");
        greeting.extend_from_slice(b"S\0\0\0\x16in_hot_standby\0on\0");
        let parameters = SessionParameters::parse(greeting);
        assert_eq!(parameters.get("in_hot_standby"), Some("on"));
        assert_eq!(parameters.get("server_version"), None);
    }
}
