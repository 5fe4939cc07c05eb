//! Tests of client authentication.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use http::HeaderValue;

use super::*;

#[derive(Debug, Default)]
struct Passwords {
    asked: AtomicUsize,
    replaced: AtomicU64,
}

impl PasswordCheck for Passwords {
    fn check(&self, user: &str, password: &[u8]) -> bool {
        self.asked.fetch_add(1, Ordering::Relaxed);
        (user, password) == ("zeebe", b"pass:word")
    }

    fn generation(&self) -> u64 {
        self.replaced.load(Ordering::Relaxed)
    }
}

fn requiring(passwords: &Arc<Passwords>) -> ClientAuth {
    ClientAuth {
        passwords: Some(passwords.clone()),
        ..ClientAuth::default()
    }
}

fn requiring_certificates() -> ClientAuth {
    ClientAuth {
        certificate: true,
        ..ClientAuth::default()
    }
}

fn for_uid(uid: u32) -> ClientAuth {
    ClientAuth {
        unix_uid: Some(uid),
        ..ClientAuth::default()
    }
}

fn client(peer: &str, is_tls: bool) -> Client {
    Client {
        peer: Peer::Tcp(peer.parse().unwrap()),
        local: None,
        is_tls,
    }
}

fn unix(uid: u32) -> Client {
    Client {
        peer: Peer::Unix { uid, pid: None },
        local: None,
        is_tls: false,
    }
}

fn authorization(value: &str) -> HeaderMap {
    let value = HeaderValue::from_str(value).unwrap();
    HeaderMap::from_iter([(AUTHORIZATION, value)])
}

fn basic_header(credentials: &str) -> HeaderMap {
    authorization(&format!("Basic {}", STANDARD.encode(credentials)))
}

#[tokio::test]
async fn a_correct_password_is_checked_once() {
    let passwords = Arc::new(Passwords::default());
    let gate = Gate::new(requiring(&passwords));
    for _ in 0..3 {
        let headers = basic_header("zeebe:pass:word");
        let admitted = gate.admit(client("10.0.0.1:1", true), &headers).await;
        assert_eq!(admitted, Ok(()));
    }
    assert_eq!(passwords.asked.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn a_correct_password_is_checked_again_after_the_passwords_are_replaced() {
    let passwords = Arc::new(Passwords::default());
    let gate = Gate::new(requiring(&passwords));
    let headers = basic_header("zeebe:pass:word");
    for generation in 0..2 {
        passwords.replaced.store(generation, Ordering::Relaxed);
        let admitted = gate.admit(unix(7), &headers).await;
        assert_eq!(admitted, Ok(()));
    }
    assert_eq!(passwords.asked.load(Ordering::Relaxed), 2);
}

#[tokio::test]
async fn a_wrong_password_is_checked_each_time() {
    let passwords = Arc::new(Passwords::default());
    let gate = Gate::new(requiring(&passwords));
    for _ in 0..2 {
        let headers = basic_header("zeebe:other");
        let admitted = gate.admit(client("10.0.0.1:1", true), &headers).await;
        assert_eq!(admitted, Err(AuthError::Password));
    }
    assert_eq!(passwords.asked.load(Ordering::Relaxed), 2);
}

#[tokio::test]
async fn malformed_credentials_are_rejected() {
    let gate = Gate::new(requiring(&Arc::default()));
    let mut twice = basic_header("zeebe:pass:word");
    twice.append(AUTHORIZATION, HeaderValue::from_static("Basic eDp5"));
    for headers in [
        HeaderMap::new(),
        twice,
        basic_header("zeebe"),
        authorization("Bearer abc"),
        authorization("Basic !!"),
        authorization("Basic"),
    ] {
        let admitted = gate.admit(client("127.0.0.1:1", false), &headers).await;
        assert_eq!(admitted, Err(AuthError::Password));
    }
}

#[tokio::test]
async fn clear_text_from_remote_clients_is_rejected_regardless_of_requirements() {
    let passwords = requiring(&Arc::default());
    let headers = basic_header("zeebe:pass:word");
    for auth in [ClientAuth::default(), requiring_certificates(), passwords] {
        let gate = Gate::new(auth);
        let admit = |is_tls| gate.admit(client("10.0.0.1:1", is_tls), &headers);
        assert_eq!(admit(false).await, Err(AuthError::Tls));
        assert_eq!(admit(true).await, Ok(()));
    }
}

#[tokio::test]
async fn a_password_in_clear_text_is_accepted_from_local_clients() {
    let gate = Gate::new(requiring(&Arc::default()));
    let headers = basic_header("zeebe:pass:word");
    for client in [
        client("127.0.0.1:1", false),
        client("[::1]:1", false),
        unix(7),
    ] {
        assert_eq!(gate.admit(client, &headers).await, Ok(()));
    }
}

#[tokio::test]
async fn a_certificate_is_required_from_local_clients_too() {
    let gate = Gate::new(requiring_certificates());
    let headers = HeaderMap::new();
    for client in [
        client("127.0.0.1:1", false),
        client("[::1]:1", false),
        unix(7),
    ] {
        assert_eq!(
            gate.admit(client, &headers).await,
            Err(AuthError::Certificate)
        );
    }
    let with_tls = client("127.0.0.1:1", true);
    assert_eq!(gate.admit(with_tls, &headers).await, Ok(()));
}

#[tokio::test]
async fn only_the_configured_unix_user_is_accepted() {
    let gate = Gate::new(for_uid(7));
    let headers = HeaderMap::new();
    assert_eq!(gate.admit(unix(7), &headers).await, Ok(()));
    assert_eq!(gate.admit(unix(8), &headers).await, Err(AuthError::User));
    let tcp = client("127.0.0.1:1", false);
    assert_eq!(gate.admit(tcp, &headers).await, Err(AuthError::User));
}

#[tokio::test]
async fn every_requirement_that_applies_is_checked() {
    let gate = Gate::new(ClientAuth {
        unix_uid: Some(7),
        ..requiring(&Arc::default())
    });
    let (right, wrong) = (basic_header("zeebe:pass:word"), basic_header("zeebe:other"));
    assert_eq!(gate.admit(unix(7), &right).await, Ok(()));
    assert_eq!(gate.admit(unix(7), &wrong).await, Err(AuthError::Password));
    assert_eq!(gate.admit(unix(8), &right).await, Err(AuthError::User));
    // Over TCP the user ID is unknown, so the password decides.
    let tcp = client("127.0.0.1:1", false);
    assert_eq!(gate.admit(tcp, &right).await, Ok(()));
    assert_eq!(gate.admit(tcp, &wrong).await, Err(AuthError::Password));
}
