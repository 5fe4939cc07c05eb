//! The lab's listeners and the tasks that serve them.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use irsa_net::drain::{Drain, DrainWatch, drain};
use irsa_net::listen::{BindError, ListenAddress, ListenOptions, Listener};
use irsa_ops::http::serve;
use rustls::ServerConfig;
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::error::LabError;
use crate::faults::FaultPlan;

/// Requests that are under way at the end get this long.
const END_LIMIT: Duration = Duration::from_secs(2);
/// A port that is taken for a moment is tried again after this.
const BIND_PAUSE: Duration = Duration::from_millis(50);

/// A listener that is not served yet.
#[derive(Debug)]
pub(crate) struct Bound {
    listener: Listener,
    address: SocketAddr,
}

impl Bound {
    /// Listens on 127.0.0.1; `service` is named in the error.
    pub(crate) async fn new(service: &'static str, port: u16) -> Result<Self, LabError> {
        let failed = |error| LabError::part(service, error);
        let listener = bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port)))
            .await
            .map_err(failed)?;
        let port = listener
            .port()
            .ok_or_else(|| LabError::part(service, "the listener has no port"))?;
        Ok(Self {
            listener,
            address: SocketAddr::from((Ipv4Addr::LOCALHOST, port)),
        })
    }

    /// `127.0.0.1:PORT`
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }
}

/// The running services. Dropping them cuts everything.
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

    /// Tells when the end begins.
    pub(crate) fn watch(&self) -> DrainWatch {
        self.watch.clone()
    }

    /// Runs a task until the end.
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

    /// As [`Services::serve`], but while `is_down` says so of the faults, nothing listens:
    /// connections are refused.
    pub(crate) fn serve_with_outages<F, Fut>(
        &mut self,
        bound: Bound,
        tls: Arc<ServerConfig>,
        handler: F,
        faults: watch::Receiver<FaultPlan>,
        is_down: fn(&FaultPlan) -> bool,
    ) where
        F: Fn(Request<Bytes>) -> Fut + Clone + Send + Sync + 'static,
        Fut: Future<Output = Response<Bytes>> + Send + 'static,
    {
        let drain = self.watch.clone();
        self.tasks.spawn(async move {
            let (mut listener, address, mut faults) = (bound.listener, bound.address, faults);
            loop {
                let handler = handler.clone();
                let service = serve(
                    listener,
                    Some(tls.clone()),
                    move |request, _peer| handler(request),
                    drain.clone(),
                );
                tokio::select! {
                    () = service => return,
                    () = until(&mut faults, is_down) => {}
                }
                tokio::select! {
                    () = drain.signaled() => return,
                    () = until(&mut faults, |plan| !is_down(plan)) => {}
                }
                listener = bind_again(address).await;
            }
        });
    }

    /// Lets requests that are under way end, then cuts.
    pub(crate) async fn stop(mut self) {
        self.drain.start();
        let ended = async { while self.tasks.join_next().await.is_some() {} };
        let _ = tokio::time::timeout(END_LIMIT, ended).await;
    }
}

async fn bind(address: SocketAddr) -> Result<Listener, BindError> {
    Listener::bind(&ListenAddress::Tcp(address), ListenOptions::default()).await
}

async fn bind_again(address: SocketAddr) -> Listener {
    loop {
        match bind(address).await {
            Ok(listener) => return listener,
            Err(error) => tracing::warn!(%error, "can't listen again yet"),
        }
        tokio::time::sleep(BIND_PAUSE).await;
    }
}

/// Waits for a change of the faults; for ever, if there can be none.
async fn until(faults: &mut watch::Receiver<FaultPlan>, condition: impl FnMut(&FaultPlan) -> bool) {
    if faults.wait_for(condition).await.is_err() {
        std::future::pending::<()>().await;
    }
}
