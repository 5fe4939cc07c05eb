//! Creates upstreams from the settings, ready to accept clients.

use std::sync::Arc;

use irsa_chain::RoleArn;
use irsa_identity::{Identity, IdentityError, RoleStep, SystemClock};
use irsa_net::drain::DrainWatch;
use irsa_net::listen::{ListenAddress, ListenOptions, Listener};
use irsa_net::tls::{LocalAuthority, TlsError};
use irsa_opensearch::{BodyStore, Domain, DomainParts, OpenSearchMetrics};
use irsa_ops::metrics::Metrics;
use irsa_ops::status::LastUse;
use irsa_ops::trace::Tracer;
use irsa_postgres::{Database, DatabaseParts, PostgresMetrics};
use rustls::{ClientConfig, ServerConfig};

use super::live::Live;
use crate::exit::{self, Failure};
use crate::settings::{ClientSettings, Protocol, ProxySettings, shown};
use crate::upstream::{OpenSearchStore, Store, UpstreamSpec};

/// The names in a generated certificate.
const LOCAL_NAMES: &[&str] = &["localhost", "127.0.0.1", "::1"];

/// An upstream that is ready to accept clients.
pub(super) struct Prepared {
    pub(super) name: String,
    pub(super) kind: StoreKind,
    /// The addresses to bind.
    pub(super) listen: Vec<ListenAddress>,
    pub(super) listen_options: ListenOptions,
    /// The identity, if this upstream does not use that of the process.
    pub(super) own_identity: Option<Identity>,
    handler: Handler,
}

/// The kind of data store behind a listener.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StoreKind {
    Postgres,
    OpenSearch,
}

#[derive(Clone)]
enum Handler {
    Postgres(Arc<Database>),
    OpenSearch(Arc<Domain>),
}

/// The parts that all upstreams share.
struct Common<'a> {
    settings: &'a ProxySettings,
    identity: &'a Identity,
    client_tls: Arc<ServerConfig>,
    postgres: PostgresMetrics,
    postgres_tls: Arc<ClientConfig>,
    opensearch: OpenSearchMetrics,
    http1_tls: Arc<ClientConfig>,
    http2_tls: Arc<ClientConfig>,
    bodies: Arc<BodyStore>,
    tracer: Option<Tracer>,
}

/// Prepares all upstreams, in the order of the settings.
pub(super) fn prepare(
    settings: &ProxySettings,
    identity: &Identity,
    live: &Live,
    metrics: &Metrics,
    tracer: Option<Tracer>,
) -> Result<Vec<Prepared>, Failure> {
    let upstream_tls = |alpn: &[&[u8]]| live.roots.config(alpn);
    let common = Common {
        settings,
        identity,
        client_tls: client_tls(&settings.clients, live)?,
        postgres: metrics.register(PostgresMetrics::register),
        postgres_tls: upstream_tls(&[b"postgresql"]).map_err(tls_failure)?,
        opensearch: metrics.register(OpenSearchMetrics::register),
        http1_tls: upstream_tls(&[b"http/1.1"]).map_err(tls_failure)?,
        http2_tls: upstream_tls(&[b"h2", b"http/1.1"]).map_err(tls_failure)?,
        bodies: Arc::new(BodyStore::new(settings.bodies.clone())),
        tracer,
    };
    settings
        .upstreams
        .iter()
        .map(|spec| common.prepare(spec))
        .collect()
}

// === impl Prepared ===

impl Prepared {
    /// Returns the outcome of the last login or request.
    pub(super) fn last_use(&self) -> &LastUse {
        match &self.handler {
            Handler::Postgres(database) => database.last_use(),
            Handler::OpenSearch(domain) => domain.last_use(),
        }
    }

    /// Serves the clients of a listener. Database sessions are closed when `terminate` is signaled, requests when `cut`
    /// is.
    pub(super) fn serve(
        &self,
        listener: Listener,
        drain: DrainWatch,
        terminate: DrainWatch,
        cut: DrainWatch,
    ) -> impl Future<Output = ()> + Send + use<> {
        let handler = self.handler.clone();
        async move {
            match handler {
                Handler::Postgres(database) => {
                    irsa_postgres::serve(database, listener, drain, terminate).await;
                }
                Handler::OpenSearch(domain) => {
                    irsa_opensearch::serve(domain, listener, drain, cut).await;
                }
            }
        }
    }
}

// === impl Common ===

impl Common<'_> {
    fn prepare(&self, spec: &UpstreamSpec) -> Result<Prepared, Failure> {
        let (identity, role) = self.identity_for(spec).map_err(exit::broken)?;
        let own_identity = spec.role.as_ref().map(|_| identity.clone());
        let (kind, handler) = match &spec.store {
            Store::Postgres(upstream) => {
                let database = self.database(upstream, identity, role);
                (StoreKind::Postgres, Handler::Postgres(Arc::new(database)))
            }
            Store::OpenSearch(store) => {
                let domain = self.domain(store, identity, role)?;
                (StoreKind::OpenSearch, Handler::OpenSearch(Arc::new(domain)))
            }
        };
        Ok(Prepared {
            name: spec.store.name(),
            kind,
            listen: spec.addresses().collect(),
            listen_options: self.listen_options(spec),
            own_identity,
            handler,
        })
    }

    /// Returns the options of the listeners. Any user may open the socket if the user ID of every client is checked.
    fn listen_options(&self, spec: &UpstreamSpec) -> ListenOptions {
        let defaults = ListenOptions::default();
        let mode = match self.settings.clients.uid {
            Some(_) => 0o666,
            None => defaults.unix_mode,
        };
        ListenOptions {
            unix_mode: spec.socket_mode.unwrap_or(mode),
            ..defaults
        }
    }

    fn database(
        &self,
        upstream: &irsa_postgres::Upstream,
        identity: Identity,
        role: Option<RoleArn>,
    ) -> Database {
        let clients = &self.settings.clients;
        let parts = DatabaseParts {
            upstream: upstream.clone(),
            limits: self.settings.postgres.clone(),
            identity,
            role,
            clock: Arc::new(SystemClock),
            upstream_tls: Arc::clone(&self.postgres_tls),
            client_tls: Some(Protocol::Postgres.over(&self.client_tls)),
            client_auth: clients.postgres_auth(),
        };
        Database::new(parts, &self.postgres).with_tracer(self.tracer.clone())
    }

    fn domain(
        &self,
        store: &OpenSearchStore,
        identity: Identity,
        role: Option<RoleArn>,
    ) -> Result<Domain, Failure> {
        let clients = &self.settings.clients;
        let upstream_tls = if store.http2 {
            &self.http2_tls
        } else {
            &self.http1_tls
        };
        let parts = DomainParts {
            upstream: store.upstream.clone(),
            limits: self.settings.opensearch.clone(),
            guards: store.guards.clone(),
            payload: store.payload,
            server_names: store.server_names.clone(),
            identity,
            role,
            clock: Arc::new(SystemClock),
            bodies: Arc::clone(&self.bodies),
            upstream_tls: Arc::clone(upstream_tls),
            client_tls: Some(Protocol::Http.over(&self.client_tls)),
            client_auth: clients.http_auth(),
        };
        let domain = Domain::new(parts, &self.opensearch).map_err(Failure::other)?;
        Ok(domain.with_tracer(self.tracer.clone()))
    }

    /// Returns the identity of an upstream, and the last role that it assumes.
    fn identity_for(
        &self,
        spec: &UpstreamSpec,
    ) -> Result<(Identity, Option<RoleArn>), IdentityError> {
        let identity = self.identity;
        if let Some(step) = &spec.role {
            return Ok((identity.chained(step.clone())?, Some(step.role.clone())));
        }
        let chain: &[RoleStep] = &self.settings.identity.role_chain;
        let last = chain.last().map(|step| &step.role);
        let role = last.or_else(|| identity.source().role_arn()).cloned();
        Ok((identity.clone(), role))
    }
}

/// Returns the TLS configuration of the listeners, with the given certificate or one generated for localhost.
fn client_tls(clients: &ClientSettings, live: &Live) -> Result<Arc<ServerConfig>, Failure> {
    if let Some(server) = &live.server {
        return server.config(&[]).map_err(tls_failure);
    }
    let authority = LocalAuthority::generate().map_err(tls_failure)?;
    if let Some(path) = &clients.tls_ca_out {
        authority.write_ca(path).map_err(tls_failure)?;
        tracing::info!(
            file = shown(path),
            "wrote the CA certificate of the listeners"
        );
    }
    authority
        .server_config(LOCAL_NAMES, &[])
        .map_err(tls_failure)
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "it is mapped over owned errors"
)]
pub(crate) fn tls_failure(error: TlsError) -> Failure {
    Failure::Other {
        message: error.to_string(),
        remedy: Some(error.remedy().to_owned()),
    }
}
