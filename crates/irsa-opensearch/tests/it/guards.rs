//! Guards, host names and client authentication.

use std::sync::Arc;

use irsa_net::listen::ListenAddress;
use irsa_opensearch::{Guards, PasswordCheck};

use crate::domain::{Domain, HOST};
use crate::proxy::{Proxy, Setup};

#[derive(Debug)]
pub(crate) struct OnlyZeebe;

impl PasswordCheck for OnlyZeebe {
    fn check(&self, user: &str, password: &[u8]) -> bool {
        (user, password) == ("zeebe", b"hush-hush")
    }
}

#[tokio::test]
async fn only_the_listeners_own_names_are_accepted() {
    let domain = Domain::start().await;
    let proxy = Proxy::for_domain(&domain).await;
    let ask = async |host: &str| {
        let request = format!("GET / HTTP/1.1\r\nhost: {host}\r\n\r\n");
        proxy.ask(request).await
    };
    let own = [
        HOST,
        "localhost",
        "127.0.0.1:9200",
        "[::1]:1",
        "opensearch.internal:9200",
    ];
    for host in own {
        assert_eq!(ask(host).await.status(), 200, "{host}");
    }
    for host in [
        "evil.example",
        "localhost.evil.example",
        "10.0.0.1:9200",
        "",
    ] {
        let answer = ask(host).await;
        assert_eq!(answer.status(), 421, "{host}");
        assert_eq!(answer.json()["error"]["type"], "irsa_host_exception");
    }
    assert_eq!(domain.seen().len(), own.len());
    proxy.end().await;
}

#[tokio::test]
async fn foreign_and_malformed_targets_are_rejected() {
    let domain = Domain::start().await;
    let proxy = Proxy::for_domain(&domain).await;
    for (line, status) in [
        ("GET http://evil.example/", 421),
        ("GET http://169.254.169.254/latest", 421),
        ("GET https://localhost/", 400),
        ("CONNECT localhost:9200", 400),
        ("OPTIONS *", 400),
    ] {
        assert_eq!(proxy.get(line).await.status(), status, "{line}");
    }
    assert!(domain.seen().is_empty());
}

#[tokio::test]
async fn guards_block_requests_with_a_reason() {
    let domain = Domain::start().await;
    let mut setup = Setup::for_address(domain.address, &domain.authority);
    setup.guards = Guards {
        read_only: true,
        allow_paths: vec!["/orders*".parse().unwrap(), "/_plugins/*".parse().unwrap()],
        deny_security_api: true,
        ..Guards::default()
    };
    let proxy = setup.start().await;
    for (line, kind) in [
        ("PUT /orders", "irsa_read_only_exception"),
        ("GET /secrets", "irsa_path_exception"),
        ("GET /orders/..%2fsecrets", "irsa_path_exception"),
        (
            "GET /_plugins/_security/api/roles",
            "irsa_security_api_exception",
        ),
        (
            "GET /_plugins%2F%5Fsecurity/api/roles",
            "irsa_security_api_exception",
        ),
    ] {
        let answer = proxy.get(line).await;
        assert_eq!(answer.status(), 403, "{line}");
        assert_eq!(answer.json()["error"]["type"], kind, "{line}");
    }
    assert!(domain.seen().is_empty());
    assert_eq!(
        proxy.post("POST /orders/_search", b"{}").await.status(),
        200
    );
    assert_eq!(proxy.metric("opensearch_rejections_total"), 5);
    proxy.end().await;
}

#[tokio::test]
async fn a_password_is_required_and_not_forwarded() {
    let domain = Domain::start().await;
    let mut setup = Setup::for_address(domain.address, &domain.authority);
    setup.client_auth.passwords = Some(Arc::new(OnlyZeebe));
    let proxy = setup.start().await;
    let answer = proxy.get("GET /").await;
    assert_eq!(answer.status(), 401);
    assert!(
        answer
            .header("www-authenticate")
            .unwrap()
            .starts_with("Basic realm=")
    );
    assert!(domain.seen().is_empty());
    // `zeebe:hush-hush`
    let request =
        "GET / HTTP/1.1\r\nhost: localhost\r\nauthorization: Basic emVlYmU6aHVzaC1odXNo\r\n\r\n";
    assert_eq!(proxy.ask(request).await.status(), 200);
    let head = domain.only().head;
    assert!(!head.contains("emVlYmU6aHVzaC1odXNo"), "{head}");
}

#[tokio::test]
async fn a_socket_serves_its_user_and_no_one_else() {
    let own = rustix::process::geteuid().as_raw();
    for (user, status) in [(own, 200), (own + 1, 403)] {
        let folder = tempfile::tempdir().unwrap();
        let domain = Domain::start().await;
        let mut setup = Setup::for_address(domain.address, &domain.authority);
        setup.listen = ListenAddress::Unix(folder.path().join("opensearch.sock"));
        setup.client_auth.unix_uid = Some(user);
        let proxy = setup.start().await;
        let mut client = proxy.connect_unix().await;
        let answer = client
            .ask("GET / HTTP/1.1\r\nhost: localhost\r\n\r\n")
            .await;
        assert_eq!(answer.status(), status);
    }
}
