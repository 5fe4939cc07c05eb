//! The admin listeners.

mod host;
mod routes;

use std::sync::Arc;

use bytes::Bytes;
use irsa_net::drain::DrainWatch;
use irsa_net::listen::{BindError, ListenAddress, ListenOptions, Listener, Peer};

use self::routes::{Admin, Audience};
use crate::health::Health;
use crate::http::{self, Request};
use crate::metrics::Metrics;
use crate::status::StatusSource;

/// The admin listeners, bound.
///
/// | path | public | private | |
/// |---|---|---|---|
/// | `GET /livez`, `/readyz`, `/startupz` | yes | yes | 200, or 503 with the reason |
/// | `GET /metrics` | yes | yes | OpenMetrics |
/// | `GET /status` | no | yes | the page, or JSON by `Accept` or `?format=json` |
/// | `GET /causes` | no | yes | every cause and its remedy, as a page |
/// | `POST /quitquitquit` | no | yes | asks the process to end as after SIGTERM |
///
/// The public one is for the kubelet and Prometheus and may listen on the pod's address. The
/// private one listens on the loopback or a Unix socket, and answers only to names of the loopback
/// (`Host`), so that no web page can reach it through a name of its own (DNS rebinding).
#[derive(Debug)]
pub struct AdminServer {
    public: Option<Listener>,
    private: Option<Listener>,
}

/// The admin listeners cannot be bound.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AdminError {
    /// The private listener would be reachable from outside.
    #[error("`{0}` can be reached from other machines, and the private admin listener must not")]
    NotLoopback(ListenAddress),
    /// An address can't be listened on.
    #[error(transparent)]
    Bind(#[from] BindError),
}

impl AdminError {
    /// What to do.
    pub fn remedy(&self) -> String {
        match self {
            Self::NotLoopback(_) => {
                "choose an address of the loopback, such as `127.0.0.1:9440`, or a Unix socket"
                    .to_owned()
            }
            Self::Bind(error) => error.remedy(),
        }
    }
}

impl AdminServer {
    /// Binds the listeners, each if given.
    ///
    /// # Errors
    /// The private address is neither of the loopback nor a Unix socket, or one can't be bound.
    pub async fn bind(
        public: Option<ListenAddress>,
        private: Option<ListenAddress>,
    ) -> Result<Self, AdminError> {
        if let Some(address) = private.as_ref().filter(|address| !address.is_loopback()) {
            return Err(AdminError::NotLoopback(address.clone()));
        }
        Ok(Self {
            public: listen(public).await?,
            private: listen(private).await?,
        })
    }

    /// The addresses of the public listener; none without one.
    pub fn public_addresses(&self) -> Vec<ListenAddress> {
        addresses(self.public.as_ref())
    }

    /// The addresses of the private listener; none without one.
    pub fn private_addresses(&self) -> Vec<ListenAddress> {
        addresses(self.private.as_ref())
    }

    /// Answers until the drain starts. Give it the drain that ends last: the kubelet and
    /// Prometheus go on asking while sessions end. `quit` is called for each `/quitquitquit`.
    pub async fn serve(
        self,
        health: Health,
        metrics: Metrics,
        status: Arc<dyn StatusSource>,
        quit: impl Fn() + Send + Sync + 'static,
        drain: DrainWatch,
    ) {
        let admin = Arc::new(Admin {
            health,
            metrics,
            status,
            quit: Box::new(quit),
        });
        tokio::join!(
            answer(self.public, Audience::Public, &admin, &drain),
            answer(self.private, Audience::Private, &admin, &drain),
        );
    }
}

async fn listen(address: Option<ListenAddress>) -> Result<Option<Listener>, BindError> {
    match address {
        Some(address) => Listener::bind(&address, ListenOptions::default())
            .await
            .map(Some),
        None => Ok(None),
    }
}

fn addresses(listener: Option<&Listener>) -> Vec<ListenAddress> {
    listener.map(Listener::local_addresses).unwrap_or_default()
}

async fn answer(
    listener: Option<Listener>,
    audience: Audience,
    admin: &Arc<Admin>,
    drain: &DrainWatch,
) {
    let Some(listener) = listener else { return };
    let admin = Arc::clone(admin);
    let handler = move |request: Request<Bytes>, peer: Peer| {
        std::future::ready(admin.respond(audience, &request, peer))
    };
    http::serve(listener, None, handler, drain.clone()).await;
}

#[cfg(test)]
mod tests {
    use irsa_net::drain::drain;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpStream;
    use tokio::sync::Notify;

    use super::*;
    use crate::status::Status;

    struct Nothing;

    impl StatusSource for Nothing {
        fn status(&self) -> Status {
            Status {
                program: "irsa test".to_owned(),
                version: "0".to_owned(),
                at: std::time::UNIX_EPOCH,
                links: Vec::new(),
                facts: Vec::new(),
            }
        }
    }

    fn port(addresses: &[ListenAddress]) -> u16 {
        match addresses {
            [ListenAddress::Tcp(address), ..] => address.port(),
            other => panic!("{other:?} has no port"),
        }
    }

    async fn ask(port: u16, request: &str) -> String {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
        let rest = "HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
        stream
            .write_all(format!("{request} {rest}").as_bytes())
            .await
            .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        answer
    }

    #[tokio::test]
    async fn serves_both_listeners_until_the_drain() {
        let address = || Some("127.0.0.1:0".parse().unwrap());
        let server = AdminServer::bind(address(), address()).await.unwrap();
        let public = port(&server.public_addresses());
        let private = port(&server.private_addresses());
        let quit = Arc::new(Notify::new());
        let asked = Arc::clone(&quit);
        let (drain, watch) = drain();
        let serving = tokio::spawn(server.serve(
            Health::new(),
            Metrics::new(),
            Arc::new(Nothing),
            move || asked.notify_one(),
            watch,
        ));

        assert!(ask(public, "GET /livez").await.ends_with("alive\n"));
        assert!(
            ask(public, "GET /status")
                .await
                .starts_with("HTTP/1.1 404 ")
        );
        let head = ask(private, "HEAD /status").await;
        assert!(
            head.starts_with("HTTP/1.1 200 ") && head.ends_with("\r\n\r\n"),
            "{head}"
        );
        assert!(ask(private, "GET /status").await.contains("irsa test"));
        assert!(
            ask(private, "POST /quitquitquit")
                .await
                .starts_with("HTTP/1.1 202 ")
        );
        quit.notified().await;

        drain.start();
        serving.await.unwrap();
        TcpStream::connect(("127.0.0.1", public)).await.unwrap_err();
    }

    #[tokio::test]
    async fn refuses_to_show_the_private_side_to_the_world() {
        let open = "0.0.0.0:0".parse().unwrap();
        let refused = AdminServer::bind(None, Some(open)).await.unwrap_err();
        assert!(matches!(refused, AdminError::NotLoopback(_)));
        assert!(
            refused
                .to_string()
                .starts_with("`0.0.0.0:0` can be reached")
        );
        assert!(refused.remedy().contains("127.0.0.1:9440"));
    }

    #[tokio::test]
    async fn serves_without_listeners_at_once() {
        let server = AdminServer::bind(None, None).await.unwrap();
        let (_drain, watch) = drain();
        server
            .serve(
                Health::new(),
                Metrics::new(),
                Arc::new(Nothing),
                || (),
                watch,
            )
            .await;
    }
}
