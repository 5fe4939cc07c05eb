//! TLS encryption and decryption that does no I/O and owns no buffers.
//!
//! The unbuffered connections of rustls use buffers of the caller, so all sessions of a thread share one scratch area
//! and idle sessions hold no buffers.

use std::sync::Arc;

use rustls::client::UnbufferedClientConnection;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::server::UnbufferedServerConnection;
use rustls::unbuffered::{ConnectionState, EncodeError, EncryptError, UnbufferedStatus};
use rustls::{ClientConfig, ProtocolVersion, ServerConfig};

use super::outbox::Outbox;

/// The overhead of a TLS record: header, content type and authentication tag, plus a reserve for the explicit nonce of
/// TLS 1.2 (RFC 8446 section 5.2, RFC 5246 section 6.2.3).
const RECORD_OVERHEAD: usize = 64;
/// The maximum plaintext of a TLS record (RFC 8446 section 5.1).
const RECORD_PAYLOAD: usize = 16 * 1024;

/// One end of a TLS connection.
pub(crate) enum TlsCodec {
    /// The client side, to the database.
    Client(UnbufferedClientConnection),
    /// The server side, to the application.
    Server(UnbufferedServerConnection),
}

/// The state of the connection after [`TlsCodec::receive`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TlsState {
    /// The handshake needs more bytes from the peer.
    Handshaking,
    /// Application data may flow.
    Open,
    /// The peer has sent `close_notify`: no more data follows.
    PeerClosed,
}

/// The result of [`TlsCodec::receive`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Received {
    /// The number of input bytes that were consumed; the rest is an incomplete record.
    pub(crate) consumed: usize,
    pub(crate) state: TlsState,
}

enum Step {
    Again,
    At(TlsState),
}

// === impl TlsCodec ===

impl TlsCodec {
    pub(crate) fn client(
        config: &Arc<ClientConfig>,
        name: ServerName<'static>,
    ) -> Result<Self, rustls::Error> {
        UnbufferedClientConnection::new(Arc::clone(config), name).map(Self::Client)
    }

    pub(crate) fn server(config: &Arc<ServerConfig>) -> Result<Self, rustls::Error> {
        UnbufferedServerConnection::new(Arc::clone(config)).map(Self::Server)
    }

    /// Returns the protocol negotiated by ALPN (RFC 7301) after the handshake.
    pub(crate) fn alpn_protocol(&self) -> Option<&[u8]> {
        match self {
            Self::Client(connection) => connection.alpn_protocol(),
            Self::Server(connection) => connection.alpn_protocol(),
        }
    }

    /// Returns the TLS version after the handshake.
    pub(crate) fn protocol_version(&self) -> Option<ProtocolVersion> {
        match self {
            Self::Client(connection) => connection.protocol_version(),
            Self::Server(connection) => connection.protocol_version(),
        }
    }

    /// Returns the peer's end-entity certificate after the handshake.
    pub(crate) fn peer_certificate(&self) -> Option<&CertificateDer<'static>> {
        let chain = match self {
            Self::Client(connection) => connection.peer_certificates(),
            Self::Server(connection) => connection.peer_certificates(),
        };
        chain?.first()
    }

    /// Processes `incoming`. Appends plaintext to `plain`, and handshake and control records for the peer to `reply`.
    /// On an error, `reply` ends with the alert for the peer, and the codec must not be used again.
    pub(crate) fn receive(
        &mut self,
        incoming: &mut [u8],
        plain: &mut Outbox,
        reply: &mut Outbox,
    ) -> Result<Received, rustls::Error> {
        let mut consumed = 0;
        loop {
            let rest = incoming.get_mut(consumed..).unwrap_or_default();
            let (discard, step) = match self {
                Self::Client(connection) => {
                    advance(connection.process_tls_records(rest), plain, reply)
                }
                Self::Server(connection) => {
                    advance(connection.process_tls_records(rest), plain, reply)
                }
            };
            consumed += discard;
            match step {
                Ok(Step::Again) => {}
                Ok(Step::At(state)) => return Ok(Received { consumed, state }),
                Err(error) => {
                    self.encode_alert(incoming.get_mut(consumed..).unwrap_or_default(), reply);
                    return Err(error);
                }
            }
        }
    }

    /// Encrypts `plain` onto `out`.
    ///
    /// `unread` must be the input that the last [`TlsCodec::receive`] did not consume: rustls remembers the position of
    /// an incomplete handshake message in it and panics if it is missing.
    pub(crate) fn encrypt(
        &mut self,
        unread: &mut [u8],
        plain: &[u8],
        out: &mut Outbox,
    ) -> Result<(), rustls::Error> {
        match self {
            Self::Client(connection) => {
                encrypt_with(connection.process_tls_records(unread), plain, out)
            }
            Self::Server(connection) => {
                encrypt_with(connection.process_tls_records(unread), plain, out)
            }
        }
    }

    /// Writes `close_notify` (RFC 8446 section 6.1). `unread` is the same as for [`TlsCodec::encrypt`].
    pub(crate) fn close(&mut self, unread: &mut [u8], out: &mut Outbox) {
        match self {
            Self::Client(connection) => close_with(connection.process_tls_records(unread), out),
            Self::Server(connection) => close_with(connection.process_tls_records(unread), out),
        }
    }

    /// Writes the alert, which rustls provides as the next record after a fatal error.
    fn encode_alert(&mut self, unread: &mut [u8], reply: &mut Outbox) {
        let mut ignored = Outbox::default();
        let _ = match self {
            Self::Client(connection) => {
                advance(connection.process_tls_records(unread), &mut ignored, reply)
            }
            Self::Server(connection) => {
                advance(connection.process_tls_records(unread), &mut ignored, reply)
            }
        };
    }
}

/// Performs the action of one state and returns the number of consumed input bytes.
fn advance<Data>(
    status: UnbufferedStatus<'_, '_, Data>,
    plain: &mut Outbox,
    reply: &mut Outbox,
) -> (usize, Result<Step, rustls::Error>) {
    let UnbufferedStatus { mut discard, state } = status;
    let step = match state {
        Err(error) => Err(error),
        Ok(ConnectionState::ReadTraffic(mut traffic)) => loop {
            match traffic.next_record() {
                Some(Ok(record)) => {
                    discard += record.discard;
                    plain.extend(record.payload);
                }
                Some(Err(error)) => break Err(error),
                None => break Ok(Step::Again),
            }
        },
        Ok(ConnectionState::EncodeTlsData(mut record)) => {
            encode(reply, |space| record.encode(space)).map(|()| Step::Again)
        }
        Ok(ConnectionState::TransmitTlsData(transmit)) => {
            transmit.done();
            Ok(Step::Again)
        }
        Ok(ConnectionState::BlockedHandshake) => Ok(Step::At(TlsState::Handshaking)),
        Ok(ConnectionState::WriteTraffic(_)) => Ok(Step::At(TlsState::Open)),
        Ok(ConnectionState::PeerClosed | ConnectionState::Closed) => {
            Ok(Step::At(TlsState::PeerClosed))
        }
        Ok(_) => Err(rustls::Error::General(
            "early data was not offered".to_owned(),
        )),
    };
    (discard, step)
}

fn encode(
    out: &mut Outbox,
    mut record: impl FnMut(&mut [u8]) -> Result<usize, EncodeError>,
) -> Result<(), rustls::Error> {
    let mut wanted = 2 * 1024;
    loop {
        match record(out.space(wanted)) {
            Ok(written) => {
                out.advance(written);
                return Ok(());
            }
            Err(EncodeError::InsufficientSize(size)) => wanted = size.required_size,
            Err(EncodeError::AlreadyEncoded) => return Ok(()),
        }
    }
}

fn encrypt_with<Data>(
    status: UnbufferedStatus<'_, '_, Data>,
    plain: &[u8],
    out: &mut Outbox,
) -> Result<(), rustls::Error> {
    let Ok(ConnectionState::WriteTraffic(mut traffic)) = status.state else {
        return Err(rustls::Error::General(
            "the TLS connection is not open for data".to_owned(),
        ));
    };
    let records = plain.len() / RECORD_PAYLOAD + 1;
    let mut wanted = plain.len() + records * RECORD_OVERHEAD;
    loop {
        match traffic.encrypt(plain, out.space(wanted)) {
            Ok(written) => {
                out.advance(written);
                return Ok(());
            }
            Err(EncryptError::InsufficientSize(size)) => wanted = size.required_size,
            Err(EncryptError::EncryptExhausted) => return Err(rustls::Error::EncryptError),
        }
    }
}

fn close_with<Data>(status: UnbufferedStatus<'_, '_, Data>, out: &mut Outbox) {
    if let Ok(ConnectionState::WriteTraffic(mut traffic)) = status.state
        && let Ok(written) = traffic.queue_close_notify(out.space(RECORD_OVERHEAD))
    {
        out.advance(written);
    }
}

#[cfg(test)]
mod tests;
