//! The first packet, which any client that can connect can send.

use bytes::BytesMut;
use irsa_pgwire::backend::NegotiateProtocolVersion;
use irsa_pgwire::error_response::ErrorResponse;
use irsa_pgwire::frame::HEADER;
use irsa_pgwire::startup::{
    self, CancelKey, Initial, MAX_STARTUP, Negotiation, Startup, StartupError, Version,
};

/// Parses the first bytes of a connection. Complete packets round-trip, regardless of the bytes that follow.
pub fn startup_packet(data: &[u8]) {
    let (initial, length) = match startup::parse(data) {
        Ok(Some(found)) => found,
        Ok(None) => return assert!(data.len() < 4 + MAX_STARTUP),
        Err(error) => return assert_is_rejected(data, error),
    };
    let packet = data.get(..length).unwrap_or_default();
    assert_eq!(packet.len(), length);
    assert_eq!(startup::parse(packet), Ok(Some((initial.clone(), length))));
    for end in [0, 3, 4, 7, length / 2, length - 1] {
        let part = packet.get(..end.min(length - 1)).unwrap_or_default();
        assert_eq!(startup::parse(part), Ok(None));
    }
    assert!(
        !data
            .first()
            .copied()
            .is_some_and(startup::first_byte_is_tls)
    );
    match initial {
        Initial::Ssl => assert_has_same_code(packet, startup::ssl_request),
        Initial::GssEnc => assert_has_same_code(packet, startup::gss_enc_request),
        Initial::Cancel(key) => cancel(packet, &key),
        Initial::Startup(startup) => session(packet, &startup),
    }
}

fn assert_is_rejected(data: &[u8], error: StartupError) {
    // More bytes do not change the error.
    let longer = [data, &[0; 8]].concat();
    assert_eq!(startup::parse(&longer), Err(error));
    let response = ErrorResponse::from(error);
    assert_eq!(response.code, error.sqlstate());
}

fn cancel(packet: &[u8], key: &CancelKey) {
    assert_is_written(packet, |buf| key.encode_request(buf));
    let shown = format!("CancelKey {{ process_id: {}, .. }}", key.process_id);
    assert_eq!(format!("{key:?}"), shown, "the secret is hidden");
}

fn session(packet: &[u8], startup: &Startup) {
    if startup.version.major == 3 {
        assert_is_written(packet, |buf| startup.encode(buf));
        assert!(
            startup
                .parameter("user")
                .is_some_and(|user| !user.is_empty())
        );
    }
    startup.is_replication();
    startup.database();
    let to_server = startup.for_server(Version::V3_0);
    assert_eq!(to_server.protocol_options().count(), 0);
    assert_eq!(to_server.user(), startup.user());
    negotiation(startup);
}

/// The negotiated version is never newer than the requested one, and the message for the client round-trips.
fn negotiation(startup: &Startup) {
    let Ok(negotiation) = Negotiation::for_startup(startup) else {
        return assert_ne!(startup.version.major, 3);
    };
    assert!((Version::V3_0..=Version::V3_2).contains(&negotiation.version));
    assert!(negotiation.version <= startup.version);
    for reached in [Version::V3_0, negotiation.version] {
        match negotiation.answer(reached) {
            Some(answer) => {
                let mut written = BytesMut::new();
                answer.encode(&mut written);
                let body = written.get(HEADER..).unwrap_or_default();
                assert_eq!(NegotiateProtocolVersion::parse(body), Ok(answer));
            }
            None => assert_eq!(reached, startup.version),
        }
    }
}

/// PostgreSQL ignores the bytes after the code of an encryption request.
fn assert_has_same_code(packet: &[u8], write: impl FnOnce(&mut BytesMut)) {
    let mut written = BytesMut::new();
    write(&mut written);
    assert_eq!(packet.get(4..8), written.get(4..8));
}

fn assert_is_written(packet: &[u8], write: impl FnOnce(&mut BytesMut)) {
    let mut written = BytesMut::new();
    write(&mut written);
    assert_eq!(packet, written);
}
