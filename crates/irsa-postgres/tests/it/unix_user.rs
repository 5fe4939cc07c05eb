//! Unix sockets that admit one Unix user.

use irsa_net::listen::ListenAddress;
use irsa_pgwire::sqlstate::SqlState;
use irsa_postgres::ClientAuth;

use crate::proxy::{Proxy, Setup, unix_socket};
use crate::server::Server;

fn own_uid() -> u32 {
    rustix::process::geteuid().as_raw()
}

async fn proxy_for(uid: u32, listen: ListenAddress) -> Proxy {
    let server = Server::new().run().await;
    let setup = Setup {
        client_auth: ClientAuth {
            unix_uid: Some(uid),
            ..ClientAuth::default()
        },
        listen,
        ..Setup::for_server(&server)
    };
    setup.start().await
}

async fn assert_refused(proxy: Proxy) {
    let error = proxy.refusal().await;
    assert_eq!(error.code, SqlState::INVALID_AUTHORIZATION_SPECIFICATION);
    assert!(error.message.contains("Unix user"), "{error:?}");
}

#[tokio::test]
async fn the_user_is_admitted() {
    let directory = tempfile::tempdir().unwrap();
    let proxy = proxy_for(own_uid(), unix_socket(&directory)).await;
    proxy.log_in().await.unwrap();
}

#[tokio::test]
async fn a_different_user_is_rejected() {
    let directory = tempfile::tempdir().unwrap();
    assert_refused(proxy_for(own_uid() + 1, unix_socket(&directory)).await).await;
}

#[tokio::test]
async fn tcp_clients_are_rejected() {
    let tcp = ListenAddress::Tcp(([127, 0, 0, 1], 0).into());
    assert_refused(proxy_for(own_uid(), tcp).await).await;
}
