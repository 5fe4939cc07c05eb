//! TLS for `tokio-postgres`, and raw connections.

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
use tokio_postgres::Socket;
use tokio_postgres::tls::{ChannelBinding, MakeTlsConnect, TlsConnect};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::super::opening::ALPN;
use super::super::wire::Wire;
use super::support::Lab;

/// Client-side TLS that trusts only the lab's CA and verifies names.
#[derive(Clone)]
pub(super) struct Tls(Arc<ClientConfig>);

pub(super) struct Connector {
    config: Arc<ClientConfig>,
    host: ServerName<'static>,
}

pub(super) struct Stream(TlsStream<Socket>);

impl Tls {
    pub(super) fn trusting(lab: &Lab) -> Self {
        let file = lab.folder.path().join("ca.pem");
        std::fs::write(&file, lab.authority.ca_pem()).unwrap();
        Self(client_config(&Roots::from_pem_file(&file).unwrap(), &[ALPN]).unwrap())
    }

    /// Starts TLS without a request, as libpq does with `sslnegotiation=direct`.
    pub(super) async fn direct(
        &self,
        lab: &Lab,
        host: &str,
    ) -> io::Result<Wire<TlsStream<TcpStream>>> {
        self.handshake(lab.tcp().await, host).await
    }

    pub(super) async fn handshake(
        &self,
        stream: TcpStream,
        host: &str,
    ) -> io::Result<Wire<TlsStream<TcpStream>>> {
        let host = ServerName::try_from(host.to_owned()).unwrap();
        TlsConnector::from(Arc::clone(&self.0))
            .connect(host, stream)
            .await
            .map(Wire::new)
    }

    /// Returns the client without ALPN.
    pub(super) fn without_alpn(&self) -> Self {
        let mut config = (*self.0).clone();
        config.alpn_protocols.clear();
        Self(Arc::new(config))
    }
}

impl MakeTlsConnect<Socket> for Tls {
    type Stream = Stream;
    type TlsConnect = Connector;
    type Error = rustls::pki_types::InvalidDnsNameError;

    fn make_tls_connect(&mut self, host: &str) -> Result<Connector, Self::Error> {
        Ok(Connector {
            config: Arc::clone(&self.0),
            host: ServerName::try_from(host.to_owned())?,
        })
    }
}

impl TlsConnect<Socket> for Connector {
    type Stream = Stream;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Stream>> + Send>>;

    fn connect(self, stream: Socket) -> Self::Future {
        Box::pin(async move {
            TlsConnector::from(self.config)
                .connect(self.host, stream)
                .await
                .map(Stream)
        })
    }
}

impl tokio_postgres::tls::TlsStream for Stream {
    fn channel_binding(&self) -> ChannelBinding {
        ChannelBinding::none()
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, buf)
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}
