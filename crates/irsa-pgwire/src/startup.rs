//! The packets that open a connection (PostgreSQL docs, "Message Flow", "Start-up").
//!
//! They have a length but no tag, so [`parse`] only works at the start of a connection and after the response to an
//! encryption request.

mod cancel_key;
mod error;
mod message;
mod negotiation;
mod request;
mod version;

pub use cancel_key::CancelKey;
pub use error::StartupError;
pub use message::Startup;
pub use negotiation::{Negotiation, UnsupportedVersion};
pub use request::{GSS_ENC_REQUEST, SSL_REQUEST, gss_enc_request, ssl_request};
pub use version::Version;

use request::CANCEL_REQUEST;

/// The maximum size of a packet without its length word, as PostgreSQL's `MAX_STARTUP_PACKET_LENGTH`.
pub const MAX_STARTUP: usize = 10_000;

const LENGTH: usize = 4;
const CODE: usize = 4;
const TLS_HANDSHAKE: u8 = 0x16;

/// The first packet of a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Initial {
    /// SSLRequest. The response is `S` or `N`.
    Ssl,
    /// GSSENCRequest. The response is `G` or `N`.
    GssEnc,
    /// CancelRequest. There is no response.
    Cancel(CancelKey),
    /// StartupMessage.
    Startup(Startup),
}

/// Parses the packet at the start of `buf` and returns it with its size in bytes. Returns `None` if it is incomplete.
///
/// # Errors
/// Fails if PostgreSQL would reject the packet, too. An invalid length is an error as soon as the length has arrived.
pub fn parse(buf: &[u8]) -> Result<Option<(Initial, usize)>, StartupError> {
    let Some(length) = packet_length(buf)? else {
        return Ok(None);
    };
    let Some(packet) = buf.get(LENGTH..length) else {
        return Ok(None);
    };
    let Some((&code, body)) = packet.split_first_chunk() else {
        return Err(StartupError::InvalidLength);
    };
    let initial = match u32::from_be_bytes(code) {
        SSL_REQUEST => Initial::Ssl,
        GSS_ENC_REQUEST => Initial::GssEnc,
        CANCEL_REQUEST => Initial::Cancel(request::parse_cancel(body)?),
        version => Initial::Startup(Startup::parse(version.into(), body)?),
    };
    Ok(Some((initial, length)))
}

/// Returns whether the first byte of a connection starts a TLS handshake: the client skips SSLRequest
/// (`sslnegotiation=direct`) and must offer `postgresql` by ALPN. Startup packets never start with this byte, because
/// they would have more than 300 MB.
pub fn first_byte_is_tls(byte: u8) -> bool {
    byte == TLS_HANDSHAKE
}

/// Returns the size of the packet including its length word.
fn packet_length(buf: &[u8]) -> Result<Option<usize>, StartupError> {
    let Some(&length) = buf.first_chunk::<LENGTH>() else {
        return Ok(None);
    };
    usize::try_from(i32::from_be_bytes(length))
        .ok()
        .filter(|length| (LENGTH + CODE..=LENGTH + MAX_STARTUP).contains(length))
        .map(Some)
        .ok_or(StartupError::InvalidLength)
}

#[cfg(test)]
mod tests {
    use bytes::{BufMut, BytesMut};

    use super::*;

    fn startup_packet(body: &[u8]) -> BytesMut {
        let mut packet = BytesMut::new();
        crate::writer::packet(&mut packet, |buf| {
            buf.put_u32(Version::V3_0.into());
            buf.put_slice(body);
        });
        packet
    }

    #[test]
    fn parses_a_packet_once_it_is_complete() {
        let mut packet = startup_packet(b"user\0alice\0\0");
        packet.put_slice(b"more");
        let length = packet.len() - 4;
        for end in 0..length {
            assert_eq!(parse(&packet[..end]), Ok(None));
        }
        let (initial, consumed) = parse(&packet).unwrap().unwrap();
        let startup = Startup::new(Version::V3_0).with("user", "alice");
        assert_eq!((initial, consumed), (Initial::Startup(startup), length));
    }

    #[test]
    fn rejects_an_invalid_length_as_soon_as_it_has_arrived() {
        for length in [i32::MIN, -1, 0, 4, 7, 10_005, i32::MAX] {
            assert_eq!(
                parse(&length.to_be_bytes()),
                Err(StartupError::InvalidLength),
                "{length}"
            );
        }
    }

    #[test]
    fn accepts_the_largest_packet_that_postgresql_accepts() {
        let padding = "x".repeat(MAX_STARTUP - CODE - "user\0u\0options\0\0\0".len());
        let body = format!("user\0u\0options\0{padding}\0\0");
        let packet = startup_packet(body.as_bytes());
        assert_eq!(packet.len(), LENGTH + MAX_STARTUP);
        assert!(matches!(parse(&packet), Ok(Some((_, length))) if length == packet.len()));
    }

    #[test]
    fn distinguishes_tls_from_a_packet() {
        assert!(first_byte_is_tls(0x16));
        let packet = startup_packet(b"user\0alice\0\0");
        assert!(!first_byte_is_tls(packet[0]));
        assert_eq!(parse(b"\x16\x03\x01\x02"), Err(StartupError::InvalidLength));
    }
}
