//! Connections to the domain: TCP to the dialed address, and TLS with a verified name.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use http::Uri;
use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_util::client::legacy::connect::{Connected, Connection};
use hyper_util::rt::TokioIo;
use irsa_net::connect::{ConnectOptions, connect};
use prometheus_client::metrics::counter::Counter;
use rustls::ClientConfig;
use tokio::io::AsyncBufRead;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::connections::{Activity, Connections};
use crate::upstream::Upstream;
use crate::upstream_error::ConnectorError;

/// The ALPN protocol ID of HTTP/2 (RFC 9113, section 3.2).
const H2: &[u8] = b"h2";

/// The time after which a domain that acknowledges no sent data counts as lost. The kernel cannot distinguish a domain
/// that is busy with a large bulk request from one that is gone.
const UNREAD: Duration = Duration::from_mins(2);

/// The maximum number of bytes that one read returns.
///
/// hyper forwards the data of each read as one piece of the response, and keeps up to three pieces for a client that
/// does not read. It doubles its buffer, up to the maximum size of the response headers, whenever a read fills it. One
/// byte less than a power of two keeps the buffer at 16 KiB.
const MAX_READ: usize = 16 * 1024 - 1;

/// Connects to one domain, independent of the request's URI.
#[derive(Debug, Clone)]
pub(crate) struct Connector(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    upstream: Upstream,
    tls: Arc<ClientConfig>,
    timeout: Duration,
    opened: Counter,
    connections: Arc<Connections>,
}

/// A connection to a verified server.
#[derive(Debug)]
pub(crate) struct Secured {
    stream: TokioIo<TlsStream<TcpStream>>,
    /// An error that occurred after data had been read, for the next read.
    failed: Option<io::Error>,
    /// `None` for HTTP/2, where requests share the connection.
    activity: Option<Arc<Activity>>,
}

// === impl Connector ===

impl Connector {
    /// Creates a connector. `opened` counts the connections, and `connections` tracks those over HTTP/1.1.
    pub(crate) fn new(
        upstream: Upstream,
        tls: Arc<ClientConfig>,
        timeout: Duration,
        opened: Counter,
        connections: Arc<Connections>,
    ) -> Self {
        Self(Arc::new(Inner {
            upstream,
            tls,
            timeout,
            opened,
            connections,
        }))
    }
}

impl tower_service::Service<Uri> for Connector {
    type Response = Secured;
    type Error = ConnectorError;
    type Future = Pin<Box<dyn Future<Output = Result<Secured, ConnectorError>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), ConnectorError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Uri) -> Self::Future {
        let inner = Arc::clone(&self.0);
        Box::pin(async move { inner.connect().await })
    }
}

// === impl Inner ===

impl Inner {
    async fn connect(&self) -> Result<Secured, ConnectorError> {
        let options = ConnectOptions {
            timeout: self.timeout,
            user_timeout: Some(UNREAD),
            http_proxy: self.upstream.http_proxy.clone(),
            ..ConnectOptions::default()
        };
        let Upstream {
            dial_host,
            dial_port,
            tls_name,
            ..
        } = &self.upstream;
        let stream = connect(dial_host, *dial_port, &options)
            .await
            .map_err(|error| ConnectorError::Connect(Arc::new(error)))?;
        let handshake = TlsConnector::from(Arc::clone(&self.tls)).connect(tls_name.clone(), stream);
        let stream = timeout(self.timeout, handshake)
            .await
            .map_err(|_| ConnectorError::TlsTimeout(self.timeout))?
            .map_err(|error| ConnectorError::Handshake(Arc::new(error.into())))?;
        self.opened.inc();
        let is_h2 = stream.get_ref().1.alpn_protocol() == Some(H2);
        Ok(Secured {
            stream: TokioIo::new(stream),
            failed: None,
            activity: (!is_h2).then(|| self.connections.open()),
        })
    }
}

// === impl Secured ===

impl Connection for Secured {
    fn connected(&self) -> Connected {
        match self.activity {
            Some(_) => Connected::new(),
            None => Connected::new().negotiated_h2(),
        }
    }
}

impl Read for Secured {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        mut buf: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        let read = self.poll_read_some(cx, &mut buf);
        if let (Poll::Ready(Ok(())), Some(activity)) = (&read, &self.activity) {
            activity.read();
        }
        read
    }
}

impl Write for Secured {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(cx, buf);
        self.note_written(&written);
        written
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, bufs);
        self.note_written(&written);
        written
    }
}

impl Secured {
    /// Reads the available data, at most [`MAX_READ`] bytes.
    fn poll_read_some(
        &mut self,
        cx: &mut Context<'_>,
        buf: &mut ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        if let Some(error) = self.failed.take() {
            return Poll::Ready(Err(error));
        }
        let stream = self.stream.inner_mut();
        let most = buf.remaining().min(MAX_READ);
        let mut left = most;
        while left > 0 {
            let data = match Pin::new(&mut *stream).poll_fill_buf(cx) {
                Poll::Pending if left == most => return Poll::Pending,
                Poll::Ready(Err(error)) if left == most => return Poll::Ready(Err(error)),
                Poll::Ready(Err(error)) => {
                    self.failed = Some(error);
                    break;
                }
                Poll::Pending | Poll::Ready(Ok([])) => break,
                Poll::Ready(Ok(data)) => data,
            };
            let length = data.len().min(left);
            buf.put_slice(data.get(..length).unwrap_or_default());
            Pin::new(&mut *stream).consume(length);
            left -= length;
        }
        Poll::Ready(Ok(()))
    }

    fn note_written(&self, written: &Poll<io::Result<usize>>) {
        if let (Poll::Ready(Ok(_)), Some(activity)) = (written, &self.activity) {
            activity.wrote();
        }
    }
}
