//! The maximum size of TLS records that a server sends.

use std::sync::Arc;

use rustls::ServerConfig;

/// The size of a record header, which rustls includes in the fragment size (RFC 8446, section 5.1).
const HEADER: usize = 5;

/// Limits the plaintext of each record that a server sends to `bytes`, at most 16 KiB. Keeps an existing lower limit.
pub fn limit_records(mut config: Arc<ServerConfig>, bytes: usize) -> Arc<ServerConfig> {
    let size = bytes + HEADER;
    if config.max_fragment_size.is_none_or(|set| set > size) {
        Arc::make_mut(&mut config).max_fragment_size = Some(size);
    }
    config
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};

    use rustls::{ClientConnection, ServerConnection};

    use super::*;
    use crate::tls::{LocalAuthority, Roots, client_config};

    /// The bytes that TLS 1.3 adds to the plaintext: content type and authentication tag (RFC 8446, section 5.2).
    const PROTECTION: usize = 17;
    const APPLICATION_DATA: u8 = 23;

    /// Returns the plaintext sizes of the records in which a server sends 64 KiB.
    fn lengths(config: Arc<ServerConfig>, roots: &Roots) -> Vec<usize> {
        let client = client_config(roots, &[]).unwrap();
        let name = "localhost".try_into().unwrap();
        let mut client = ClientConnection::new(client, name).unwrap();
        let mut server = ServerConnection::new(config).unwrap();
        while client.is_handshaking() || server.is_handshaking() {
            let mut flight = Vec::new();
            client.write_tls(&mut flight).unwrap();
            server.read_tls(&mut flight.as_slice()).unwrap();
            server.process_new_packets().unwrap();
            let mut flight = Vec::new();
            server.write_tls(&mut flight).unwrap();
            client.read_tls(&mut flight.as_slice()).unwrap();
            client.process_new_packets().unwrap();
        }
        let mut sent = Vec::new();
        while server.wants_write() {
            server.write_tls(&mut sent).unwrap();
        }
        client.read_tls(&mut sent.as_slice()).unwrap();
        client.process_new_packets().unwrap();

        server.set_buffer_limit(None);
        server.writer().write_all(&vec![b'x'; 65_536]).unwrap();
        let mut sent = Vec::new();
        while server.wants_write() {
            server.write_tls(&mut sent).unwrap();
        }
        let mut lengths = Vec::new();
        let mut rest = sent.as_slice();
        while !rest.is_empty() {
            let mut header = [0; HEADER];
            rest.read_exact(&mut header).unwrap();
            assert_eq!(header[0], APPLICATION_DATA);
            let length = usize::from(u16::from_be_bytes([header[3], header[4]]));
            rest = &rest[length..];
            lengths.push(length - PROTECTION);
        }
        lengths
    }

    #[test]
    fn no_record_is_larger_than_the_limit() {
        let authority = LocalAuthority::generate().unwrap();
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("ca.pem");
        authority.write_ca(&file).unwrap();
        let roots = Roots::from_pem_file(&file).unwrap();
        let config = authority.server_config(&["localhost"], &[]).unwrap();
        assert_eq!(lengths(Arc::clone(&config), &roots), [16_384; 4]);
        let limited = limit_records(config, 8192);
        assert_eq!(lengths(Arc::clone(&limited), &roots), [8192; 8]);
        let again = limit_records(limited, 16_384);
        assert_eq!(lengths(again, &roots), [8192; 8]);
    }
}
