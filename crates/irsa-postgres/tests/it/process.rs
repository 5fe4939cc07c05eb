//! A proxy in a separate process, so that its memory can be measured.

use irsa_net::limit::raise_open_files;
use irsa_net::tls::{LocalAuthority, Roots};
use irsa_testing::child::{ChildProxy, Order, serve_until_parent_ends};

use crate::encryption::ALPN;
use crate::proxy::Setup;
use crate::server::RunningServer;

/// Starts a proxy of `server` that accepts TLS.
pub(crate) async fn proxy_process(server: &RunningServer) -> ChildProxy {
    let write_ca = |file: &_| server.authority.write_ca(file).unwrap();
    ChildProxy::start("process::proxy", server.address, write_ca).await
}

#[tokio::test]
#[ignore = "the proxy process that other tests start"]
async fn proxy() {
    let Some(order) = Order::from_parent() else {
        return;
    };
    raise_open_files().unwrap();
    let roots = Roots::from_pem_file(&order.ca_file).unwrap();
    let authority = LocalAuthority::generate().unwrap();
    let setup = Setup {
        client_tls: Some(authority.server_config(&["localhost"], &[ALPN]).unwrap()),
        ..Setup::for_address(order.upstream, roots)
    };
    let proxy = setup.start().await;
    serve_until_parent_ends(proxy.address()).await;
}
