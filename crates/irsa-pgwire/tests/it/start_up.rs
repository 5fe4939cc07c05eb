//! Startup packets survive byte for byte, regardless of how they arrive.

use bytes::BytesMut;
use irsa_pgwire::startup::{self, Initial, Negotiation, Startup, Version};
use proptest::prelude::*;

use crate::strategies::{cancel_key, startup, version_3};

fn encoded(startup: &Startup) -> BytesMut {
    let mut packet = BytesMut::new();
    startup.encode(&mut packet);
    packet
}

proptest! {
    #[test]
    fn startup_messages_survive_byte_for_byte(startup in startup()) {
        let packet = encoded(&startup);
        let parsed = startup::parse(&packet).unwrap();
        prop_assert_eq!(&parsed, &Some((Initial::Startup(startup), packet.len())));
        let Some((Initial::Startup(parsed), _)) = parsed else { unreachable!() };
        prop_assert_eq!(encoded(&parsed), packet);
    }

    #[test]
    fn cancel_requests_survive(key in cancel_key()) {
        let mut packet = BytesMut::new();
        key.encode_request(&mut packet);
        prop_assert_eq!(startup::parse(&packet), Ok(Some((Initial::Cancel(key), packet.len()))));
    }

    #[test]
    fn a_packet_is_parsed_at_its_last_byte_and_leaves_the_bytes_after_it(
        startup in startup(),
        following in any::<[u8; 3]>(),
    ) {
        let packet = encoded(&startup);
        for end in 0..packet.len() {
            prop_assert_eq!(startup::parse(&packet[..end]), Ok(None));
        }
        let more = [&packet[..], &following].concat();
        prop_assert_eq!(startup::parse(&more), startup::parse(&packet));
    }

    #[test]
    fn only_protocol_options_are_not_sent_on(startup in startup(), version in version_3()) {
        let sent = startup.for_server(version);
        let mut kept = startup.parameters.clone();
        kept.retain(|(name, _)| !name.starts_with(b"_pq_."));
        prop_assert_eq!(sent.version, version);
        prop_assert_eq!(sent.parameters, kept);
    }

    #[test]
    fn negotiation_only_lowers_the_version_or_rejects_options(startup in startup(), server in 0..3_u16) {
        let negotiation = Negotiation::for_startup(&startup).unwrap();
        prop_assert!(negotiation.version <= startup.version);
        prop_assert!([Version::V3_0, Version::V3_2].contains(&negotiation.version));
        let reached = Version { major: 3, minor: server };
        if let Some(answer) = negotiation.answer(reached) {
            let changes = answer.newest < startup.version || !answer.unrecognized.is_empty();
            prop_assert!(changes && answer.newest <= reached.min(negotiation.version));
        }
    }
}

#[test]
fn encryption_requests_survive() {
    let mut packets = BytesMut::new();
    startup::gss_enc_request(&mut packets);
    startup::ssl_request(&mut packets);
    let (first, consumed) = startup::parse(&packets).unwrap().unwrap();
    assert_eq!((first, consumed), (Initial::GssEnc, 8));
    let second = startup::parse(&packets[consumed..]).unwrap();
    assert_eq!(second, Some((Initial::Ssl, 8)));
}
