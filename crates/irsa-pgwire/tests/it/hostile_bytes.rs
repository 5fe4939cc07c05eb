//! Parsers never panic, and a message that a parser accepts is written back unchanged.

use bytes::BytesMut;
use irsa_pgwire::backend::NegotiateProtocolVersion;
use irsa_pgwire::backend::{self, Authentication, CommandComplete, ParameterStatus};
use irsa_pgwire::error_response::ErrorResponse;
use irsa_pgwire::frame::{HEADER, Header, Scanner};
use irsa_pgwire::frontend::{self, SaslInitialResponse};
use irsa_pgwire::scram::{ClientExchange, MECHANISM, NONCE, ServerExchange, Verifier};
use irsa_pgwire::sqlstate::SqlState;
use irsa_pgwire::startup::{self, Initial};
use proptest::collection::vec;
use proptest::prelude::*;

/// Arbitrary bytes that favor those with a meaning to a parser.
fn bytes() -> impl Strategy<Value = Vec<u8>> {
    let byte = prop_oneof![
        Just(0),
        0..16_u8,
        proptest::sample::select(b"SVCMDH,=nyprsicvem$:".to_vec()),
        any::<u8>(),
    ];
    vec(byte, 0..300)
}

/// A startup packet with a correct length and often a known code, followed by arbitrary bytes.
fn packet() -> impl Strategy<Value = Vec<u8>> {
    let code = prop_oneof![
        proptest::sample::select(vec![80_877_102, 80_877_103, 80_877_104, 3 << 16, 206_607]),
        any::<u32>(),
    ];
    (code, bytes()).prop_map(|(code, body)| {
        let length = u32::try_from(body.len() + 8).unwrap();
        [&length.to_be_bytes()[..], &code.to_be_bytes(), &body].concat()
    })
}

fn verifier() -> Verifier {
    Verifier::from_password(b"secret", b"salt", 1).unwrap()
}

/// Asserts that `parse` reads the message that `write` writes as `parsed`.
fn survives<T: PartialEq + std::fmt::Debug, E: PartialEq + std::fmt::Debug>(
    parsed: &T,
    write: impl FnOnce(&mut BytesMut),
    parse: impl FnOnce(&[u8]) -> Result<T, E>,
) {
    let mut message = BytesMut::new();
    write(&mut message);
    assert_eq!(parse(&message[HEADER..]).as_ref(), Ok(parsed));
}

proptest! {
    #[test]
    fn bodies_never_panic(body in bytes()) {
        if let Ok(parsed) = Authentication::parse(&body) {
            survives(&parsed, |buf| parsed.encode(buf), Authentication::parse);
        }
        if let Ok(parsed) = NegotiateProtocolVersion::parse(&body) {
            survives(&parsed, |buf| parsed.encode(buf), NegotiateProtocolVersion::parse);
        }
        if let Ok(parsed) = ErrorResponse::parse(&body) {
            survives(&parsed, |buf| parsed.encode(buf), ErrorResponse::parse);
        }
        if let Ok(parsed) = backend::parse_backend_key_data(&body) {
            let write = |buf: &mut _| backend::backend_key_data(&parsed, buf);
            survives(&parsed, write, backend::parse_backend_key_data);
        }
        let _ = backend::parse_ready_for_query(&body);
        let _ = CommandComplete::parse(&body).map(|complete| complete.rows());
        let _ = ParameterStatus::parse(&body);
        let _ = frontend::parse_password(&body);
        let _ = frontend::parse_query(&body);
        let _ = SaslInitialResponse::parse(&body);
        let _ = SqlState::from_bytes(&body);
    }

    #[test]
    fn frames_never_panic(stream in bytes()) {
        let _ = Header::parse(&stream);
        let _ = Scanner::<4>::with_maximum(64).feed(&stream, |_| ());
    }

    #[test]
    fn start_up_packets_never_panic(packet in prop_oneof![packet(), bytes()]) {
        if let Ok(Some((initial, consumed))) = startup::parse(&packet) {
            prop_assert!(consumed <= packet.len());
            if let Initial::Startup(startup) = initial {
                let _ = (startup.user(), startup.database(), startup.is_replication());
                if startup.version.major == 3 {
                    let mut again = BytesMut::new();
                    startup.encode(&mut again);
                    prop_assert_eq!(&again[..], &packet[..consumed]);
                }
            }
        }
    }

    #[test]
    fn scram_servers_never_panic(first in bytes(), last in bytes()) {
        let begin = |first: &[u8]| {
            let initial = SaslInitialResponse { mechanism: MECHANISM, response: Some(first) };
            ServerExchange::begin(&verifier(), &initial, &[1; NONCE])
        };
        let _ = begin(&first);
        let exchange = begin(b"n,,n=,r=abc").unwrap();
        prop_assert!(exchange.finish(&last).is_err());
    }

    #[test]
    fn scram_clients_never_panic(challenge in bytes(), outcome in bytes()) {
        let client = || ClientExchange::begin(b"secret", &[1; NONCE]);
        prop_assert!(client().answer(&challenge).is_err());
        let initial = client().first_message();
        let initial = SaslInitialResponse { mechanism: MECHANISM, response: Some(&initial) };
        let server = ServerExchange::begin(&verifier(), &initial, &[2; NONCE]).unwrap();
        let (_, awaited) = client().answer(&server.challenge()).unwrap();
        prop_assert!(awaited.verify(&outcome).is_err());
    }

    #[test]
    fn stored_verifiers_never_panic(text in "(SCRAM-SHA-256)?[$:=A-Za-z0-9+/]{0,80}") {
        if let Ok(verifier) = text.parse::<Verifier>() {
            prop_assert_eq!(verifier.expose().parse::<Verifier>().unwrap().expose(), text);
        }
    }
}
