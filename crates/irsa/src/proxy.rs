//! The proxy: identities on the control thread, listeners and sessions on the data thread.

mod data;
mod live;
pub(crate) mod metrics;
mod prepare;
mod status;
mod traces;

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
use self::prepare::prepare;
pub(crate) use self::prepare::{StoreKind, tls_failure};
use self::status::ProxyStatus;
use self::traces::{FLUSH_TIME, Traces};
use crate::exit::{self, Failure};
use crate::settings::{AdminSettings, DrainSettings, ProxySettings};

/// The time that requests have to end after they are canceled.
const CUT_TIME: Duration = Duration::from_millis(500);

/// The time that the data thread has to exit after its sessions have ended.
const DATA_END_TIME: Duration = Duration::from_secs(1);

/// A running proxy.
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
    drain_settings: DrainSettings,
    live: Arc<Live>,
    metrics: Metrics,
    identity_source: ResolvedSource,
    traces: Traces,
}

/// An upstream and one of its local addresses.
#[derive(Debug, Clone)]
pub(crate) struct Listening {
    pub(crate) upstream: String,
    pub(crate) kind: StoreKind,
    pub(crate) address: ListenAddress,
}

/// Returns the maximum time that the proxy needs to stop, unless one of its threads is blocked.
pub(crate) fn longest_stop(drain: &DrainSettings) -> Duration {
    drain.delay + drain.timeout + CUT_TIME + DATA_END_TIME + FLUSH_TIME
}

// === impl Proxy ===

impl Proxy {
    /// Starts the proxy and returns once it listens. It does not wait for credentials: a pod must start even if STS
    /// does not respond.
    pub(crate) async fn start(settings: ProxySettings) -> Result<Self, Failure> {
        raise_open_files().map_err(Failure::other)?;
        let metrics = Metrics::new();
        metrics::register_process(&metrics);
        let roots = live::roots(&settings)?;
        let traces = Traces::start(settings.traces.clone(), &roots, &metrics)?;
        let identity = Identity::start_observed(
            settings.identity.clone(),
            Arc::new(SystemClock),
            traces.observer(),
        )
        .map_err(exit::broken)?;
        let live = Arc::new(Live::new(&settings, roots, &identity));
        let prepared = prepare(&settings, &identity, &live, &metrics, traces.tracer())?;
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
        let quit_requested = Arc::clone(&quit);
        tokio::spawn(admin.serve(
            health.clone(),
            metrics.clone(),
            Arc::new(status),
            move || quit_requested.notify_one(),
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
            drain_settings: settings.drain,
            live,
            metrics,
            identity_source: identity.source().clone(),
            traces,
        })
    }

    /// Returns the parts that can be replaced while the proxy runs.
    pub(crate) fn live(&self) -> &Arc<Live> {
        &self.live
    }

    /// Returns the identity source of upstreams without `role=`.
    pub(crate) fn identity_source(&self) -> &ResolvedSource {
        &self.identity_source
    }

    /// Returns the metrics of the process.
    pub(crate) fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    pub(crate) fn listeners(&self) -> &[Listening] {
        &self.listeners
    }

    /// Returns the first address for clients of this kind.
    pub(crate) fn first(&self, kind: StoreKind) -> Option<&ListenAddress> {
        let mut of_kind = self.listeners.iter().filter(|one| one.kind == kind);
        of_kind.next().map(|listening| &listening.address)
    }

    /// Returns all addresses for clients of this kind, in the order of the upstreams.
    pub(crate) fn addresses(&self, kind: StoreKind) -> Vec<ListenAddress> {
        let of_kind = self.listeners.iter().filter(|one| one.kind == kind);
        of_kind.map(|one| one.address.clone()).collect()
    }

    /// Returns the addresses of the health and metrics endpoints.
    pub(crate) fn admin_addresses(&self) -> &[ListenAddress] {
        &self.admin_addresses
    }

    /// Returns the addresses that also serve the status.
    pub(crate) fn status_addresses(&self) -> &[ListenAddress] {
        &self.status_addresses
    }

    /// Waits for a request to `/quitquitquit`.
    pub(crate) async fn quit_requested(&self) {
        self.quit.notified().await;
    }

    /// Stops the proxy. It reports not ready, accepts connections for the drain delay, waits for sessions and requests
    /// to end, and closes the rest. It does not wait any longer once `hurry` completes.
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
            tracing::error!("the data thread did not stop: it is blocked");
        }
        self.traces.flush().await;
        self.admin.start();
    }

    /// Waits for sessions and requests to end, and returns whether they did so in time.
    async fn drained(&self) -> bool {
        tokio::time::sleep(self.drain_settings.delay).await;
        self.drain.start();
        self.ended_within(self.drain_settings.sessions_timeout())
            .await
    }

    /// Closes the remaining sessions, passing on the server's last response, and then the remaining requests.
    async fn close_all(&self) {
        tracing::info!("closing the remaining sessions and requests");
        self.drain.start();
        self.terminate.start();
        if !self
            .ended_within(self.drain_settings.termination_time())
            .await
        {
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
