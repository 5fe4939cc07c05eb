//! A webhook that has only a certificate: no requests are sent to it.

use irsa_net::tls::LocalAuthority;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

/// A server that completes the TLS handshake and does nothing else, until it is dropped.
pub(super) struct Webhook {
    pub(super) url: String,
    task: JoinHandle<()>,
}

impl Webhook {
    pub(super) async fn serve(authority: &LocalAuthority) -> Self {
        let acceptor = TlsAcceptor::from(authority.server_config(&["127.0.0.1"], &[]).unwrap());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("https://{}/mutate", listener.local_addr().unwrap());
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(acceptor.accept(stream));
            }
        });
        Self { url, task }
    }
}

impl Drop for Webhook {
    fn drop(&mut self) {
        self.task.abort();
    }
}
