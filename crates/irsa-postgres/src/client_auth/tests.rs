//! Requirements that depend on the client's address.

use irsa_net::listen::Stream;
use irsa_pgwire::startup::Version;
use tokio::net::UnixStream;

use super::*;

const LOCAL: &str = "127.0.0.1:1";
const REMOTE: &str = "10.0.0.1:1";

/// Authenticates a clear-text client that sends only its startup packet.
async fn clear_text_from(peer: Peer, auth: ClientAuth) -> Result<(), ErrorResponse> {
    let (own, _client) = UnixStream::pair().unwrap();
    let mut client = Transport::new(Stream::Unix(own));
    let startup = Startup::new(Version::V3_0).with("user", "app");
    authenticate(&auth, &mut client, &peer, &startup).await
}

fn tcp(address: &str) -> Peer {
    Peer::Tcp(address.parse().unwrap())
}

fn for_uid(uid: u32) -> ClientAuth {
    ClientAuth {
        unix_uid: Some(uid),
        ..ClientAuth::default()
    }
}

fn for_certificates() -> ClientAuth {
    ClientAuth {
        certificate: Some(Arc::default()),
        ..ClientAuth::default()
    }
}

#[tokio::test]
async fn clear_text_from_other_machines_is_always_rejected() {
    for auth in [ClientAuth::default(), for_certificates(), for_uid(7)] {
        let refusal = clear_text_from(tcp(REMOTE), auth).await.unwrap_err();
        assert_eq!(refusal.code, SqlState::INVALID_AUTHORIZATION_SPECIFICATION);
        assert!(refusal.message.contains("must use TLS"), "{refusal:?}");
        assert!(refusal.hint.unwrap().contains("sslmode=require"));
    }
}

#[tokio::test]
async fn clear_text_from_this_machine_is_allowed() {
    for peer in [tcp(LOCAL), tcp("[::1]:1"), Peer::Unix { uid: 7, pid: None }] {
        clear_text_from(peer, ClientAuth::default()).await.unwrap();
    }
}

#[tokio::test]
async fn a_certificate_is_required_on_every_listener() {
    let mut both = for_certificates();
    both.unix_uid = Some(7);
    for (peer, auth) in [
        (tcp(LOCAL), for_certificates()),
        (tcp(LOCAL), both.clone()),
        (Peer::Unix { uid: 7, pid: None }, both),
    ] {
        let refusal = clear_text_from(peer, auth).await.unwrap_err();
        assert!(refusal.message.contains("certificate"), "{refusal:?}");
    }
}

#[tokio::test]
async fn a_user_id_admits_only_that_unix_user_and_no_tcp_clients() {
    let unix = |uid| Peer::Unix { uid, pid: None };
    clear_text_from(unix(7), for_uid(7)).await.unwrap();
    for peer in [unix(8), unix(0), tcp(LOCAL)] {
        let refusal = clear_text_from(peer, for_uid(7)).await.unwrap_err();
        assert!(refusal.message.contains("Unix user"), "{refusal:?}");
    }
}
