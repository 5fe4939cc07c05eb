//! A TLS codec with the state that is kept between polls.

use std::io;

use irsa_net::tls::MAX_CLIENT_HELLO;

use super::codec::{TlsCodec, TlsState};
use super::outbox::Outbox;

pub(super) struct Tls {
    pub(super) codec: TlsCodec,
    /// An incomplete record, or the records of an incomplete handshake message.
    partial: Vec<u8>,
    /// True after the first record for the peer; a server sends it in response to the ClientHello.
    answered: bool,
    /// True after TLS has failed. The codec must not be used again.
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

    /// Returns the number of buffered bytes of an incomplete record.
    pub(super) fn kept(&self) -> usize {
        self.partial.len()
    }

    pub(super) fn keep(&mut self, rest: &[u8]) {
        if rest.is_empty() {
            self.partial = Vec::new();
        } else {
            self.partial.clear();
            // Reserve exactly: a doubling buffer would need twice the bytes that the peer has sent.
            self.partial.reserve_exact(rest.len());
            self.partial.extend_from_slice(rest);
        }
    }

    /// Buffers the incomplete handshake.
    ///
    /// # Errors
    /// Fails if a ClientHello is larger than [`MAX_CLIENT_HELLO`].
    pub(super) fn keep_handshake(&mut self, begun: &[u8]) -> io::Result<()> {
        if !self.answered && begun.len() > MAX_CLIENT_HELLO {
            let problem = format!("the ClientHello is larger than {MAX_CLIENT_HELLO} bytes");
            return Err(io::Error::new(io::ErrorKind::InvalidData, problem));
        }
        self.keep(begun);
        Ok(())
    }

    /// Copies the incomplete record to the start of `input` and returns its length.
    pub(super) fn restore(&mut self, input: &mut [u8]) -> usize {
        let kept = self.partial.len().min(input.len());
        if let (Some(front), Some(partial)) = (input.get_mut(..kept), self.partial.get(..kept)) {
            front.copy_from_slice(partial);
        }
        kept
    }

    /// Decrypts `input` to `plain`, buffers an incomplete rest, and appends handshake and control records to `unsent`.
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

/// Wraps a TLS error so that callers can downcast to the [`rustls::Error`].
pub(super) fn tls_error(error: rustls::Error) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, error)
}
