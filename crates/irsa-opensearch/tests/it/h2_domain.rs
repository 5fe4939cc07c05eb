//! A domain over HTTP/2.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use bytes::Bytes;
use http::request::Parts;
use http::{Request, Response};
use http_body_util::BodyExt;
use hyper::body::{Body, Frame, Incoming};
use hyper::server::conn::http2;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use irsa_net::tls::LocalAuthority;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio_rustls::TlsAcceptor;

use crate::domain::HOST;

/// A body of these frames, with an optional error after them.
pub(crate) struct Frames {
    frames: VecDeque<Frame<Bytes>>,
    failure: Option<oneshot::Receiver<()>>,
}

/// A domain that runs until the test's runtime ends.
pub(crate) struct H2Domain {
    pub(crate) address: SocketAddr,
    pub(crate) authority: LocalAuthority,
    shared: Arc<Shared>,
}

struct Shared {
    script: Box<dyn Fn(usize) -> Response<Frames> + Send + Sync>,
    seen: Mutex<Vec<(Parts, Bytes)>>,
    connections: AtomicUsize,
}

// === impl H2Domain ===

impl H2Domain {
    /// Starts a domain that responds to the `n`th request with `script(n)`, from 0.
    pub(crate) async fn answering(
        script: impl Fn(usize) -> Response<Frames> + Send + Sync + 'static,
    ) -> Self {
        let authority = LocalAuthority::generate().unwrap();
        let tls = authority.server_config(&[HOST], &[b"h2"]).unwrap();
        let tls = TlsAcceptor::from(tls);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared {
            script: Box::new(script),
            seen: Mutex::default(),
            connections: AtomicUsize::new(0),
        });
        let domain = Arc::clone(&shared);
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let (tls, domain) = (tls.clone(), Arc::clone(&domain));
                tokio::spawn(async move {
                    let Ok(stream) = tls.accept(stream).await else {
                        return;
                    };
                    domain.connections.fetch_add(1, Ordering::Relaxed);
                    let service = service_fn(move |request| {
                        let domain = Arc::clone(&domain);
                        async move { domain.answer(request).await }
                    });
                    let _ = http2::Builder::new(TokioExecutor::new())
                        .serve_connection(TokioIo::new(stream), service)
                        .await;
                });
            }
        });
        Self {
            address,
            authority,
            shared,
        }
    }

    /// Returns all requests so far.
    pub(crate) fn seen(&self) -> Vec<(Parts, Bytes)> {
        self.shared.seen.lock().unwrap().clone()
    }

    /// Returns the number of connections.
    pub(crate) fn connections(&self) -> usize {
        self.shared.connections.load(Ordering::Relaxed)
    }
}

// === impl Shared ===

impl Shared {
    async fn answer(&self, request: Request<Incoming>) -> Result<Response<Frames>, Infallible> {
        let (parts, body) = request.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        let number = {
            let mut seen = self.seen.lock().unwrap();
            seen.push((parts, body));
            seen.len() - 1
        };
        Ok((self.script)(number))
    }
}

// === impl Frames ===

impl Frames {
    pub(crate) fn new(frames: impl Into<VecDeque<Frame<Bytes>>>) -> Self {
        Self {
            frames: frames.into(),
            failure: None,
        }
    }

    pub(crate) fn data(data: &'static str) -> Self {
        Self::new([Frame::data(Bytes::from_static(data.as_bytes()))])
    }

    /// Makes the body fail when `when` is notified. It ends normally if the sender is dropped.
    pub(crate) fn failing(mut self, when: oneshot::Receiver<()>) -> Self {
        self.failure = Some(when);
        self
    }
}

impl Body for Frames {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        if let Some(frame) = self.frames.pop_front() {
            return Poll::Ready(Some(Ok(frame)));
        }
        match &mut self.failure {
            None => Poll::Ready(None),
            Some(told) => {
                let told = std::task::ready!(Pin::new(told).poll(cx));
                Poll::Ready(told.ok().map(|()| Err(io::Error::other("broken"))))
            }
        }
    }
}

/// Starts a domain that refuses the stream of the first request, and responds to the others.
pub(crate) async fn rejecting_the_first() -> (SocketAddr, LocalAuthority) {
    let authority = LocalAuthority::generate().unwrap();
    let tls = authority.server_config(&[HOST], &[b"h2"]).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        let stream = TlsAcceptor::from(tls).accept(stream).await.unwrap();
        let mut connection = h2::server::handshake(stream).await.unwrap();
        let mut is_first = true;
        while let Some(Ok((_, mut respond))) = connection.accept().await {
            if std::mem::take(&mut is_first) {
                respond.send_reset(h2::Reason::REFUSED_STREAM);
            } else {
                respond.send_response(Response::new(()), true).unwrap();
            }
        }
    });
    (address, authority)
}
