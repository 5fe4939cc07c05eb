//! A proxy put together from its settings: identities on the control thread, listeners and
//! sessions on the data thread.

mod data;
mod live;
pub(crate) mod metrics;
mod prepare;
mod status;

use std::sync::Arc;
use std::time::Duration;

use irsa_identity::{Identity, ResolvedSource, SystemClock};
use irsa_net::drain::{Drain, drain};
use irsa_net::limit::raise_open_files;
use irsa_net::listen::ListenAddress;
use irsa_ops::admin::AdminServer;
use irsa_ops::health::Health;
use irsa_ops::metrics::Metrics;
use tokio::sync::Notify;

use self::data::DataPlane;
pub(crate) use self::live::Live;
pub(crate) use self::prepare::Kind;
use self::prepare::prepare;
use self::status::ProxyStatus;
use crate::exit::{self, Failure};
use crate::settings::{AdminSettings, DrainSettings, ProxySettings};

/// The time that requests may take to end once they are cut.
const CUT_TIME: Duration = Duration::from_millis(500);

/// How long the end of the data thread may take once its sessions are over.
const DATA_END_TIME: Duration = Duration::from_secs(1);

/// A proxy that listens.
pub(crate) struct Proxy {
    listeners: Vec<Listening>,
    admin_addresses: Vec<ListenAddress>,
    status_addresses: Vec<ListenAddress>,
    data: DataPlane,
    drain: Drain,
    terminate: Drain,
    cut: Drain,
    admin: Drain,
    health: Health,
    quit: Arc<Notify>,
    patience: DrainSettings,
    live: Arc<Live>,
    metrics: Metrics,
    identity_source: ResolvedSource,
}

/// An upstream and a local address of it.
#[derive(Debug, Clone)]
pub(crate) struct Listening {
    pub(crate) upstream: String,
    pub(crate) kind: Kind,
    pub(crate) address: ListenAddress,
}

/// The longest that a proxy takes to stop, if no thread of it is blocked.
pub(crate) fn longest_stop(drain: &DrainSettings) -> Duration {
    drain.delay + drain.timeout + CUT_TIME + DATA_END_TIME
}

// === impl Proxy ===

impl Proxy {
    /// Starts everything; it listens when this returns. Credentials may still be on their way: an
    /// STS that does not answer must not keep a pod from starting.
    pub(crate) async fn start(settings: ProxySettings) -> Result<Self, Failure> {
        raise_open_files().map_err(Failure::other)?;
        let identity = Identity::start(settings.identity.clone(), Arc::new(SystemClock))
            .map_err(exit::broken)?;
        let metrics = Metrics::new();
        metrics::register_process(&metrics);
        let live = Arc::new(Live::new(&settings, &identity)?);
        let prepared = prepare(&settings, &identity, &live, &metrics)?;
        let admin = bind_admin(&settings.admin).await?;
        metrics::watch(&metrics, &identity, &prepared);
        let status = ProxyStatus::new(&settings.identity, &identity, &prepared);

        let (drain, draining) = drain();
        let (terminate, terminating) = irsa_net::drain::drain();
        let (cut, cutting) = irsa_net::drain::drain();
        let health = Health::new();
        let (data, listeners) =
            DataPlane::start(prepared, draining, terminating, cutting, health.clone()).await?;
        let watching = health.clone();
        tokio::spawn(async move { watching.keep_watch().await });
        health.set_started();
        health.set_ready(true, "listening");

        let (admin_drain, admin_watch) = irsa_net::drain::drain();
        let quit = Arc::new(Notify::new());
        let (admin_addresses, status_addresses) =
            (admin.public_addresses(), admin.private_addresses());
        let asked_to_quit = Arc::clone(&quit);
        tokio::spawn(admin.serve(
            health.clone(),
            metrics.clone(),
            Arc::new(status),
            move || asked_to_quit.notify_one(),
            admin_watch,
        ));
        Ok(Self {
            listeners,
            admin_addresses,
            status_addresses,
            data,
            drain,
            terminate,
            cut,
            admin: admin_drain,
            health,
            quit,
            patience: settings.drain,
            live,
            metrics,
            identity_source: identity.source().clone(),
        })
    }

    /// What can be replaced while the proxy runs.
    pub(crate) fn live(&self) -> &Arc<Live> {
        &self.live
    }

    /// The source of the identity that upstreams without a role of their own use.
    pub(crate) fn identity_source(&self) -> &ResolvedSource {
        &self.identity_source
    }

    /// The metrics of the process.
    pub(crate) fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    pub(crate) fn listeners(&self) -> &[Listening] {
        &self.listeners
    }

    /// The first address where clients of this kind are served.
    pub(crate) fn first(&self, kind: Kind) -> Option<&ListenAddress> {
        let mut of_kind = self.listeners.iter().filter(|one| one.kind == kind);
        of_kind.next().map(|listening| &listening.address)
    }

    /// All addresses where clients of this kind are served, the first upstream's first.
    pub(crate) fn addresses(&self, kind: Kind) -> Vec<ListenAddress> {
        let of_kind = self.listeners.iter().filter(|one| one.kind == kind);
        of_kind.map(|one| one.address.clone()).collect()
    }

    /// Where health and metrics are told.
    pub(crate) fn admin_addresses(&self) -> &[ListenAddress] {
        &self.admin_addresses
    }

    /// Where the status is told as well.
    pub(crate) fn status_addresses(&self) -> &[ListenAddress] {
        &self.status_addresses
    }

    /// Returns when `/quitquitquit` was asked for.
    pub(crate) async fn asked_to_quit(&self) {
        self.quit.notified().await;
    }

    /// Is no longer ready. Goes on accepting for the drain delay, waits for sessions and requests to end, and closes
    /// those that don't, or all that are left once `hurry` is done.
    pub(crate) async fn stop(self, hurry: impl Future<Output = ()>) {
        self.health.set_ready(false, "ending");
        let ended = tokio::select! {
            ended = self.drained() => ended,
            () = hurry => {
                self.cut.start();
                false
            }
        };
        if !ended {
            self.close_all().await;
        }
        if tokio::time::timeout(DATA_END_TIME, self.data.end())
            .await
            .is_err()
        {
            tracing::error!("the data thread does not end: it is blocked");
        }
        self.admin.start();
    }

    /// Returns whether sessions and requests ended in the time that they have.
    async fn drained(&self) -> bool {
        tokio::time::sleep(self.patience.delay).await;
        self.drain.start();
        self.ended_within(self.patience.sessions_timeout()).await
    }

    /// Closes the sessions, with the server's last answer, and then the requests.
    async fn close_all(&self) {
        tracing::info!("closing the sessions and requests that have not ended");
        self.drain.start();
        self.terminate.start();
        if !self.ended_within(self.patience.termination_time()).await {
            self.cut.start();
            self.ended_within(CUT_TIME).await;
        }
    }

    async fn ended_within(&self, time: Duration) -> bool {
        let ended = tokio::time::timeout(time, self.drain.finished()).await;
        ended.is_ok()
    }
}

async fn bind_admin(settings: &AdminSettings) -> Result<AdminServer, Failure> {
    let bound = AdminServer::bind(settings.public.clone(), settings.private.clone()).await;
    bound.map_err(|error| Failure::Other {
        message: error.to_string(),
        remedy: Some(error.remedy()),
    })
}
