//! A proxy put together from its settings: identities on the control thread, listeners and
//! sessions on the data thread.

mod data;
mod metrics;
mod status;

use std::sync::Arc;
use std::time::Duration;

use irsa_chain::RoleArn;
use irsa_identity::{Identity, IdentityError, RoleStep, SystemClock};
use irsa_net::drain::{Drain, drain};
use irsa_net::limit::raise_open_files;
use irsa_net::listen::ListenAddress;
use irsa_net::tls::{self, LocalAuthority, TlsError};
use irsa_ops::admin::AdminServer;
use irsa_ops::health::Health;
use irsa_ops::metrics::Metrics;
use irsa_postgres::{Database, DatabaseParts, PostgresMetrics};
use rustls::ServerConfig;
use tokio::sync::Notify;

use self::data::DataPlane;
use self::status::ProxyStatus;
use crate::exit::Failure;
use crate::settings::{ALPN, AdminSettings, ClientSettings, DrainSettings, ProxySettings, shown};
use crate::upstream::UpstreamSpec;

/// The names that a generated certificate holds.
const LOCAL_NAMES: &[&str] = &["localhost", "127.0.0.1", "::1"];
/// How long cut sessions may take to say goodbye.
const CUT_TIME: Duration = Duration::from_secs(3);

/// A proxy that listens.
pub(crate) struct Proxy {
    listeners: Vec<Listening>,
    admin_addresses: Vec<ListenAddress>,
    status_addresses: Vec<ListenAddress>,
    data: DataPlane,
    drain: Drain,
    cut: Drain,
    admin: Drain,
    quit: Arc<Notify>,
    patience: DrainSettings,
}

/// An upstream and a local address of it.
#[derive(Debug, Clone)]
pub(crate) struct Listening {
    pub(crate) upstream: String,
    pub(crate) address: ListenAddress,
}

/// An upstream that is ready to be listened for.
struct Prepared {
    database: Arc<Database>,
    listen: Vec<ListenAddress>,
}

// === impl Proxy ===

impl Proxy {
    /// Starts everything; it listens when this returns. Credentials may still be on their way: an
    /// STS that does not answer must not keep a pod from starting.
    pub(crate) async fn start(settings: ProxySettings) -> Result<Self, Failure> {
        raise_open_files().map_err(Failure::other)?;
        let identity = Identity::start(settings.identity.clone(), Arc::new(SystemClock))?;
        let metrics = Metrics::new();
        let prepared = prepare(&settings, &identity, &metrics)?;
        let admin = bind_admin(&settings.admin).await?;
        metrics::watch_identity(&metrics, &identity);
        let status = ProxyStatus::new(identity.clone(), &settings.upstreams);

        let (drain, draining) = drain();
        let (cut, cutting) = irsa_net::drain::drain();
        let (data, listeners) = DataPlane::start(prepared, draining, cutting).await?;
        let health = Health::new();
        health.set_started();
        health.set_ready(true, "listening");

        let (admin_drain, admin_watch) = irsa_net::drain::drain();
        let quit = Arc::new(Notify::new());
        let (admin_addresses, status_addresses) =
            (admin.public_addresses(), admin.private_addresses());
        let asked_to_quit = Arc::clone(&quit);
        tokio::spawn(admin.serve(
            health,
            metrics,
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
            cut,
            admin: admin_drain,
            quit,
            patience: settings.drain,
        })
    }

    pub(crate) fn listeners(&self) -> &[Listening] {
        &self.listeners
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

    /// Goes on accepting for the drain delay, lets sessions end, cuts those that don't.
    pub(crate) async fn stop(self) {
        tokio::time::sleep(self.patience.delay).await;
        self.drain.start();
        let ended = tokio::time::timeout(self.patience.timeout, self.drain.finished()).await;
        if ended.is_err() {
            tracing::info!("sessions that did not end in time are cut");
            self.cut.start();
            let _ = tokio::time::timeout(CUT_TIME, self.drain.finished()).await;
        }
        self.data.end().await;
        self.admin.start();
    }
}

async fn bind_admin(settings: &AdminSettings) -> Result<AdminServer, Failure> {
    let bound = AdminServer::bind(settings.public.clone(), settings.private.clone()).await;
    bound.map_err(|error| Failure::Other {
        message: error.to_string(),
        remedy: Some(error.remedy()),
    })
}

fn prepare(
    settings: &ProxySettings,
    identity: &Identity,
    metrics: &Metrics,
) -> Result<Vec<Prepared>, Failure> {
    let postgres = metrics.register(PostgresMetrics::register);
    let upstream_tls = tls::client_config(&settings.roots, ALPN).map_err(tls_failure)?;
    let client_tls = client_tls(&settings.clients)?;
    let mut prepared = Vec::new();
    for spec in &settings.upstreams {
        let (identity, role) = identity_for(spec, identity, &settings.identity.role_chain)?;
        let parts = DatabaseParts {
            upstream: spec.upstream.clone(),
            limits: settings.limits.clone(),
            identity,
            role,
            clock: Arc::new(SystemClock),
            upstream_tls: Arc::clone(&upstream_tls),
            client_tls: Some(Arc::clone(&client_tls)),
            client_auth: settings.clients.auth().map_err(Failure::other)?,
        };
        prepared.push(Prepared {
            database: Arc::new(Database::new(parts, &postgres)),
            listen: spec.listen.clone(),
        });
    }
    Ok(prepared)
}

/// The identity of one upstream, and the role that it ends in.
fn identity_for(
    spec: &UpstreamSpec,
    identity: &Identity,
    chain: &[RoleStep],
) -> Result<(Identity, Option<RoleArn>), IdentityError> {
    if let Some(step) = &spec.role {
        return Ok((identity.chained(step.clone())?, Some(step.role.clone())));
    }
    let last = chain.last().map(|step| &step.role);
    let role = last.or_else(|| identity.source().role_arn()).cloned();
    Ok((identity.clone(), role))
}

/// TLS for clients: the given certificate, or one made up for localhost.
fn client_tls(clients: &ClientSettings) -> Result<Arc<ServerConfig>, Failure> {
    if let Some(config) = &clients.tls {
        return Ok(Arc::clone(config));
    }
    let authority = LocalAuthority::generate().map_err(tls_failure)?;
    if let Some(path) = &clients.tls_ca_out {
        authority.write_ca(path).map_err(tls_failure)?;
        tracing::info!(
            file = shown(path),
            "wrote the listeners' certificate authority"
        );
    }
    authority
        .server_config(LOCAL_NAMES, ALPN)
        .map_err(tls_failure)
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "it is mapped over owned errors"
)]
fn tls_failure(error: TlsError) -> Failure {
    Failure::Other {
        message: error.to_string(),
        remedy: Some(error.remedy().to_owned()),
    }
}
