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

/// The timeout for all operations.
const TIMEOUT: Duration = Duration::from_secs(20);

/// Any byte stream.
pub(crate) trait Io: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Io for T {}

/// The reading half of a connection.
pub(crate) type ReadEnd = ReadHalf<Box<dyn Io>>;
/// The writing half of a connection.
pub(crate) type WriteEnd = WriteHalf<Box<dyn Io>>;

/// One end of a connection with a read buffer.
pub(crate) struct Wire {
    io: Box<dyn Io>,
    inbox: BytesMut,
}

/// A message including its header.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Message {
    pub(crate) tag: u8,
    pub(crate) bytes: Bytes,
}

/// Waits for `future`, which is described by `what`.
pub(crate) async fn within<T>(what: &str, future: impl Future<Output = T>) -> T {
    let outcome = tokio::time::timeout(TIMEOUT, future).await;
    outcome.unwrap_or_else(|_| panic!("timeout while waiting for {what} ({TIMEOUT:?})"))
}

/// A runtime like that of `#[tokio::test]`, for tests with many cases.
pub(crate) fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

/// A message from one of the writers of `irsa_pgwire`.
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

    /// Continues as a TLS server.
    pub(crate) async fn accept_tls(self, config: &Arc<ServerConfig>) -> io::Result<Self> {
        assert_eq!(
            self.inbox, "",
            "clear text arrived after TLS was negotiated"
        );
        let accepting = TlsAcceptor::from(Arc::clone(config)).accept(self.io);
        within("a TLS client", accepting).await.map(Self::new)
    }

    /// Continues as a TLS client.
    pub(crate) async fn connect_tls(
        self,
        config: &Arc<ClientConfig>,
        name: &'static str,
    ) -> io::Result<Self> {
        assert_eq!(
            self.inbox, "",
            "clear text arrived after TLS was negotiated"
        );
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

    /// Closes the sending half.
    pub(crate) async fn shut_down(&mut self) {
        self.try_shut_down().await.unwrap();
    }

    pub(crate) async fn try_shut_down(&mut self) -> io::Result<()> {
        within("the end of sending", self.io.shutdown()).await
    }

    /// Reads `count` bytes.
    pub(crate) async fn bytes(&mut self, count: usize) -> Bytes {
        while self.inbox.len() < count {
            assert!(
                self.fill().await,
                "the connection ended before {count} bytes"
            );
        }
        self.inbox.split_to(count).freeze()
    }

    /// Reads a startup packet and returns it with its bytes; `None` at the end.
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

    /// Reads a message; `None` at the end.
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
                assert_eq!(self.inbox, "", "the connection ended within a message");
                return None;
            }
        }
    }

    /// Reads messages up to and including the first with `tag`.
    pub(crate) async fn messages_until(&mut self, tag: u8) -> Vec<Message> {
        let mut messages = Vec::new();
        loop {
            let message = self.message().await;
            messages.push(message.unwrap_or_else(|| {
                panic!("no `{}` after {messages:?}", char::from(tag));
            }));
            if messages.last().unwrap().tag == tag {
                return messages;
            }
        }
    }

    /// Reads to the end, which must be a single error.
    pub(crate) async fn final_error(mut self) -> ErrorResponse {
        let message = self
            .message()
            .await
            .expect("the connection ended without a message");
        let error = message.error();
        assert_eq!(self.rest().await, "", "bytes followed {error:?}");
        error
    }

    /// Reads to the end.
    pub(crate) async fn rest(&mut self) -> Bytes {
        while self.fill().await {}
        self.inbox.split().freeze()
    }

    /// Splits the connection for a separate reader and writer.
    pub(crate) fn split(self) -> (ReadEnd, WriteEnd) {
        assert_eq!(self.inbox, "", "the read buffer is not empty");
        tokio::io::split(self.io)
    }

    /// Reads to the end and returns whether a TLS connection ended with close_notify.
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

    /// Reads more bytes; `false` at the end. A TLS connection must end with `close_notify`.
    async fn fill(&mut self) -> bool {
        let reading = self.io.read_buf(&mut self.inbox);
        match within("the next bytes", reading).await {
            Ok(read) => read > 0,
            Err(error) => {
                // A reset or a TLS alert.
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

    /// Parses the message as an error.
    pub(crate) fn error(&self) -> ErrorResponse {
        assert_eq!(self.tag, ERROR_RESPONSE, "{self:?} is not an error");
        ErrorResponse::parse(self.body()).unwrap()
    }
}

impl std::fmt::Debug for Message {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let text = self.body().escape_ascii();
        write!(f, "{} {text}", char::from(self.tag))
    }
}
