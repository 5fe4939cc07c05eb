//! The lab's listeners and their tasks.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use irsa_net::drain::{Drain, DrainWatch, drain};
use irsa_net::listen::{ListenAddress, Listener};
use irsa_ops::http::serve;
use rustls::ServerConfig;
use tokio::task::JoinSet;

use crate::error::LabError;
use crate::faults::Faults;
use crate::ledger::{Ledger, Service};
use crate::network::{self, Faulty};

/// Time limit for pending requests when the lab stops.
const END_LIMIT: Duration = Duration::from_secs(2);

/// A bound listener that is not served yet.
#[derive(Debug)]
pub(crate) struct Bound {
    listener: Listener,
    address: SocketAddr,
}

impl Bound {
    /// Listens on 127.0.0.1; `service` appears in errors.
    pub(crate) async fn new(service: &'static str, port: u16) -> Result<Self, LabError> {
        let failed = |error| LabError::part(service, error);
        let address = ListenAddress::Tcp(SocketAddr::from((Ipv4Addr::LOCALHOST, port)));
        let listener = network::bind(&address).await.map_err(failed)?;
        let port = listener
            .port()
            .ok_or_else(|| LabError::part(service, "the listener has no port"))?;
        Ok(Self {
            listener,
            address: SocketAddr::from((Ipv4Addr::LOCALHOST, port)),
        })
    }

    /// The address: `127.0.0.1:PORT`.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }
}

/// The running services. Dropping them closes everything immediately.
#[derive(Debug)]
pub(crate) struct Services {
    drain: Drain,
    watch: DrainWatch,
    tasks: JoinSet<()>,
}

impl Services {
    pub(crate) fn new() -> Self {
        let (drain, watch) = drain();
        Self {
            drain,
            watch,
            tasks: JoinSet::new(),
        }
    }

    /// Returns a watch that signals the start of the shutdown.
    pub(crate) fn watch(&self) -> DrainWatch {
        self.watch.clone()
    }

    /// Runs a task until the shutdown.
    pub(crate) fn run(&mut self, task: impl Future<Output = ()> + Send + 'static) {
        self.tasks.spawn(task);
    }

    /// Serves HTTP, or HTTPS with `tls`.
    pub(crate) fn serve<F, Fut>(&mut self, bound: Bound, tls: Option<Arc<ServerConfig>>, handler: F)
    where
        F: Fn(Request<Bytes>) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Response<Bytes>> + Send + 'static,
    {
        let handler = move |request, _peer| handler(request);
        self.tasks
            .spawn(serve(bound.listener, tls, handler, self.watch.clone()));
    }

    /// Serves HTTPS like [`Services::serve`], with the network faults of `service`.
    pub(crate) fn serve_with_faults<F, Fut>(
        &mut self,
        bound: Bound,
        tls: Arc<ServerConfig>,
        handler: F,
        (service, faults, ledger): (Service, &Faults, &Arc<Ledger>),
    ) where
        F: Fn(Request<Bytes>) -> Fut + Clone + Send + Sync + 'static,
        Fut: Future<Output = Response<Bytes>> + Send + 'static,
    {
        let drain = self.watch.clone();
        let mut breaker = Faulty {
            service,
            address: network::same_again(&bound.listener, Some(bound.address)),
            faults: faults.watch(),
            ledger: Arc::clone(ledger),
            cuts: Some(Arc::clone(&tls)),
        };
        self.tasks.spawn(async move {
            let mut listener = bound.listener;
            loop {
                let handler = handler.clone();
                let handler = move |request, _peer| handler(request);
                let served = serve(listener, Some(tls.clone()), handler, drain.clone());
                tokio::select! {
                    () = served => return,
                    () = breaker.breaks() => {}
                }
                // `serve` has dropped the listener.
                tokio::select! {
                    () = drain.signaled() => return,
                    again = breaker.mistreat(None) => listener = again,
                }
            }
        });
    }

    /// Lets pending requests finish, then closes everything.
    pub(crate) async fn stop(mut self) {
        self.drain.start();
        let ended = async { while self.tasks.join_next().await.is_some() {} };
        let _ = tokio::time::timeout(END_LIMIT, ended).await;
    }
}
