//! A bound on what a client may send before its TLS handshake gets anywhere.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// The largest ClientHello that a listener accepts, in bytes on the wire.
///
/// rustls buffers up to 64 KiB of an incomplete one. With post-quantum key shares and every known
/// extension, clients send about 2 KiB.
pub const MAX_CLIENT_HELLO: usize = 16 * 1024;

/// A stream that fails when its peer sends more than [`MAX_CLIENT_HELLO`] bytes before anything is
/// written to it: a TLS server writes as soon as it has read the ClientHello.
#[derive(Debug)]
pub struct ClientHelloLimit<S> {
    stream: S,
    /// Bytes that may still be read; `None` once something was written.
    left: Option<usize>,
}

impl<S> ClientHelloLimit<S> {
    /// Wraps a stream of which nothing was read yet.
    pub fn new(stream: S) -> Self {
        Self {
            stream,
            left: Some(MAX_CLIENT_HELLO),
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for ClientHelloLimit<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buf.filled().len();
        let polled = Pin::new(&mut this.stream).poll_read(cx, buf);
        let Some(left) = this.left else {
            return polled;
        };
        match left.checked_sub(buf.filled().len() - before) {
            None => Poll::Ready(Err(io::Error::new(
                io::ErrorKind::InvalidData,
                format!("the ClientHello is larger than {MAX_CLIENT_HELLO} bytes"),
            ))),
            left => {
                this.left = left;
                polled
            }
        }
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for ClientHelloLimit<S> {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        this.left = None;
        Pin::new(&mut this.stream).poll_write(cx, buf)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        this.left = None;
        Pin::new(&mut this.stream).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

    use super::*;

    #[tokio::test]
    async fn reads_no_more_than_a_client_hello_before_the_first_write() {
        let (mut client, server) = duplex(4 * MAX_CLIENT_HELLO);
        let mut server = ClientHelloLimit::new(server);
        client.write_all(&[0x16; MAX_CLIENT_HELLO]).await.unwrap();
        server.read_exact(&mut [0; MAX_CLIENT_HELLO]).await.unwrap();
        client.write_all(&[0x16]).await.unwrap();
        let refused = server.read(&mut [0; 8]).await.unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::InvalidData);
        assert!(refused.to_string().contains("16384 bytes"), "{refused}");
    }

    #[tokio::test]
    async fn reads_on_once_something_was_written() {
        let (mut client, server) = duplex(4 * MAX_CLIENT_HELLO);
        let mut server = ClientHelloLimit::new(server);
        server.write_all(b"hello").await.unwrap();
        client
            .write_all(&vec![1; 2 * MAX_CLIENT_HELLO])
            .await
            .unwrap();
        let mut read = vec![0; 2 * MAX_CLIENT_HELLO];
        server.read_exact(&mut read).await.unwrap();
    }
}
