//! One end of a connection: bytes, packets and messages, in clear text or over TLS.

use std::io::{self, ErrorKind};
use std::sync::Arc;
use std::time::Duration;

use bytes::{Buf, Bytes, BytesMut};
use irsa_pgwire::error_response::{ERROR_RESPONSE, ErrorResponse};
use irsa_pgwire::frame::{HEADER, Header};
use irsa_pgwire::startup::{self, Initial};
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ServerConfig};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadHalf, WriteHalf};
use tokio::runtime::{Builder, Runtime};
use tokio_rustls::{TlsAcceptor, TlsConnector};

/// How long anything may take before a test gives up on it.
const PATIENCE: Duration = Duration::from_secs(20);

/// Anything that bytes go through.
pub(crate) trait Io: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Io for T {}

/// The half of a connection that is read.
pub(crate) type Ear = ReadHalf<Box<dyn Io>>;
/// The half that is written.
pub(crate) type Mouth = WriteHalf<Box<dyn Io>>;

/// A connection's end, with what has been read ahead.
pub(crate) struct Wire {
    io: Box<dyn Io>,
    inbox: BytesMut,
}

/// A message as it came, header included.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Message {
    pub(crate) tag: u8,
    pub(crate) bytes: Bytes,
}

/// Waits for what must come.
pub(crate) async fn within<T>(what: &str, coming: impl Future<Output = T>) -> T {
    let outcome = tokio::time::timeout(PATIENCE, coming).await;
    outcome.unwrap_or_else(|_| panic!("{what} did not come in {PATIENCE:?}"))
}

/// A runtime as `#[tokio::test]` makes them, for tests that have many cases in one.
pub(crate) fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

/// A message made by one of `irsa_pgwire`'s writers.
pub(crate) fn encoded(write: impl FnOnce(&mut BytesMut)) -> Bytes {
    let mut bytes = BytesMut::new();
    write(&mut bytes);
    bytes.freeze()
}

/// A message of any kind.
pub(crate) fn message(tag: u8, body: &[u8]) -> Bytes {
    let length = i32::try_from(body.len() + 4).unwrap().to_be_bytes();
    [&[tag], length.as_slice(), body].concat().into()
}

// === impl Wire ===

impl Wire {
    pub(crate) fn new(io: impl Io + 'static) -> Self {
        Self {
            io: Box::new(io),
            inbox: BytesMut::new(),
        }
    }

    /// Goes on as a TLS server.
    pub(crate) async fn accept_tls(self, config: &Arc<ServerConfig>) -> io::Result<Self> {
        assert_eq!(self.inbox, "", "clear text came after TLS was agreed");
        let accepting = TlsAcceptor::from(Arc::clone(config)).accept(self.io);
        within("a TLS client", accepting).await.map(Self::new)
    }

    /// Goes on as a TLS client.
    pub(crate) async fn connect_tls(
        self,
        config: &Arc<ClientConfig>,
        name: &'static str,
    ) -> io::Result<Self> {
        assert_eq!(self.inbox, "", "clear text came after TLS was agreed");
        let name = ServerName::try_from(name).unwrap();
        let connecting = TlsConnector::from(Arc::clone(config)).connect(name, self.io);
        within("a TLS server", connecting).await.map(Self::new)
    }

    pub(crate) async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.try_send(bytes).await.unwrap();
    }

    pub(crate) async fn try_send(&mut self, bytes: impl AsRef<[u8]>) -> io::Result<()> {
        let sending = async {
            self.io.write_all(bytes.as_ref()).await?;
            self.io.flush().await
        };
        within("a reader", sending).await
    }

    /// Says that nothing more will be sent.
    pub(crate) async fn shut_down(&mut self) {
        self.try_shut_down().await.unwrap();
    }

    pub(crate) async fn try_shut_down(&mut self) -> io::Result<()> {
        within("the end of sending", self.io.shutdown()).await
    }

    /// The next `count` bytes.
    pub(crate) async fn bytes(&mut self, count: usize) -> Bytes {
        while self.inbox.len() < count {
            assert!(self.fill().await, "the end came before {count} bytes");
        }
        self.inbox.split_to(count).freeze()
    }

    /// The next packet of a start-up, with its bytes; `None` at the end.
    pub(crate) async fn packet(&mut self) -> Option<(Initial, Bytes)> {
        loop {
            if let Some((packet, length)) = startup::parse(&self.inbox).unwrap() {
                return Some((packet, self.inbox.split_to(length).freeze()));
            }
            if !self.fill().await {
                return None;
            }
        }
    }

    /// The next message; `None` at the end.
    pub(crate) async fn message(&mut self) -> Option<Message> {
        loop {
            if let Some(header) = Header::parse(&self.inbox).unwrap() {
                let length = HEADER + header.body_len;
                if self.inbox.len() >= length {
                    let bytes = self.inbox.split_to(length).freeze();
                    return Some(Message {
                        tag: header.tag,
                        bytes,
                    });
                }
            }
            if !self.fill().await {
                assert_eq!(self.inbox, "", "the end came in the middle of a message");
                return None;
            }
        }
    }

    /// All messages up to and including the first of kind `tag`.
    pub(crate) async fn messages_until(&mut self, tag: u8) -> Vec<Message> {
        let mut messages = Vec::new();
        loop {
            let message = self.message().await;
            messages.push(message.unwrap_or_else(|| {
                panic!("no `{}` came after {messages:?}", char::from(tag));
            }));
            if messages.last().unwrap().tag == tag {
                return messages;
            }
        }
    }

    /// The error that is all that still comes.
    pub(crate) async fn last_words(mut self) -> ErrorResponse {
        let message = self.message().await.expect("the end came without a word");
        let error = message.error();
        assert_eq!(self.rest().await, "", "bytes came after {error:?}");
        error
    }

    /// All that still comes.
    pub(crate) async fn rest(&mut self) -> Bytes {
        while self.fill().await {}
        self.inbox.split().freeze()
    }

    /// What a reader or a writer of its own is to be in charge of.
    pub(crate) fn split(self) -> (Ear, Mouth) {
        assert_eq!(self.inbox, "", "something has been read ahead");
        tokio::io::split(self.io)
    }

    /// Reads to the end and returns whether TLS, where it is used, was closed before the connection.
    pub(crate) async fn ends_cleanly(&mut self) -> bool {
        loop {
            let reading = self.io.read_buf(&mut self.inbox);
            match within("the end", reading).await {
                Ok(0) => return true,
                Ok(_) => {}
                Err(_) => return false,
            }
        }
    }

    /// Reads what comes next; `false` at the end. A connection over TLS must not end without `close_notify`.
    async fn fill(&mut self) -> bool {
        let reading = self.io.read_buf(&mut self.inbox);
        match within("the next bytes", reading).await {
            Ok(read) => read > 0,
            Err(error) => {
                // A reset, an alert of TLS.
                let ends = [
                    ErrorKind::ConnectionReset,
                    ErrorKind::BrokenPipe,
                    ErrorKind::InvalidData,
                ];
                assert!(ends.contains(&error.kind()), "{error}");
                false
            }
        }
    }
}

// === impl Message ===

impl Message {
    pub(crate) fn body(&self) -> &[u8] {
        let mut body = self.bytes.as_ref();
        body.advance(HEADER);
        body
    }

    /// The error that this message is.
    pub(crate) fn error(&self) -> ErrorResponse {
        assert_eq!(self.tag, ERROR_RESPONSE, "{self:?} is no error");
        ErrorResponse::parse(self.body()).unwrap()
    }
}

impl std::fmt::Debug for Message {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let text = self.body().escape_ascii();
        write!(f, "{} {text}", char::from(self.tag))
    }
}
