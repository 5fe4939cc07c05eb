//! TLS for clients that talk to the server itself.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use irsa_net::tls::{Roots, client_config};
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_postgres::tls::{ChannelBinding, TlsConnect, TlsStream};
use tokio_rustls::TlsConnector;

use crate::DemoError;
use crate::stage::Stage;

/// A connector that trusts only the lab's CA.
pub(super) struct Tls {
    config: Arc<ClientConfig>,
    name: ServerName<'static>,
}

pub(super) struct TlsClientStream(tokio_rustls::client::TlsStream<TcpStream>);

// === impl Tls ===

impl Tls {
    /// Returns a connector that expects a certificate for `name`.
    pub(super) fn for_server(stage: &Stage, name: &str) -> Result<Self, DemoError> {
        let failed = |error: &dyn std::fmt::Display| DemoError::stage("preparing TLS", error);
        let roots = Roots::from_pem_file(&stage.facts().ca_file).map_err(|error| failed(&error))?;
        let config = client_config(&roots, &[]).map_err(|error| failed(&error))?;
        let name = ServerName::try_from(name.to_owned()).map_err(|error| failed(&error))?;
        Ok(Self { config, name })
    }

    pub(super) fn over(self, stream: TcpStream) -> tokio_rustls::Connect<TcpStream> {
        TlsConnector::from(self.config).connect(self.name, stream)
    }
}

impl TlsConnect<TcpStream> for Tls {
    type Stream = TlsClientStream;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<TlsClientStream>> + Send>>;

    fn connect(self, stream: TcpStream) -> Self::Future {
        Box::pin(async { self.over(stream).await.map(TlsClientStream) })
    }
}

// === impl TlsClientStream ===

impl AsyncRead for TlsClientStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, buffer)
    }
}

impl AsyncWrite for TlsClientStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}

impl TlsStream for TlsClientStream {
    fn channel_binding(&self) -> ChannelBinding {
        ChannelBinding::none()
    }
}
