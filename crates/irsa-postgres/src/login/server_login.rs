//! The messages of a login on a verified connection, from the startup packet to ReadyForQuery.
//!
//! The caller provides the token between the server's request and the response: the proxy signs one, and a probe can
//! wait for credentials.

use std::sync::Arc;

use bytes::{Buf, Bytes, BytesMut};
use irsa_identity::RdsToken;
use irsa_pgwire::backend::{self, Authentication};
use irsa_pgwire::error_response::ErrorResponse;
use irsa_pgwire::frame::{HEADER, Header};
use irsa_pgwire::frontend;
use irsa_pgwire::startup::{CancelKey, Startup, Version};

use super::{LoginError, fill};
use crate::refusal::{LoginRefusal, LoginStage};
use crate::transport::Transport;

/// The maximum number of bytes before the server's first ReadyForQuery. Parameters and notices need a few kilobytes.
const MAX_GREETING: usize = 1024 * 1024;

/// A login in progress.
pub(super) struct ServerLogin {
    pub(super) server: Transport,
    pub(super) version: Version,
    stage: LoginStage,
    token: Option<Arc<RdsToken>>,
}

/// The server's authentication request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AuthenticationRequest {
    /// A password in clear text, which can be a token.
    Token,
    /// AuthenticationOk: the server has accepted the login.
    Nothing,
}

/// The server's messages between AuthenticationOk and the first ReadyForQuery.
#[derive(Debug, Default)]
pub(super) struct Greeting {
    pub(super) messages: BytesMut,
    pub(super) key: Option<CancelKey>,
    pub(super) ready: Bytes,
}

/// A complete message including its header.
struct Message {
    tag: u8,
    bytes: Bytes,
}

// === impl ServerLogin ===

impl ServerLogin {
    pub(super) fn new(server: Transport, version: Version) -> Self {
        Self {
            server,
            version,
            stage: LoginStage::BeforeToken,
            token: None,
        }
    }

    /// Returns the token that was sent, if any.
    pub(super) fn token(&self) -> Option<&Arc<RdsToken>> {
        self.token.as_ref()
    }

    /// Returns the stage of the login.
    pub(super) fn stage(&self) -> LoginStage {
        self.stage
    }

    /// Sends the startup packet.
    ///
    /// # Errors
    /// Fails if the connection is lost.
    pub(super) async fn start(&mut self, startup: &Startup) -> Result<(), LoginError> {
        let mut packet = BytesMut::new();
        startup.for_server(self.version).encode(&mut packet);
        self.server.send_all(&packet).await?;
        Ok(())
    }

    /// Reads the server's next authentication request. The server is verified by TLS, so irsa may answer
    /// AuthenticationCleartextPassword with a token. It answers no other request.
    ///
    /// # Errors
    /// Fails if the server requests a different kind of password, refuses the login, or violates the protocol.
    pub(super) async fn next_request(&mut self) -> Result<AuthenticationRequest, LoginError> {
        loop {
            let message = self.next_message(MAX_GREETING).await?;
            match message.tag {
                backend::AUTHENTICATION => return self.authentication_request(&message),
                backend::NEGOTIATE_PROTOCOL_VERSION => self.accept_older_version(&message)?,
                backend::NOTICE_RESPONSE => {}
                _ => return Err(self.refused(&message)),
            }
        }
    }

    fn authentication_request(
        &mut self,
        message: &Message,
    ) -> Result<AuthenticationRequest, LoginError> {
        match Authentication::parse(message.body())? {
            Authentication::Ok => {
                self.stage = LoginStage::Accepted;
                Ok(AuthenticationRequest::Nothing)
            }
            Authentication::CleartextPassword if self.token.is_some() => {
                Err(LoginError::Protocol("it requested a password twice"))
            }
            Authentication::CleartextPassword => Ok(AuthenticationRequest::Token),
            Authentication::Md5 { .. } => Err(LoginError::PasswordRequested("md5")),
            Authentication::Sasl { .. } => Err(LoginError::PasswordRequested("scram-sha-256")),
            _ => Err(LoginError::UnknownAuthentication),
        }
    }

    /// Sends the token in response to [`AuthenticationRequest::Token`].
    ///
    /// # Errors
    /// Fails if the connection is lost.
    pub(super) async fn send_token(&mut self, token: Arc<RdsToken>) -> Result<(), LoginError> {
        let mut answer = BytesMut::new();
        frontend::password(token.expose().as_bytes(), &mut answer);
        self.token = Some(token);
        self.stage = LoginStage::AfterToken;
        self.server.send_all(&answer).await?;
        Ok(())
    }

    /// Reads up to ReadyForQuery after the server has accepted the login.
    ///
    /// # Errors
    /// Fails if the server refuses the session, violates the protocol, or closes the connection.
    pub(super) async fn read_greeting(&mut self) -> Result<Greeting, LoginError> {
        self.greeting()
            .await
            .map_err(LoginError::after_authentication)
    }

    async fn greeting(&mut self) -> Result<Greeting, LoginError> {
        let mut greeting = Greeting::default();
        loop {
            let limit = MAX_GREETING.saturating_sub(greeting.messages.len());
            let message = self.next_message(limit).await?;
            match message.tag {
                backend::READY_FOR_QUERY => {
                    greeting.ready = message.bytes;
                    return Ok(greeting);
                }
                backend::BACKEND_KEY_DATA => {
                    greeting.key = Some(backend::parse_backend_key_data(message.body())?);
                }
                backend::PARAMETER_STATUS | backend::NOTICE_RESPONSE => {
                    greeting.messages.extend_from_slice(&message.bytes);
                }
                _ => return Err(self.refused(&message)),
            }
        }
    }

    /// Accepts an older minor version, which must not be newer than the requested one.
    fn accept_older_version(&mut self, message: &Message) -> Result<(), LoginError> {
        let negotiated = backend::NegotiateProtocolVersion::parse(message.body())?;
        if negotiated.newest.minor > self.version.minor {
            return Err(LoginError::Protocol(
                "it negotiated a newer protocol version",
            ));
        }
        self.version = negotiated.newest;
        Ok(())
    }

    fn refused(&self, message: &Message) -> LoginError {
        if message.tag != backend::ERROR_RESPONSE {
            return LoginError::UnexpectedMessage(message.tag);
        }
        match ErrorResponse::parse(message.body()) {
            Ok(mut response) => {
                if let Some(token) = &self.token {
                    redact(&mut response, token);
                }
                LoginError::Refused {
                    refusal: LoginRefusal::classify(&response, self.stage),
                    response: Box::new(response),
                    token: self.token.clone(),
                    clock: None,
                }
            }
            Err(error) => error.into(),
        }
    }

    async fn next_message(&mut self, limit: usize) -> Result<Message, LoginError> {
        loop {
            let inbox = self.server.inbox();
            if let Some(header) = Header::parse(inbox)? {
                let length = HEADER + header.body_len;
                if length > limit {
                    return Err(LoginError::Protocol("its response is too long"));
                }
                if inbox.len() >= length {
                    let bytes = inbox.split_to(length).freeze();
                    return Ok(Message {
                        tag: header.tag,
                        bytes,
                    });
                }
            }
            fill(&mut self.server).await?;
        }
    }
}

/// Removes the token from an error that quotes it, because errors are logged.
fn redact(response: &mut ErrorResponse, token: &RdsToken) {
    let others = response.others.iter_mut().map(|(_, text)| text);
    let texts = [&mut response.message]
        .into_iter()
        .chain(&mut response.detail)
        .chain(&mut response.hint)
        .chain(others);
    for text in texts {
        *text = token.redact_from(text);
    }
}

// === impl Message ===

impl Message {
    fn body(&self) -> &[u8] {
        let mut bytes = self.bytes.as_ref();
        bytes.advance(HEADER);
        bytes
    }
}
