//! The messages before and around a session, byte by byte.

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_postgres::error::SqlState;
use tokio_rustls::client::TlsStream;

use super::super::wire::{Message, Wire};
use super::client::Tls;
use super::support::Lab;
use irsa_chain::Cause;

type Secure = Wire<TlsStream<TcpStream>>;

const SSL_REQUEST: [u8; 8] = [0, 0, 0, 8, 4, 210, 22, 47];
const GSSENC_REQUEST: [u8; 8] = [0, 0, 0, 8, 4, 210, 22, 48];
const PROTOCOL_3_0: [u8; 4] = [0, 3, 0, 0];
const PROTOCOL_3_2: [u8; 4] = [0, 3, 0, 2];

/// Sends a notice, then runs for a long time.
const RUNNING: &str = "DO $$ BEGIN RAISE NOTICE 'running'; PERFORM pg_sleep(600); END $$";

fn with_length(body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len() + 4).unwrap();
    [&length.to_be_bytes(), body].concat()
}

fn startup(version: [u8; 4], parameters: &[(&str, &str)]) -> Vec<u8> {
    let parameters: String = parameters
        .iter()
        .map(|(name, value)| [*name, "\0", value, "\0"].concat())
        .collect();
    with_length(&[&version, parameters.as_bytes(), b"\0"].concat())
}

fn message(tag: u8, body: &str) -> Vec<u8> {
    [vec![tag], with_length(format!("{body}\0").as_bytes())].concat()
}

fn keycloak() -> Vec<u8> {
    startup(
        PROTOCOL_3_0,
        &[("user", "keycloak"), ("database", "keycloak")],
    )
}

async fn next<S: AsyncRead + AsyncWrite + Unpin>(wire: &mut Wire<S>) -> Message {
    wire.message().await.unwrap().expect("a message")
}

/// Reads up to the message with this tag and returns it.
async fn until(wire: &mut Secure, tag: u8) -> Message {
    loop {
        let message = next(wire).await;
        assert!(tag == b'E' || message.tag != b'E', "{:?}", message.body);
        if message.tag == tag {
            return message;
        }
    }
}

fn text(message: &Message) -> String {
    assert_eq!(message.tag, b'E');
    String::from_utf8_lossy(&message.body).replace('\0', " ")
}

impl Lab {
    async fn requested(&self, tls: &Tls) -> Secure {
        let mut stream = self.tcp().await;
        stream.write_all(&SSL_REQUEST).await.unwrap();
        assert_eq!(stream.read_u8().await.unwrap(), b'S');
        tls.handshake(stream, &self.cluster().endpoint)
            .await
            .unwrap()
    }

    /// Opens a connection over TLS up to the password request.
    async fn asked(&self, packet: &[u8]) -> (Secure, Message) {
        let mut wire = self.requested(&Tls::trusting(self)).await;
        wire.send(packet).await.unwrap();
        let answer = next(&mut wire).await;
        (wire, answer)
    }

    /// Opens a session; returns it ready for a query, with its BackendKeyData.
    async fn session(&self) -> (Secure, Message) {
        let (mut wire, question) = self.asked(&keycloak()).await;
        assert_eq!(question.body, [0, 0, 0, 3].as_slice());
        wire.send(&message(b'p', &self.token("keycloak")))
            .await
            .unwrap();
        let key = until(&mut wire, b'K').await;
        until(&mut wire, b'Z').await;
        (wire, key)
    }
}

#[tokio::test]
async fn clear_text_is_rejected_with_the_text_of_rds() {
    let lab = Lab::start().await;
    let mut plain = Wire::new(lab.tcp().await);
    plain.send(&keycloak()).await.unwrap();
    let told = text(&next(&mut plain).await);
    let expected = "pg_hba.conf rejects connection for host \"127.0.0.1\", user \"keycloak\", database \"keycloak\", \
                    no encryption";
    assert!(told.contains(expected) && told.contains("C28000"), "{told}");
    assert!(plain.message().await.unwrap().is_none());
    assert_eq!(
        lab.ledger().last_refusal().unwrap().cause,
        Cause::ClearTextRefused
    );
}

#[tokio::test]
async fn gss_encryption_is_declined_and_tls_accepted_on_the_same_connection() {
    let lab = Lab::start().await;
    let mut stream = lab.tcp().await;
    stream.write_all(&GSSENC_REQUEST).await.unwrap();
    assert_eq!(stream.read_u8().await.unwrap(), b'N');
    stream.write_all(&SSL_REQUEST).await.unwrap();
    assert_eq!(stream.read_u8().await.unwrap(), b'S');
    let mut wire = Tls::trusting(&lab)
        .handshake(stream, &lab.cluster().reader_endpoint)
        .await
        .unwrap();
    wire.send(&keycloak()).await.unwrap();
    assert_eq!(next(&mut wire).await.body, [0, 0, 0, 3].as_slice());
}

#[tokio::test]
async fn bytes_injected_before_the_handshake_are_rejected() {
    let lab = Lab::start().await;
    let mut plain = Wire::new(lab.tcp().await);
    plain
        .send(&[SSL_REQUEST.as_slice(), &keycloak()].concat())
        .await
        .unwrap();
    let told = text(&next(&mut plain).await);
    assert!(
        told.contains("received unencrypted data after SSL request"),
        "{told}"
    );
}

#[tokio::test]
async fn direct_tls_needs_alpn() {
    let lab = Lab::start().await;
    let tls = Tls::trusting(&lab);
    let instance = &lab.cluster().instances.first().unwrap().endpoint;
    let mut wire = tls.direct(&lab, instance).await.unwrap();
    wire.send(&keycloak()).await.unwrap();
    assert_eq!(next(&mut wire).await.body, [0, 0, 0, 3].as_slice());
    let mut wire = tls.without_alpn().direct(&lab, instance).await.unwrap();
    wire.send(&keycloak()).await.ok();
    assert!(!matches!(wire.message().await, Ok(Some(_))));
}

#[tokio::test]
async fn a_newer_protocol_is_negotiated_before_the_password_request() {
    let lab = Lab::start().await;
    let packet = startup(
        PROTOCOL_3_2,
        &[
            ("user", "keycloak"),
            ("database", "keycloak"),
            ("_pq_.later", "1"),
        ],
    );
    let (mut wire, negotiation) = lab.asked(&packet).await;
    assert_eq!(negotiation.tag, b'v');
    assert_eq!(
        negotiation.body,
        [&PROTOCOL_3_0[..], &[0, 0, 0, 1], b"_pq_.later\0"].concat()
    );
    assert_eq!(next(&mut wire).await.body, [0, 0, 0, 3].as_slice());
    wire.send(&message(b'p', &lab.token("keycloak")))
        .await
        .unwrap();
    assert_eq!(next(&mut wire).await.body, [0, 0, 0, 0].as_slice());
    assert_eq!(until(&mut wire, b'K').await.body.len(), 8);
}

#[tokio::test]
async fn the_real_server_negotiates_with_password_users() {
    let lab = Lab::start().await;
    let packet = startup(
        PROTOCOL_3_2,
        &[
            ("user", "legacy"),
            ("database", "keycloak"),
            ("_pq_.later", "1"),
        ],
    );
    let (mut wire, negotiation) = lab.asked(&packet).await;
    assert_eq!(negotiation.tag, b'v');
    let question = next(&mut wire).await;
    assert_eq!(
        (question.tag, question.body),
        (b'R', b"\0\0\0\x0aSCRAM-SHA-256\0\0".as_slice().into())
    );
}

#[tokio::test]
async fn a_different_major_version_is_rejected() {
    let lab = Lab::start().await;
    let (_, answer) = lab
        .asked(&startup([0, 2, 0, 0], &[("user", "keycloak")]))
        .await;
    let told = text(&answer);
    assert!(
        told.contains("unsupported frontend protocol 2.0") && told.contains("C0A000"),
        "{told}"
    );
}

#[tokio::test]
async fn a_start_up_without_a_user_is_rejected() {
    let lab = Lab::start().await;
    let (_, answer) = lab
        .asked(&startup(PROTOCOL_3_0, &[("database", "keycloak")]))
        .await;
    assert!(text(&answer).contains("no PostgreSQL user name specified in startup packet"));
}

#[tokio::test]
async fn replication_reaches_the_real_server() {
    let lab = Lab::start().await;
    lab.aurora
        .execute("aurora", "postgres", "ALTER ROLE keycloak REPLICATION")
        .await
        .unwrap();
    for (mode, command) in [("database", "SELECT 1"), ("true", "IDENTIFY_SYSTEM")] {
        let parameters = [
            ("user", "keycloak"),
            ("database", "keycloak"),
            ("replication", mode),
        ];
        let (mut wire, _) = lab.asked(&startup(PROTOCOL_3_0, &parameters)).await;
        wire.send(&message(b'p', &lab.token("keycloak")))
            .await
            .unwrap();
        until(&mut wire, b'Z').await;
        wire.send(&message(b'Q', command)).await.unwrap();
        until(&mut wire, b'D').await;
    }
}

#[tokio::test]
async fn cancel_requests_reach_the_session_in_clear_text_and_over_tls() {
    let lab = Lab::start().await;
    let tls = Tls::trusting(&lab);
    let (mut wire, key) = lab.session().await;
    let request = with_length(&[&[4, 210, 22, 46], key.body.as_ref()].concat());
    for over_tls in [false, true] {
        wire.send(&message(b'Q', RUNNING)).await.unwrap();
        until(&mut wire, b'N').await;
        if over_tls {
            cancel(lab.requested(&tls).await, &request).await;
        } else {
            cancel(Wire::new(lab.tcp().await), &request).await;
        }
        let told = text(&until(&mut wire, b'E').await);
        assert!(told.contains(SqlState::QUERY_CANCELED.code()), "{told}");
        until(&mut wire, b'Z').await;
    }
}

/// Sends the request and waits for its only response: the end of the connection.
async fn cancel<S: AsyncRead + AsyncWrite + Unpin>(mut wire: Wire<S>, request: &[u8]) {
    wire.send(request).await.unwrap();
    assert!(!matches!(wire.message().await, Ok(Some(_))));
}

/// PostgreSQL closes the connection of a cancel request after it has signaled the session. The front must do the same;
/// otherwise the client's next statement is canceled instead.
#[tokio::test]
async fn a_finished_cancel_request_does_not_cancel_a_later_statement() {
    let lab = Lab::start().await;
    let tls = Tls::trusting(&lab);
    let (mut wire, key) = lab.session().await;
    let request = with_length(&[&[4, 210, 22, 46], key.body.as_ref()].concat());
    for round in 0..60 {
        if round % 2 == 0 {
            cancel(lab.requested(&tls).await, &request).await;
        } else {
            cancel(Wire::new(lab.tcp().await), &request).await;
        }
        let query = message(b'Q', "SELECT pg_sleep(0.02)");
        wire.send(&query).await.unwrap();
        loop {
            let next = next(&mut wire).await;
            assert_ne!(next.tag, b'E', "round {round}: {}", text(&next));
            if next.tag == b'Z' {
                break;
            }
        }
    }
}

#[tokio::test]
async fn a_client_that_closes_its_sending_side_still_gets_its_response() {
    let lab = Lab::start().await;
    let (mut wire, _) = lab.session().await;
    wire.send(&message(b'Q', "SELECT repeat('x', 60000)"))
        .await
        .unwrap();
    wire.stream.shutdown().await.unwrap();
    assert!(until(&mut wire, b'D').await.body.len() > 60_000);
    until(&mut wire, b'Z').await;
    assert!(!matches!(wire.message().await, Ok(Some(_))));
}

#[tokio::test]
async fn a_different_message_in_place_of_a_password_ends_the_login() {
    let lab = Lab::start().await;
    let (mut wire, _) = lab.asked(&keycloak()).await;
    wire.send(&message(b'Q', "SELECT 1")).await.unwrap();
    let told = text(&next(&mut wire).await);
    assert!(
        told.contains("expected password response, got message type 81"),
        "{told}"
    );
}
