//! A TLS connection's codec and the little that must outlive a poll.

use std::io;

use irsa_net::tls::MAX_CLIENT_HELLO;

use super::codec::{TlsCodec, TlsState};
use super::outbox::Outbox;

pub(super) struct Tls {
    pub(super) codec: TlsCodec,
    /// An incomplete record, or a handshake message whose other records are to come.
    partial: Vec<u8>,
    /// Whether records were produced for the peer: a server's first ones answer the ClientHello.
    answered: bool,
    /// Whether TLS has failed, after which the codec must be left alone.
    failed: bool,
}

// === impl Tls ===

impl Tls {
    pub(super) fn new(codec: TlsCodec, begun: &[u8]) -> Self {
        Self {
            codec,
            partial: begun.to_vec(),
            answered: false,
            failed: false,
        }
    }

    /// How many bytes of an incomplete record are kept.
    pub(super) fn kept(&self) -> usize {
        self.partial.len()
    }

    pub(super) fn keep(&mut self, rest: &[u8]) {
        if rest.is_empty() {
            self.partial = Vec::new();
        } else {
            self.partial.clear();
            // Exactly: a buffer that doubles costs twice the bytes that a peer has sent.
            self.partial.reserve_exact(rest.len());
            self.partial.extend_from_slice(rest);
        }
    }

    /// Keeps the handshake so far, which is all that a server has of a client it does not know yet.
    ///
    /// # Errors
    /// The ClientHello is larger than [`MAX_CLIENT_HELLO`].
    pub(super) fn keep_handshake(&mut self, begun: &[u8]) -> io::Result<()> {
        if !self.answered && begun.len() > MAX_CLIENT_HELLO {
            let problem = format!("the ClientHello is larger than {MAX_CLIENT_HELLO} bytes");
            return Err(io::Error::new(io::ErrorKind::InvalidData, problem));
        }
        self.keep(begun);
        Ok(())
    }

    /// Copies the incomplete record to the front of `input` and says how long it is.
    pub(super) fn restore(&mut self, input: &mut [u8]) -> usize {
        let kept = self.partial.len().min(input.len());
        if let (Some(front), Some(partial)) = (input.get_mut(..kept), self.partial.get(..kept)) {
            front.copy_from_slice(partial);
        }
        kept
    }

    /// Decrypts `input` onto `plain`, keeps the incomplete rest, and puts what TLS itself has to
    /// say onto `unsent`.
    pub(super) fn decrypt(
        &mut self,
        input: &mut [u8],
        plain: &mut Outbox,
        unsent: &mut Vec<u8>,
    ) -> io::Result<TlsState> {
        let mut reply = Outbox::default();
        let received = self.codec.receive(input, plain, &mut reply);
        self.answered |= !reply.filled().is_empty();
        unsent.extend_from_slice(reply.filled());
        self.failed = received.is_err();
        let received = received.map_err(tls_error)?;
        self.keep(input.get(received.consumed..).unwrap_or_default());
        Ok(received.state)
    }

    pub(super) fn encrypt<'a>(
        &mut self,
        plain: &[u8],
        cipher: &'a mut Outbox,
    ) -> io::Result<&'a [u8]> {
        cipher.clear();
        if self.failed {
            return Err(io::ErrorKind::NotConnected.into());
        }
        self.codec
            .encrypt(&mut self.partial, plain, cipher)
            .map_err(tls_error)?;
        Ok(cipher.filled())
    }

    pub(super) fn close(&mut self, unsent: &mut Vec<u8>) {
        if self.failed {
            return;
        }
        let mut alert = Outbox::default();
        self.codec.close(&mut self.partial, &mut alert);
        unsent.extend_from_slice(alert.filled());
    }
}

/// Wraps TLS's failure so that callers can find the [`rustls::Error`] again.
pub(super) fn tls_error(error: rustls::Error) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, error)
}
