//! TLS below the client library, with the product's verification.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use irsa_net::rustls::ClientConfig;
use irsa_net::rustls::pki_types::ServerName;
use irsa_net::tls::HandshakeError;
use irsa_net::tokio_rustls::TlsConnector;
use irsa_net::tokio_rustls::client::TlsStream;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_postgres::tls::{ChannelBinding, TlsConnect};

/// A handshake that verifies the server's certificate for a name.
#[derive(Debug)]
pub(super) struct VerifiedTls {
    config: Arc<ClientConfig>,
    name: ServerName<'static>,
}

/// A connection to a verified server.
#[derive(Debug)]
pub(super) struct VerifiedStream(TlsStream<TcpStream>);

// === impl VerifiedTls ===

impl VerifiedTls {
    pub(super) fn new(config: Arc<ClientConfig>, name: ServerName<'static>) -> Self {
        Self { config, name }
    }
}

impl TlsConnect<TcpStream> for VerifiedTls {
    type Stream = VerifiedStream;
    type Error = HandshakeFailure;
    type Future = Pin<Box<dyn Future<Output = Result<VerifiedStream, HandshakeFailure>> + Send>>;

    fn connect(self, stream: TcpStream) -> Self::Future {
        let connector = TlsConnector::from(self.config);
        Box::pin(async move {
            let connected = connector.connect(self.name, stream).await;
            connected
                .map(VerifiedStream)
                .map_err(|error| HandshakeFailure(error.into()))
        })
    }
}

/// The reason why the handshake failed, as a sentence.
#[derive(Debug)]
pub(super) struct HandshakeFailure(HandshakeError);

impl std::fmt::Display for HandshakeFailure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0.sentence("the server"))
    }
}

impl std::error::Error for HandshakeFailure {}

// === impl VerifiedStream ===

impl tokio_postgres::tls::TlsStream for VerifiedStream {
    fn channel_binding(&self) -> ChannelBinding {
        ChannelBinding::none()
    }
}

impl AsyncRead for VerifiedStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(context, buffer)
    }
}

impl AsyncWrite for VerifiedStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(context)
    }
}
