//! A domain over HTTP/1.1 that follows a script and records the exact requests.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use irsa_net::tls::LocalAuthority;
use rustls::ServerConfig;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use crate::client::header;

/// The name in the domain's certificate.
pub(crate) const HOST: &str = "search-orders-abc123.eu-central-1.es.amazonaws.com";

/// A request as received.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

/// The script's reaction to a request.
#[derive(Debug, Clone)]
pub(crate) enum Step {
    /// Responds with these bytes.
    Answer(Vec<u8>),
    /// Responds and closes the connection.
    AnswerAndClose(Vec<u8>),
    /// Responds after the head of the request, and then reads its body.
    AnswerEarly(Vec<u8>),
    /// Responds, and ignores all further data on the connection.
    AnswerAndIgnore(Vec<u8>),
    /// Ignores the request and all further data.
    Ignore,
    /// Closes the connection without a response.
    Close,
    /// Closes the connection after the head of the request, without reading its body.
    CloseAfterHead,
    /// Sends the first bytes, waits for a notification, and sends the second bytes.
    Pause(Vec<u8>, Arc<Notify>, Vec<u8>),
}

/// A domain that runs until the test's runtime ends.
pub(crate) struct Domain {
    pub(crate) address: SocketAddr,
    pub(crate) authority: LocalAuthority,
    pub(crate) shared: Arc<Shared>,
}

pub(crate) struct Shared {
    script: Box<dyn Fn(usize) -> Step + Send + Sync>,
    seen: Mutex<Vec<Seen>>,
    connections: AtomicUsize,
    arrived: Notify,
}

// === impl Domain ===

impl Domain {
    /// Starts a domain that responds to all requests with `{}`.
    pub(crate) async fn start() -> Self {
        Self::answering(|_| Step::ok("{}")).await
    }

    /// Starts a domain that calls `script(n)` for the `n`th request, from 0.
    pub(crate) async fn answering(script: impl Fn(usize) -> Step + Send + Sync + 'static) -> Self {
        Self::named(HOST, script).await
    }

    /// Starts a domain with a different name in its certificate.
    pub(crate) async fn named(
        name: &str,
        script: impl Fn(usize) -> Step + Send + Sync + 'static,
    ) -> Self {
        let authority = LocalAuthority::generate().unwrap();
        let tls = authority.server_config(&[name], &[b"http/1.1"]).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared {
            script: Box::new(script),
            seen: Mutex::default(),
            connections: AtomicUsize::new(0),
            arrived: Notify::new(),
        });
        tokio::spawn(accept(listener, tls, Arc::clone(&shared)));
        Self {
            address,
            authority,
            shared,
        }
    }

    /// Returns all requests so far.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.shared.seen.lock().unwrap().clone()
    }

    /// Returns the only request so far.
    pub(crate) fn only(&self) -> Seen {
        let [seen] = self.seen().try_into().expect("one request");
        seen
    }

    /// Returns the number of connections.
    pub(crate) fn connections(&self) -> usize {
        self.shared.connections.load(Ordering::Relaxed)
    }

    /// Waits for the next request.
    pub(crate) async fn arrival(&self) {
        crate::client::within("a request", self.shared.arrived.notified()).await;
    }
}

async fn accept(listener: TcpListener, tls: Arc<ServerConfig>, shared: Arc<Shared>) {
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        let (tls, shared) = (TlsAcceptor::from(Arc::clone(&tls)), Arc::clone(&shared));
        tokio::spawn(async move {
            if let Ok(stream) = tls.accept(stream).await {
                shared.connections.fetch_add(1, Ordering::Relaxed);
                shared.serve(stream).await;
            }
        });
    }
}

// === impl Shared ===

impl Shared {
    async fn serve(&self, mut stream: TlsStream<TcpStream>) {
        while let Some(head) = read_head(&mut stream).await {
            let number = {
                let mut seen = self.seen.lock().unwrap();
                seen.push(Seen {
                    head: head.clone(),
                    body: Vec::new(),
                });
                seen.len() - 1
            };
            let step = (self.script)(number);
            if matches!(step, Step::CloseAfterHead) {
                return;
            }
            if let Step::AnswerEarly(answer) = &step {
                stream.write_all(answer).await.unwrap();
            }
            let length = header(&head, "content-length").map_or(0, |text| text.parse().unwrap());
            assert_eq!(header(&head, "transfer-encoding"), None, "never chunked");
            let mut body = vec![0; length];
            if stream.read_exact(&mut body).await.is_err() {
                return;
            }
            self.seen.lock().unwrap()[number].body = body;
            self.arrived.notify_one();
            match step {
                Step::AnswerEarly(_) => {}
                Step::Answer(answer) => {
                    stream.write_all(&answer).await.unwrap();
                    stream.flush().await.unwrap();
                }
                Step::AnswerAndClose(answer) => {
                    stream.write_all(&answer).await.unwrap();
                    let _ = stream.shutdown().await;
                    return;
                }
                Step::AnswerAndIgnore(answer) => {
                    stream.write_all(&answer).await.unwrap();
                    return ignore(stream).await;
                }
                Step::Ignore => return ignore(stream).await,
                Step::Pause(first, go_on, second) => {
                    stream.write_all(&first).await.unwrap();
                    go_on.notified().await;
                    let _ = stream.write_all(&second).await;
                }
                Step::Close | Step::CloseAfterHead => return,
            }
        }
    }
}

/// Reads until the client closes the connection.
async fn ignore(mut stream: TlsStream<TcpStream>) {
    let _ = tokio::io::copy(&mut stream, &mut tokio::io::sink()).await;
}

async fn read_head(stream: &mut TlsStream<TcpStream>) -> Option<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.ok()?);
    }
    Some(String::from_utf8_lossy(&head).into_owned())
}

// === impl Step ===

impl Step {
    pub(crate) fn ok(body: &str) -> Self {
        Self::json(200, body)
    }

    pub(crate) fn json(status: u16, body: &str) -> Self {
        Self::with_headers(status, "content-type: application/json\r\n", body)
    }

    /// Creates a response. Each line of `headers` ends with a line break.
    pub(crate) fn with_headers(status: u16, headers: &str, body: &str) -> Self {
        let length = body.len();
        let head = format!("HTTP/1.1 {status} Status\r\n{headers}content-length: {length}\r\n\r\n");
        Self::Answer([head.as_bytes(), body.as_bytes()].concat())
    }
}

// === impl Seen ===

impl Seen {
    pub(crate) fn request_line(&self) -> &str {
        self.head.lines().next().unwrap()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        header(&self.head, name)
    }

    /// Returns the names of the headers, sorted.
    pub(crate) fn header_names(&self) -> Vec<String> {
        let lines = self
            .head
            .lines()
            .skip(1)
            .filter_map(|line| line.split_once(':'));
        let mut names: Vec<_> = lines.map(|(name, _)| name.to_ascii_lowercase()).collect();
        names.sort();
        names
    }
}
