//! Who is let in.

use std::sync::atomic::{AtomicUsize, Ordering};

use http::HeaderValue;

use super::*;

#[derive(Debug, Default)]
struct Passwords {
    asked: AtomicUsize,
}

impl PasswordCheck for Passwords {
    fn check(&self, user: &str, password: &[u8]) -> bool {
        self.asked.fetch_add(1, Ordering::Relaxed);
        (user, password) == ("zeebe", b"pass:word")
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

fn basic_of(credentials: &str) -> HeaderMap {
    authorization(&format!("Basic {}", STANDARD.encode(credentials)))
}

#[tokio::test]
async fn a_right_password_is_checked_once() {
    let passwords = Arc::new(Passwords::default());
    let gate = Gate::new(ClientAuth::Password(passwords.clone()), false);
    for _ in 0..3 {
        let headers = basic_of("zeebe:pass:word");
        let admitted = gate.admit(client("10.0.0.1:1", false), &headers).await;
        assert_eq!(admitted, Ok(()));
    }
    assert_eq!(passwords.asked.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn a_wrong_password_is_checked_each_time() {
    let passwords = Arc::new(Passwords::default());
    let gate = Gate::new(ClientAuth::Password(passwords.clone()), false);
    for _ in 0..2 {
        let headers = basic_of("zeebe:other");
        let admitted = gate.admit(client("10.0.0.1:1", false), &headers).await;
        assert_eq!(admitted, Err(AuthError::Password));
    }
    assert_eq!(passwords.asked.load(Ordering::Relaxed), 2);
}

#[tokio::test]
async fn what_is_no_user_and_password_is_refused() {
    let gate = Gate::new(ClientAuth::Password(Arc::new(Passwords::default())), false);
    let mut twice = basic_of("zeebe:pass:word");
    twice.append(AUTHORIZATION, HeaderValue::from_static("Basic eDp5"));
    for headers in [
        HeaderMap::new(),
        twice,
        basic_of("zeebe"),
        authorization("Bearer abc"),
        authorization("Basic !!"),
        authorization("Basic"),
    ] {
        let admitted = gate.admit(client("127.0.0.1:1", false), &headers).await;
        assert_eq!(admitted, Err(AuthError::Password));
    }
}

#[tokio::test]
async fn a_password_from_elsewhere_wants_tls_where_there_is_tls() {
    let gate = Gate::new(ClientAuth::Password(Arc::new(Passwords::default())), true);
    let headers = basic_of("zeebe:pass:word");
    let admit = |peer, is_tls| gate.admit(client(peer, is_tls), &headers);
    assert_eq!(admit("10.0.0.1:1", false).await, Err(AuthError::Tls));
    assert_eq!(admit("10.0.0.1:1", true).await, Ok(()));
    assert_eq!(admit("127.0.0.1:1", false).await, Ok(()));
}

#[tokio::test]
async fn a_certificate_is_wanted_from_elsewhere() {
    let gate = Gate::new(ClientAuth::Certificate, true);
    let headers = HeaderMap::new();
    let admit = |peer, is_tls| gate.admit(client(peer, is_tls), &headers);
    assert_eq!(
        admit("10.0.0.1:1", false).await,
        Err(AuthError::Certificate)
    );
    assert_eq!(admit("10.0.0.1:1", true).await, Ok(()));
    assert_eq!(admit("[::1]:1", false).await, Ok(()));
}

#[tokio::test]
async fn only_the_named_unix_user_is_let_in() {
    let gate = Gate::new(ClientAuth::UnixUser(7), false);
    let headers = HeaderMap::new();
    assert_eq!(gate.admit(unix(7), &headers).await, Ok(()));
    assert_eq!(gate.admit(unix(8), &headers).await, Err(AuthError::User));
    let tcp = client("127.0.0.1:1", false);
    assert_eq!(gate.admit(tcp, &headers).await, Err(AuthError::User));
}
