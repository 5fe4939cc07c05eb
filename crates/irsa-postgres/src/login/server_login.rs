//! The messages of a login, from the start-up packet to ReadyForQuery, on a verified connection.
//!
//! It knows nothing of where tokens come from: the proxy signs one between the server's question and
//! the answer, and a probe may wait for credentials there.

use std::sync::Arc;

use bytes::{Buf, Bytes, BytesMut};
use irsa_identity::RdsToken;
use irsa_pgwire::backend::{self, Authentication};
use irsa_pgwire::error_response::ErrorResponse;
use irsa_pgwire::frame::{HEADER, Header};
use irsa_pgwire::frontend;
use irsa_pgwire::startup::{CancelKey, Startup, Version};

use super::{LoginError, fill};
use crate::refusal::{Refusal, Stage};
use crate::transport::Transport;

/// The most bytes a server may send before its first ReadyForQuery: parameters and notices come
/// to a few kilobytes.
const MAX_GREETING: usize = 1024 * 1024;

/// A login that is under way.
pub(super) struct ServerLogin {
    pub(super) server: Transport,
    pub(super) version: Version,
    stage: Stage,
    token: Option<Arc<RdsToken>>,
}

/// What the server wants to know before it decides about a login.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AuthenticationRequest {
    /// A password in clear text, which may be a token.
    Token,
    /// Nothing more: it has accepted the login.
    Nothing,
}

/// What a server says between AuthenticationOk and the first ReadyForQuery.
#[derive(Debug, Default)]
pub(super) struct Greeting {
    pub(super) messages: BytesMut,
    pub(super) key: Option<CancelKey>,
    pub(super) ready: Bytes,
}

/// A whole message, header included.
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
            stage: Stage::BeforeToken,
            token: None,
        }
    }

    /// The token that was sent, if any.
    pub(super) fn token(&self) -> Option<&Arc<RdsToken>> {
        self.token.as_ref()
    }

    /// How far the login has come.
    pub(super) fn stage(&self) -> Stage {
        self.stage
    }

    /// Sends the start-up packet.
    ///
    /// # Errors
    /// The connection broke.
    pub(super) async fn start(&mut self, startup: &Startup) -> Result<(), LoginError> {
        let mut packet = BytesMut::new();
        startup.for_server(self.version).encode(&mut packet);
        self.server.send_all(&packet).await?;
        Ok(())
    }

    /// Reads what the server asks for next. The connection is TLS whose other side is verified, so
    /// a token may answer AuthenticationCleartextPassword, and nothing else.
    ///
    /// # Errors
    /// The server asks for another kind of password, refuses the login, or breaks the protocol.
    pub(super) async fn next_request(&mut self) -> Result<AuthenticationRequest, LoginError> {
        loop {
            let message = self.next_message(MAX_GREETING).await?;
            match message.tag {
                backend::AUTHENTICATION => return self.requested(&message),
                backend::NEGOTIATE_PROTOCOL_VERSION => self.accept_older_version(&message)?,
                backend::NOTICE_RESPONSE => {}
                _ => return Err(self.refused(&message)),
            }
        }
    }

    fn requested(&mut self, message: &Message) -> Result<AuthenticationRequest, LoginError> {
        match Authentication::parse(message.body())? {
            Authentication::Ok => {
                self.stage = Stage::Accepted;
                Ok(AuthenticationRequest::Nothing)
            }
            Authentication::CleartextPassword if self.token.is_some() => {
                Err(LoginError::Protocol("it asked for a password twice"))
            }
            Authentication::CleartextPassword => Ok(AuthenticationRequest::Token),
            Authentication::Md5 { .. } => Err(LoginError::PasswordWanted("md5")),
            Authentication::Sasl { .. } => Err(LoginError::PasswordWanted("scram-sha-256")),
            _ => Err(LoginError::UnknownAuthentication),
        }
    }

    /// Answers [`AuthenticationRequest::Token`].
    ///
    /// # Errors
    /// The connection broke.
    pub(super) async fn send_token(&mut self, token: Arc<RdsToken>) -> Result<(), LoginError> {
        let mut answer = BytesMut::new();
        frontend::password(token.expose().as_bytes(), &mut answer);
        self.token = Some(token);
        self.stage = Stage::AfterToken;
        self.server.send_all(&answer).await?;
        Ok(())
    }

    /// Reads up to ReadyForQuery once the server has accepted the login.
    ///
    /// # Errors
    /// The server refused the session, broke the protocol, or closed the connection.
    pub(super) async fn read_greeting(&mut self) -> Result<Greeting, LoginError> {
        self.greeting().await.map_err(LoginError::after_consent)
    }

    async fn greeting(&mut self) -> Result<Greeting, LoginError> {
        let mut greeting = Greeting::default();
        loop {
            let room = MAX_GREETING.saturating_sub(greeting.messages.len());
            let message = self.next_message(room).await?;
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

    /// The server knows only an older minor version; ours is the newest it may name.
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
            return LoginError::Protocol("it sent an unexpected message during authentication");
        }
        match ErrorResponse::parse(message.body()) {
            Ok(mut response) => {
                if let Some(token) = &self.token {
                    redact(&mut response, token.expose());
                }
                LoginError::Refused {
                    refusal: Refusal::classify(&response, self.stage),
                    response: Box::new(response),
                    token: self.token.clone(),
                    clock: None,
                }
            }
            Err(error) => error.into(),
        }
    }

    async fn next_message(&mut self, room: usize) -> Result<Message, LoginError> {
        loop {
            let inbox = self.server.inbox();
            if let Some(header) = Header::parse(inbox)? {
                let length = HEADER + header.body_len;
                if length > room {
                    return Err(LoginError::Protocol("its greeting is too long"));
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

/// Takes the token out of an error that quotes it: errors are logged.
fn redact(response: &mut ErrorResponse, token: &str) {
    let others = response.others.iter_mut().map(|(_, text)| text);
    let texts = [&mut response.message]
        .into_iter()
        .chain(&mut response.detail)
        .chain(&mut response.hint)
        .chain(others);
    for text in texts {
        *text = irsa_identity::redact(text, &[token]);
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
