//! One side of a session: a socket, with TLS or without, that holds no buffer while it waits.
//!
//! A read goes into the thread's scratch area and comes out as plaintext; a write is encrypted in
//! the scratch area and goes out in one call. Only what a socket would not take is kept, and the
//! relay reads nothing more for a side that is backed up: that is the whole of the backpressure,
//! and it bounds the memory of a session.

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

/// A socket and what stands between it and plaintext.
pub(crate) struct Transport {
    stream: Stream,
    tls: Option<Box<Tls>>,
    /// Plaintext received and not yet taken: used only while messages are read one by one.
    inbox: BytesMut,
    /// Bytes for the wire that the socket would not take yet.
    unsent: Vec<u8>,
    peer_closed: bool,
    closing: Closing,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Closing {
    Open,
    /// The end has been said (TLS `close_notify`); the socket still has bytes to take.
    Flushing,
    Done,
}

/// What a read of one side came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Receipt {
    /// Plaintext is there.
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

    /// Takes the client's part of a TLS handshake, verifying the server against `name`.
    ///
    /// # Errors
    /// The handshake's failure; the inner error is the [`rustls::Error`] where TLS is to blame.
    pub(crate) async fn connect_tls(
        &mut self,
        config: &Arc<ClientConfig>,
        name: ServerName<'static>,
    ) -> io::Result<()> {
        let codec = TlsCodec::client(config, name).map_err(tls_error)?;
        self.handshake(codec).await
    }

    /// Takes the server's part of a TLS handshake. Bytes already in the inbox are its beginning.
    ///
    /// # Errors
    /// As for [`Transport::connect_tls`].
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

    /// The version of TLS that was negotiated, if there is TLS.
    pub(crate) fn tls_version(&self) -> Option<rustls::ProtocolVersion> {
        self.tls.as_ref()?.codec.protocol_version()
    }

    /// The certificate that the peer authenticated with, if the TLS configuration asks for one.
    pub(crate) fn peer_certificate(&self) -> Option<&CertificateDer<'static>> {
        self.tls.as_ref()?.codec.peer_certificate()
    }

    pub(crate) fn inbox(&mut self) -> &mut BytesMut {
        &mut self.inbox
    }

    /// Adds what arrives next to the inbox.
    ///
    /// # Errors
    /// The socket's or TLS's failure.
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
    /// The socket's or TLS's failure.
    pub(crate) async fn send_all(&mut self, plain: &[u8]) -> io::Result<()> {
        self.begin_to_send(plain).await?;
        poll_fn(|cx| self.poll_flush(cx)).await
    }

    /// Sends `plain` as far as the socket takes it at once; the rest goes with the next flush.
    ///
    /// # Errors
    /// The socket's or TLS's failure.
    pub(crate) async fn begin_to_send(&mut self, plain: &[u8]) -> io::Result<()> {
        poll_fn(|cx| Poll::Ready(self.send(cx, plain))).await
    }

    /// Changes how long data may stay unacknowledged. Without the change the session goes on as it
    /// was: a connection that is gone shows when it is used.
    pub(crate) fn set_user_timeout(&self, timeout: Option<Duration>) {
        let _ = self.stream.set_user_timeout(timeout);
    }

    /// Says that nothing more will be sent, after all that is still unsent.
    ///
    /// # Errors
    /// The socket's failure.
    pub(crate) async fn close(&mut self) -> io::Result<()> {
        poll_fn(|cx| self.poll_close(cx)).await
    }

    /// Waits for plaintext, which is at [`Scratch::received`] afterwards.
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

    /// Sends what the last receive of another transport left in `scratch`.
    ///
    /// # Errors
    /// The socket's or TLS's failure.
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

    /// Sends `plain` as far as the socket takes it and keeps the rest.
    ///
    /// # Errors
    /// The socket's or TLS's failure.
    pub(crate) fn send(&mut self, cx: &mut Context<'_>, plain: &[u8]) -> io::Result<()> {
        with_scratch(|scratch| {
            let wire = match &mut self.tls {
                None => plain,
                Some(tls) => tls.encrypt(plain, &mut scratch.cipher)?,
            };
            self.push(cx, wire)
        })
    }

    /// Sends what is unsent.
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

    /// Flushes, says the end, and shuts down the sending half of the socket.
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
                    // The alert says why; if it can't be sent any more, the error stays the same.
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

    /// Reads at most `size` bytes into the scratch area, behind what an incomplete record left there.
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

    /// Turns `fetched` bytes of the scratch area into plaintext.
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

/// Ends the connection as well as can be done without waiting, however it came to its end: with TLS's `close_notify`
/// where that was not said yet, and with a FIN.
impl Drop for Transport {
    fn drop(&mut self) {
        if self.closing == Closing::Open
            && let Some(tls) = &mut self.tls
        {
            tls.close(&mut self.unsent);
            // What the socket does not take now is lost with it.
            let _ = self.stream.try_write(&self.unsent);
        }
        self.stream.discard_unread();
    }
}

/// Writes until the socket would block and says how much it took.
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
