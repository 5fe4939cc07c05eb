//! TLS for clients, on the same port as clear text.

use irsa_net::tls::{LocalAuthority, client_config};
use irsa_ops::http::IdleTimeout;
use rustls::pki_types::ServerName;
use tokio_rustls::TlsConnector;

use crate::client::Client;
use crate::domain::Domain;
use crate::proxy::{SHORT, Setup, roots};

#[tokio::test]
async fn tls_is_detected_by_the_first_byte() {
    let domain = Domain::start().await;
    let own = LocalAuthority::generate().unwrap();
    let mut setup = Setup::for_address(domain.address, &domain.authority);
    setup.client_tls = Some(own.server_config(&["localhost"], &[b"http/1.1"]).unwrap());
    let proxy = setup.start().await;
    assert_eq!(proxy.get("GET /plain").await.status(), 200);
    let connector = TlsConnector::from(client_config(&roots(&own), &[]).unwrap());
    let name = ServerName::try_from("localhost").unwrap();
    let stream = connector
        .connect(name, proxy.connect().await.0)
        .await
        .unwrap();
    let answer = Client(stream)
        .ask("GET /tls HTTP/1.1\r\nhost: localhost\r\n\r\n")
        .await;
    assert_eq!(answer.status(), 200);
    assert_eq!(domain.seen().len(), 2);
}

#[tokio::test]
async fn a_silent_client_times_out_and_does_not_delay_a_drain() {
    let domain = Domain::start().await;
    let own = LocalAuthority::generate().unwrap();
    let tls = own.server_config(&["localhost"], &[]).unwrap();
    let mut setup = Setup::for_address(domain.address, &domain.authority);
    setup.client_tls = Some(tls.clone());
    setup.limits.client_idle_timeout = IdleTimeout::same(SHORT);
    let proxy = setup.start().await;
    assert_eq!(proxy.connect().await.rest().await, "");
    proxy.end().await;
    let mut setup = Setup::for_address(domain.address, &domain.authority);
    setup.client_tls = Some(tls);
    let proxy = setup.start().await;
    let silent = proxy.connect().await;
    proxy.get("GET /").await;
    proxy.end().await;
    drop(silent);
}
