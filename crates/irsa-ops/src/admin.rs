//! The admin listeners.

mod host;
mod recent;
mod routes;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::{Body, Incoming};
use irsa_net::drain::DrainWatch;
use irsa_net::limit::reserve_open_files;
use irsa_net::listen::{BindError, ListenAddress, ListenOptions, Listener};
use prometheus_client::metrics::counter::Counter;

use self::recent::RecentMetrics;
use self::routes::{Access, Admin};
use crate::health::Health;
use crate::http::{
    Client, Connections, IdleTimeout, Request, Response, StreamingOptions, Tls, header,
    serve_streaming,
};
use crate::metrics::Metrics;
use crate::status::StatusSource;

/// The admin listeners, after they were bound.
///
/// | path | public | private | |
/// |---|---|---|---|
/// | `GET /livez`, `/readyz`, `/startupz` | yes | yes | 200, or 503 with the reason |
/// | `GET /readyz?identity` | yes | yes | also 503 if there is no valid session |
/// | `GET /metrics` | yes | yes | OpenMetrics |
/// | `GET /status` | no | yes | HTML, or JSON according to `Accept` or `?format=json` |
/// | `GET /causes` | no | yes | all causes with their remedies, as HTML |
/// | `POST /quitquitquit` | no | yes | stops the process like SIGTERM |
///
/// The public listener is for the kubelet and Prometheus, and may listen on the pod's address. The private listener
/// uses a loopback address or a Unix socket, and accepts only loopback names in `Host`, so that no web page can reach
/// it through its own name (DNS rebinding).
///
/// Any client that can connect to the public listener may try to block it. The listener therefore handles one request
/// per connection, reads no bodies, closes connections after a minute, closes the oldest connection if all are busy,
/// and has file descriptors that sessions cannot use.
#[derive(Debug)]
pub struct AdminServer {
    public: Option<Listener>,
    private: Option<Listener>,
}

/// The reason why the admin listeners cannot be bound.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AdminError {
    /// The private listener would be reachable from outside.
    #[error("`{0}` is reachable from other machines, but the private admin listener must not be")]
    NotLoopback(ListenAddress),
    /// An address cannot be bound.
    #[error(transparent)]
    Bind(#[from] BindError),
    /// No file descriptors can be reserved.
    #[error("cannot lower the limit of open files: {0}")]
    Reserve(std::io::Error),
}

impl AdminError {
    /// Returns what to do about it.
    pub fn remedy(&self) -> String {
        match self {
            Self::NotLoopback(_) => {
                "choose a loopback address, such as `127.0.0.1:9440`, or a Unix socket".to_owned()
            }
            Self::Bind(error) => error.remedy(),
            Self::Reserve(_) => "check that `setrlimit(2)` is allowed".to_owned(),
        }
    }
}

impl AdminServer {
    /// Binds the listeners that are given.
    ///
    /// # Errors
    /// The private address is neither a loopback address nor a Unix socket, or an address cannot be bound.
    pub async fn bind(
        public: Option<ListenAddress>,
        private: Option<ListenAddress>,
    ) -> Result<Self, AdminError> {
        if let Some(address) = private.as_ref().filter(|address| !address.is_loopback()) {
            return Err(AdminError::NotLoopback(address.clone()));
        }
        if public.is_some() || private.is_some() {
            reserve_open_files(RESERVED_FILES).map_err(AdminError::Reserve)?;
        }
        Ok(Self {
            public: listen(public).await?,
            private: listen(private).await?,
        })
    }

    /// Returns the addresses of the public listener, if there is one.
    pub fn public_addresses(&self) -> Vec<ListenAddress> {
        addresses(self.public.as_ref())
    }

    /// Returns the addresses of the private listener, if there is one.
    pub fn private_addresses(&self) -> Vec<ListenAddress> {
        addresses(self.private.as_ref())
    }

    /// Serves requests until the drain starts. Use the drain that starts last, because the kubelet and Prometheus
    /// continue to send requests while sessions end. `quit` is called for each `/quitquitquit`.
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
            recent: RecentMetrics::default(),
        });
        tokio::join!(
            answer(self.public, Access::Public, &admin, &drain),
            answer(self.private, Access::Private, &admin, &drain),
        );
    }
}

async fn listen(address: Option<ListenAddress>) -> Result<Option<Listener>, BindError> {
    let options = ListenOptions {
        uses_reserve: true,
        ..ListenOptions::default()
    };
    match address {
        Some(address) => Listener::bind(&address, options).await.map(Some),
        None => Ok(None),
    }
}

fn addresses(listener: Option<&Listener>) -> Vec<ListenAddress> {
    listener.map(Listener::local_addresses).unwrap_or_default()
}

async fn answer(
    listener: Option<Listener>,
    access: Access,
    admin: &Arc<Admin>,
    drain: &DrainWatch,
) {
    let Some(listener) = listener else { return };
    let admin = Arc::clone(admin);
    let handler =
        move |request, client| std::future::ready(respond(&admin, access, &request, client));
    serve_streaming(listener, options(), handler, drain.clone()).await;
}

fn respond(
    admin: &Admin,
    access: Access,
    request: &Request<Incoming>,
    client: Client,
) -> Response<Full<Bytes>> {
    let mut response = admin.respond(access, request, client.peer);
    // A client that pipelines requests to the public listener gets one response.
    if access == Access::Public || !request.body().is_end_stream() {
        let close = header::HeaderValue::from_static("close");
        response.headers_mut().insert(header::CONNECTION, close);
    }
    response.map(Full::new)
}

fn options() -> StreamingOptions {
    StreamingOptions {
        tls: Tls::Off,
        header_timeout: HEADER_TIMEOUT,
        idle_timeout: IdleTimeout::same(TOTAL_TIMEOUT),
        total_timeout: Some(TOTAL_TIMEOUT),
        connections: Connections::cutting_oldest(MAX_CONNECTIONS),
        malformed: Counter::default(),
    }
}

/// The maximum number of open connections of a listener; the kubelet and Prometheus need a few.
const MAX_CONNECTIONS: usize = 128;
/// Maximum time for the headers of a request.
const HEADER_TIMEOUT: Duration = Duration::from_secs(10);
/// Maximum lifetime of a connection, including the time in which the client reads responses.
const TOTAL_TIMEOUT: Duration = Duration::from_mins(1);
/// File descriptors that are reserved for the admin listeners.
const RESERVED_FILES: u64 = 16;

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
    async fn both_listeners_serve_until_the_drain() {
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
    async fn a_public_connection_handles_one_request_and_reads_no_body() {
        let address = Some("127.0.0.1:0".parse().unwrap());
        let server = AdminServer::bind(address, None).await.unwrap();
        let public = port(&server.public_addresses());
        let (_drain, watch) = drain();
        let (health, metrics) = (Health::new(), Metrics::new());
        tokio::spawn(server.serve(health, metrics, Arc::new(Nothing), || (), watch));

        let two = "GET /livez HTTP/1.1\r\nHost: x\r\n\r\n".repeat(2);
        let unfinished = "POST /livez HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n1234";
        for (request, status) in [(&*two, "200"), (unfinished, "405")] {
            let mut stream = TcpStream::connect(("127.0.0.1", public)).await.unwrap();
            stream.write_all(request.as_bytes()).await.unwrap();
            let mut answer = Vec::new();
            while stream
                .read_buf(&mut answer)
                .await
                .is_ok_and(|read| read > 0)
            {}
            let answer = String::from_utf8(answer).unwrap();
            assert!(
                answer.starts_with(&format!("HTTP/1.1 {status} ")),
                "{answer}"
            );
            assert_eq!(answer.matches("HTTP/1.1").count(), 1, "{answer}");
        }
    }

    #[tokio::test]
    async fn the_private_listener_must_be_local() {
        let open = "0.0.0.0:0".parse().unwrap();
        let refused = AdminServer::bind(None, Some(open)).await.unwrap_err();
        assert!(matches!(refused, AdminError::NotLoopback(_)));
        assert!(refused.to_string().starts_with("`0.0.0.0:0` is reachable"));
        assert!(refused.remedy().contains("127.0.0.1:9440"));
    }

    #[tokio::test]
    async fn without_listeners_serve_returns() {
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
