//! Malformed startup packets: irsa responds like PostgreSQL (`ProcessStartupPacket`) and never panics.

use bytes::Bytes;
use irsa_net::tls::LocalAuthority;
use irsa_pgwire::error_response::ErrorResponse;
use irsa_pgwire::frame::{HEADER, Header};
use irsa_pgwire::sqlstate::SqlState;
use irsa_pgwire::startup::{MAX_STARTUP, ssl_request};
use irsa_testing::Log;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;

use crate::client::{packet, startup};
use crate::encryption::ALPN;
use crate::proxy::{Proxy, SHORT, Setup};
use crate::server::{RunningServer, Server};
use crate::wire::{encoded, runtime};

/// The content type of an alert record (RFC 8446 section 5.1).
const ALERT: u8 = 21;

async fn fixture() -> (RunningServer, Proxy) {
    let server = Server::new().run().await;
    let authority = LocalAuthority::generate().unwrap();
    let tls = authority.server_config(&["localhost"], &[ALPN]);
    let setup = Setup {
        client_tls: Some(tls.unwrap()),
        ..Setup::for_server(&server)
    };
    let proxy = setup.start().await;
    (server, proxy)
}

/// Sends `bytes`, closes the sending half, and returns all bytes of the proxy.
async fn answer_to(proxy: &Proxy, bytes: &[u8]) -> Bytes {
    let mut wire = proxy.connect().await;
    // The proxy may close the connection before it has read everything.
    let _ = wire.try_send(bytes).await;
    let _ = wire.try_shut_down().await;
    wire.rest().await
}

fn error_in(answer: &[u8]) -> ErrorResponse {
    let header = Header::parse(answer).unwrap().expect("a complete header");
    assert_eq!((header.tag, header.body_len), (b'E', answer.len() - HEADER));
    ErrorResponse::parse(&answer[HEADER..]).unwrap()
}

#[tokio::test]
async fn a_packet_of_invalid_length_closes_the_connection_and_is_logged() {
    let (log, _guard) = Log::capture();
    let (server, proxy) = fixture().await;
    let over_long = packet(&startup().with("options", "x".repeat(MAX_STARTUP)));
    let garbage: [&[u8]; 10] = [
        // Terminate, as node-postgres sends it for `connect(); end()`.
        b"X\0\0\0\x04",
        // A CancelRequest without a secret.
        b"\0\0\0\x0c\x04\xd2\x16\x2e\0\0\0\x07",
        b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"SSH-2.0-OpenSSH_9.9\r\n",
        &[0xff; 64],
        &[0; 64],
        b"\0\0\0\x04",
        b"\0\0\0\x07\0\x03\0",
        b"\x7f\xff\xff\xff\0\x03\0\0",
        &over_long,
    ];
    for bytes in garbage {
        assert_eq!(answer_to(&proxy, bytes).await, "", "to {bytes:?}");
    }
    assert_eq!(server.connections(), 0);
    let warnings = log.text();
    let warnings = warnings.lines().filter(|line| line.contains("WARN"));
    let warnings: Vec<_> = warnings.collect();
    let [warning] = warnings.as_slice() else {
        panic!("one warning, not {warnings:#?}");
    };
    assert!(
        warning.contains("invalid length of startup packet"),
        "{warning}"
    );
    proxy.end().await;
}

#[tokio::test]
async fn an_incomplete_packet_gets_no_response() {
    let (server, proxy) = fixture().await;
    let whole = packet(&startup());
    for length in 0..whole.len() {
        let answer = answer_to(&proxy, &whole[..length]).await;
        assert_eq!(answer, "", "to {length} bytes");
    }
    assert_eq!(server.connections(), 0);
    proxy.end().await;
}

#[tokio::test]
async fn unterminated_parameters_get_an_error() {
    let (_, proxy) = fixture().await;
    let mut bytes = packet(&startup()).to_vec();
    *bytes.last_mut().unwrap() = b'x';
    let error = error_in(&answer_to(&proxy, &bytes).await);
    assert!(error.message.contains("layout"), "{error:?}");
    assert_eq!(error.code, SqlState::PROTOCOL_VIOLATION);
}

#[tokio::test]
async fn a_startup_packet_without_a_user_gets_postgresqls_error() {
    let (server, proxy) = fixture().await;
    let mut without_user = startup();
    without_user.parameters.remove(0);
    let error = error_in(&answer_to(&proxy, &packet(&without_user)).await);
    assert_eq!(error.code, SqlState::INVALID_AUTHORIZATION_SPECIFICATION);
    assert!(
        error.message.contains("no PostgreSQL user name"),
        "{error:?}"
    );
    assert_eq!(server.connections(), 0);
}

#[tokio::test]
async fn garbage_instead_of_a_tls_handshake_closes_the_connection() {
    let (_, proxy) = fixture().await;
    let ssl = encoded(ssl_request);
    for garbage in [b"garbage instead of TLS".as_slice(), &[0x16; 9000]] {
        let mut wire = proxy.connect().await;
        wire.send(&ssl).await;
        assert_eq!(wire.bytes(1).await, "S");
        let _ = wire.try_send(garbage).await;
        let _ = wire.try_shut_down().await;
        assert!(matches!(wire.rest().await.first(), None | Some(&ALERT)));
    }
    proxy.end().await;
}

#[tokio::test]
async fn a_silent_client_is_closed_after_the_startup_timeout() {
    let server = Server::new().run().await;
    let mut setup = Setup::for_server(&server);
    setup.limits.startup_timeout = SHORT;
    let proxy = setup.start().await;
    let mut silent = proxy.connect().await;
    let mut half = proxy.connect().await;
    half.send(&packet(&startup())[..9]).await;
    assert_eq!(silent.rest().await, "");
    assert_eq!(half.rest().await, "");
    proxy.end().await;
}

#[test]
fn arbitrary_bytes_cause_no_panic_and_no_hang() {
    let runtime = runtime();
    let (_server, proxy) = runtime.block_on(fixture());
    let length_first = (0..40_u8, vec(any::<u8>(), 0..60))
        .prop_map(|(length, rest)| [&[0, 0, 0, length], rest.as_slice()].concat());
    let tls_first =
        vec(any::<u8>(), 0..200).prop_map(|rest| [&[0x16, 3, 1, 0, 100], rest.as_slice()].concat());
    let any_bytes = prop_oneof![vec(any::<u8>(), 0..200), length_first, tls_first];
    TestRunner::default()
        .run(&any_bytes, |bytes| {
            runtime.block_on(answer_to(&proxy, &bytes));
            Ok(())
        })
        .unwrap();
    runtime.block_on(proxy.end());
}
