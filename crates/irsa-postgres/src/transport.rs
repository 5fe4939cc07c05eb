//! One side of a session: a socket with or without TLS that holds no buffer while it waits.
//!
//! Reads decrypt into the scratch buffers of the thread, and writes encrypt into them and send in one call. A transport
//! only keeps bytes that the socket did not accept. While there are such bytes, the relay does not read from the other
//! side. This backpressure limits the memory of a session.

mod codec;
mod outbox;
mod scratch;
mod tls;

use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::BytesMut;
use irsa_net::listen::Stream;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ServerConfig};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use self::codec::{TlsCodec, TlsState};
use self::scratch::{EARLY_READ_SIZE, READ_SIZE};
pub(crate) use self::scratch::{Scratch, with_scratch};
use self::tls::{Tls, tls_error};

/// A socket with optional TLS.
pub(crate) struct Transport {
    stream: Stream,
    tls: Option<Box<Tls>>,
    /// Received plaintext that has not been consumed. Used only before the relay starts.
    inbox: BytesMut,
    /// Encrypted or clear bytes that the socket has not accepted yet.
    unsent: Vec<u8>,
    peer_closed: bool,
    closing: Closing,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Closing {
    Open,
    /// `close_notify` is queued, if there is TLS, and the socket has not accepted all bytes yet.
    Flushing,
    Done,
}

/// The result of a read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Receipt {
    /// Plaintext was received.
    Data,
    /// The peer will send nothing more.
    End,
}

// === impl Transport ===

impl Transport {
    pub(crate) fn new(stream: Stream) -> Self {
        Self {
            stream,
            tls: None,
            inbox: BytesMut::new(),
            unsent: Vec::new(),
            peer_closed: false,
            closing: Closing::Open,
        }
    }

    /// Performs the client side of a TLS handshake and verifies that the server's certificate is valid for `name`.
    ///
    /// # Errors
    /// Fails if the handshake fails. The inner error is the [`rustls::Error`], if it is a TLS error.
    pub(crate) async fn connect_tls(
        &mut self,
        config: &Arc<ClientConfig>,
        name: ServerName<'static>,
    ) -> io::Result<()> {
        let codec = TlsCodec::client(config, name).map_err(tls_error)?;
        self.handshake(codec).await
    }

    /// Performs the server side of a TLS handshake, which starts with the bytes in the inbox.
    ///
    /// # Errors
    /// Fails in the same cases as [`Transport::connect_tls`].
    pub(crate) async fn accept_tls(&mut self, config: &Arc<ServerConfig>) -> io::Result<()> {
        let codec = TlsCodec::server(config).map_err(tls_error)?;
        self.handshake(codec).await
    }

    pub(crate) fn is_tls(&self) -> bool {
        self.tls.is_some()
    }

    pub(crate) fn alpn_protocol(&self) -> Option<&[u8]> {
        self.tls.as_ref()?.codec.alpn_protocol()
    }

    /// Returns the negotiated TLS version, if there is TLS.
    pub(crate) fn tls_version(&self) -> Option<rustls::ProtocolVersion> {
        self.tls.as_ref()?.codec.protocol_version()
    }

    /// Returns the certificate of the peer, if the TLS configuration requested one.
    pub(crate) fn peer_certificate(&self) -> Option<&CertificateDer<'static>> {
        self.tls.as_ref()?.codec.peer_certificate()
    }

    pub(crate) fn inbox(&mut self) -> &mut BytesMut {
        &mut self.inbox
    }

    /// Receives bytes into the inbox.
    ///
    /// # Errors
    /// Fails if the socket or TLS fails.
    pub(crate) async fn fill(&mut self) -> io::Result<Receipt> {
        poll_fn(|cx| {
            with_scratch(|scratch| {
                let receipt = ready!(self.poll_receive_at_most(cx, scratch, EARLY_READ_SIZE))?;
                self.inbox.extend_from_slice(scratch.received());
                Poll::Ready(Ok(receipt))
            })
        })
        .await
    }

    /// Sends all of `plain`.
    ///
    /// # Errors
    /// Fails if the socket or TLS fails.
    pub(crate) async fn send_all(&mut self, plain: &[u8]) -> io::Result<()> {
        self.begin_to_send(plain).await?;
        poll_fn(|cx| self.poll_flush(cx)).await
    }

    /// Sends as much of `plain` as the socket accepts immediately. The next flush sends the rest.
    ///
    /// # Errors
    /// Fails if the socket or TLS fails.
    pub(crate) async fn begin_to_send(&mut self, plain: &[u8]) -> io::Result<()> {
        poll_fn(|cx| Poll::Ready(self.send(cx, plain))).await
    }

    /// Sets the time that data may stay unacknowledged. Errors are ignored: if the connection is lost, later calls
    /// fail.
    pub(crate) fn set_user_timeout(&self, timeout: Option<Duration>) {
        let _ = self.stream.set_user_timeout(timeout);
    }

    /// Sends all unsent bytes and closes the sending half.
    ///
    /// # Errors
    /// Fails if the socket fails.
    pub(crate) async fn close(&mut self) -> io::Result<()> {
        poll_fn(|cx| self.poll_close(cx)).await
    }

    /// Receives plaintext into `scratch`; see [`Scratch::received`].
    pub(crate) fn poll_receive(
        &mut self,
        cx: &mut Context<'_>,
        scratch: &mut Scratch,
    ) -> Poll<io::Result<Receipt>> {
        self.poll_receive_at_most(cx, scratch, READ_SIZE)
    }

    fn poll_receive_at_most(
        &mut self,
        cx: &mut Context<'_>,
        scratch: &mut Scratch,
        size: usize,
    ) -> Poll<io::Result<Receipt>> {
        scratch.forget_received();
        loop {
            if self.peer_closed {
                return Poll::Ready(Ok(Receipt::End));
            }
            match ready!(self.poll_fetch(cx, scratch, size))? {
                0 => self.peer_closed = true,
                fetched => {
                    let state = self.absorb(scratch, fetched)?;
                    self.peer_closed = state == TlsState::PeerClosed;
                }
            }
            if !scratch.received().is_empty() {
                return Poll::Ready(Ok(Receipt::Data));
            }
        }
    }

    /// Sends the plaintext that a different transport received into `scratch`.
    ///
    /// # Errors
    /// Fails if the socket or TLS fails.
    pub(crate) fn forward(
        &mut self,
        cx: &mut Context<'_>,
        scratch: &mut Scratch,
    ) -> io::Result<()> {
        let (plain, cipher) = scratch.received_and_cipher();
        let wire = match &mut self.tls {
            None => plain,
            Some(tls) => tls.encrypt(plain, cipher)?,
        };
        self.push(cx, wire)
    }

    /// Sends as much of `plain` as the socket accepts and keeps the rest.
    ///
    /// # Errors
    /// Fails if the socket or TLS fails.
    pub(crate) fn send(&mut self, cx: &mut Context<'_>, plain: &[u8]) -> io::Result<()> {
        with_scratch(|scratch| {
            let wire = match &mut self.tls {
                None => plain,
                Some(tls) => tls.encrypt(plain, &mut scratch.cipher)?,
            };
            self.push(cx, wire)
        })
    }

    /// Sends unsent bytes.
    pub(crate) fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.unsent.is_empty() {
            return Poll::Ready(Ok(()));
        }
        let written = write_now(&mut self.stream, cx, &self.unsent)?;
        self.unsent.drain(..written);
        if self.unsent.is_empty() {
            self.unsent = Vec::new();
            return Poll::Ready(Ok(()));
        }
        Poll::Pending
    }

    /// Flushes, sends `close_notify` if there is TLS, and shuts down the sending half of the socket.
    pub(crate) fn poll_close(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.closing == Closing::Open {
            if let Some(tls) = &mut self.tls {
                tls.close(&mut self.unsent);
            }
            self.closing = Closing::Flushing;
        }
        if self.closing == Closing::Flushing {
            ready!(self.poll_flush(cx))?;
            ready!(Pin::new(&mut self.stream).poll_shutdown(cx))?;
            self.closing = Closing::Done;
        }
        Poll::Ready(Ok(()))
    }

    async fn handshake(&mut self, codec: TlsCodec) -> io::Result<()> {
        let begun = self.inbox.split();
        self.tls = Some(Box::new(Tls::new(codec, &begun)));
        poll_fn(|cx| with_scratch(|scratch| self.poll_handshake(cx, scratch))).await
    }

    fn poll_handshake(
        &mut self,
        cx: &mut Context<'_>,
        scratch: &mut Scratch,
    ) -> Poll<io::Result<()>> {
        loop {
            let begun = self
                .tls
                .as_mut()
                .map_or(0, |tls| tls.restore(&mut scratch.input));
            scratch.forget_received();
            let absorbed = self.absorb(scratch, begun);
            self.inbox.extend_from_slice(scratch.received());
            match absorbed {
                Err(error) => {
                    // Try to send the alert; if that fails, the original error is still returned.
                    let _ = self.poll_flush(cx);
                    return Poll::Ready(Err(error));
                }
                Ok(TlsState::Open) => return self.poll_flush(cx),
                Ok(TlsState::PeerClosed) => return Poll::Ready(Err(unexpected_end())),
                Ok(TlsState::Handshaking) => ready!(self.poll_flush(cx))?,
            }
            let fetched = ready!(self.poll_fetch(cx, scratch, EARLY_READ_SIZE))?;
            if fetched == 0 {
                return Poll::Ready(Err(unexpected_end()));
            }
            if let Some(tls) = &mut self.tls {
                tls.keep_handshake(scratch.input.get(..fetched).unwrap_or_default())?;
            }
        }
    }

    /// Reads at most `size` bytes into the scratch buffer, after the bytes of an incomplete record.
    fn poll_fetch(
        &mut self,
        cx: &mut Context<'_>,
        scratch: &mut Scratch,
        size: usize,
    ) -> Poll<io::Result<usize>> {
        let kept = self.tls.as_ref().map_or(0, |tls| tls.kept());
        let Some(space) = scratch.input.get_mut(kept..kept + size) else {
            return Poll::Ready(Err(io::ErrorKind::InvalidData.into()));
        };
        let mut buffer = ReadBuf::new(space);
        ready!(Pin::new(&mut self.stream).poll_read(cx, &mut buffer))?;
        match buffer.filled().len() {
            0 => Poll::Ready(Ok(0)),
            read => {
                if let Some(tls) = &mut self.tls {
                    tls.restore(&mut scratch.input);
                }
                Poll::Ready(Ok(kept + read))
            }
        }
    }

    /// Decrypts the first `fetched` bytes of the scratch buffer.
    fn absorb(&mut self, scratch: &mut Scratch, fetched: usize) -> io::Result<TlsState> {
        let Some(tls) = &mut self.tls else {
            scratch.direct = fetched;
            return Ok(TlsState::Open);
        };
        let input = scratch.input.get_mut(..fetched).unwrap_or_default();
        tls.decrypt(input, &mut scratch.plain, &mut self.unsent)
    }

    fn push(&mut self, cx: &mut Context<'_>, wire: &[u8]) -> io::Result<()> {
        let written = if self.unsent.is_empty() {
            write_now(&mut self.stream, cx, wire)?
        } else {
            0
        };
        self.unsent
            .extend_from_slice(wire.get(written..).unwrap_or_default());
        Ok(())
    }
}

/// Closes the connection as cleanly as possible without waiting: sends `close_notify`, if it was not sent yet, and FIN.
impl Drop for Transport {
    fn drop(&mut self) {
        if self.closing == Closing::Open
            && let Some(tls) = &mut self.tls
        {
            tls.close(&mut self.unsent);
            // Bytes that the socket does not accept now are lost.
            let _ = self.stream.try_write(&self.unsent);
        }
        self.stream.discard_unread();
    }
}

/// Writes until the socket would block and returns the number of bytes written.
fn write_now(stream: &mut Stream, cx: &mut Context<'_>, bytes: &[u8]) -> io::Result<usize> {
    let mut written = 0;
    while written < bytes.len() {
        let rest = bytes.get(written..).unwrap_or_default();
        match Pin::new(&mut *stream).poll_write(cx, rest) {
            Poll::Ready(Ok(0)) => return Err(io::ErrorKind::WriteZero.into()),
            Poll::Ready(Ok(more)) => written += more,
            Poll::Ready(Err(error)) => return Err(error),
            Poll::Pending => break,
        }
    }
    Ok(written)
}

fn unexpected_end() -> io::Error {
    io::ErrorKind::UnexpectedEof.into()
}

#[cfg(test)]
mod tests;
