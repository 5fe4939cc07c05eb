//! One connection's way from the start-up packet to ReadyForQuery.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::{Buf, Bytes, BytesMut};
use irsa_identity::{ClockOffset, RdsTarget, RdsToken};
use irsa_pgwire::backend::{self, Authentication};
use irsa_pgwire::error_response::ErrorResponse;
use irsa_pgwire::frame::{HEADER, Header};
use irsa_pgwire::frontend;
use irsa_pgwire::startup::{CancelKey, Startup, Version};

use super::{LoggedIn, LoginError, fill, open_tls};
use crate::database::Database;
use crate::refusal::{Refusal, Stage};
use crate::transport::Transport;

/// The most bytes a server may send before its first ReadyForQuery: parameters and notices come
/// to a few kilobytes.
const MAX_GREETING: usize = 1024 * 1024;

/// How far a signature's time may be off ("Troubleshoot Signature Version 4", IAM user guide).
const AWS_TOLERANCE: Duration = Duration::from_mins(5);

/// A login that is under way.
pub(super) struct Attempt<'a> {
    database: &'a Database,
    startup: &'a Startup,
    version: Version,
    server: Transport,
    address: SocketAddr,
    token: Option<Arc<RdsToken>>,
}

/// What a server says between AuthenticationOk and the first ReadyForQuery.
#[derive(Debug, Default)]
pub(super) struct Greeting {
    messages: BytesMut,
    key: Option<CancelKey>,
    ready: Bytes,
}

/// A whole message, header included.
struct Message {
    tag: u8,
    bytes: Bytes,
}

// === impl Attempt ===

impl<'a> Attempt<'a> {
    pub(super) async fn connect(
        database: &'a Database,
        startup: &'a Startup,
        version: Version,
    ) -> Result<Self, LoginError> {
        let (server, address) = open_tls(database, None).await?;
        Ok(Self {
            database,
            startup,
            version,
            server,
            address,
            token: None,
        })
    }

    pub(super) async fn log_in(&mut self) -> Result<Greeting, LoginError> {
        let mut packet = BytesMut::new();
        self.startup.for_server(self.version).encode(&mut packet);
        self.server.send_all(&packet).await?;
        self.authenticate().await?;
        self.read_greeting()
            .await
            .map_err(LoginError::after_consent)
    }

    pub(super) fn finish(self, greeting: Greeting) -> LoggedIn {
        LoggedIn {
            server: self.server,
            address: self.address,
            version: self.version,
            key: greeting.key,
            greeting: greeting.messages,
            ready: greeting.ready,
        }
    }

    /// Whether a token signed at `begun` or later would be another one: tokens are dated in whole
    /// seconds.
    pub(super) fn used_a_token_signed_before(&self, begun: SystemTime) -> bool {
        self.token
            .as_ref()
            .is_some_and(|token| token.age(begun) >= Duration::from_secs(1))
    }

    pub(super) fn reject_token(&self) {
        if let (Some(token), Ok(target)) = (&self.token, self.target()) {
            self.database.signer.reject(&target, token);
        }
    }

    /// Answers the server's requests until it is satisfied. The token goes out only in answer to
    /// AuthenticationCleartextPassword, on the verified TLS stream that [`open_tls`] made.
    async fn authenticate(&mut self) -> Result<(), LoginError> {
        loop {
            let message = self.next_message(MAX_GREETING).await?;
            match message.tag {
                backend::AUTHENTICATION => match Authentication::parse(message.body())? {
                    Authentication::Ok => return Ok(()),
                    Authentication::CleartextPassword => self.send_token().await?,
                    Authentication::Md5 { .. } => return Err(LoginError::PasswordWanted("md5")),
                    Authentication::Sasl { .. } => {
                        return Err(LoginError::PasswordWanted("scram-sha-256"));
                    }
                    _ => return Err(LoginError::UnknownAuthentication),
                },
                backend::NEGOTIATE_PROTOCOL_VERSION => self.accept_older_version(&message)?,
                backend::NOTICE_RESPONSE => {}
                _ => return Err(self.refused(&message, self.stage())),
            }
        }
    }

    /// As long as the server has not accepted the login.
    fn stage(&self) -> Stage {
        match self.token {
            Some(_) => Stage::AfterToken,
            None => Stage::BeforeToken,
        }
    }

    async fn send_token(&mut self) -> Result<(), LoginError> {
        if self.token.is_some() {
            return Err(LoginError::Protocol("it asked for a password twice"));
        }
        let token = self.database.signer.token(&self.target()?).await?;
        let mut answer = BytesMut::new();
        frontend::password(token.expose().as_bytes(), &mut answer);
        self.token = Some(token);
        self.server.send_all(&answer).await?;
        Ok(())
    }

    async fn read_greeting(&mut self) -> Result<Greeting, LoginError> {
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
                _ => return Err(self.refused(&message, Stage::Accepted)),
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

    fn refused(&self, message: &Message, stage: Stage) -> LoginError {
        if message.tag != backend::ERROR_RESPONSE {
            return LoginError::Protocol("a message came that no login has");
        }
        match ErrorResponse::parse(message.body()) {
            Ok(mut response) => {
                if let Some(token) = &self.token {
                    redact(&mut response, token.expose());
                }
                LoginError::Refused {
                    why: Refusal::of(&response, stage),
                    response: Box::new(response),
                    token: self.token.clone(),
                    clock: self.clock_that_is_off(),
                }
            }
            Err(error) => error.into(),
        }
    }

    /// The clock, where it is so far off that AWS takes no signature that it dates.
    fn clock_that_is_off(&self) -> Option<ClockOffset> {
        let offset = self.database.identity.clock_offset()?;
        (offset.amount() >= AWS_TOLERANCE).then_some(offset)
    }

    fn target(&self) -> Result<RdsTarget, LoginError> {
        let upstream = &self.database.upstream;
        Ok(RdsTarget {
            sign_host: upstream.sign_host.clone(),
            port: upstream.sign_port,
            user: self
                .startup
                .user()
                .ok_or(LoginError::UserNotUtf8)?
                .to_owned(),
            region: upstream.region.clone(),
        })
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
