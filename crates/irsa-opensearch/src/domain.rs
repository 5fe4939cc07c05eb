//! A domain, with everything that its requests share.

use std::sync::Arc;

use http::StatusCode;
use http::uri::Authority;
use hyper_util::client::legacy::Client;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use irsa_chain::{Cause, Link, RoleArn};
use irsa_identity::{Clock, Identity};
use irsa_net::limit::UnauthenticatedLimit;
use irsa_ops::http::Connections as ClientConnections;
use irsa_ops::log_limit::LogLimit;
use irsa_ops::status::LastUse;
use irsa_ops::trace::Tracer;
use rustls::{ClientConfig, ServerConfig};

use crate::body::{BodyStore, Outgoing};
use crate::client_auth::{ClientAuth, Gate};
use crate::connections::Connections;
use crate::connector::Connector;
use crate::failure::{Failure, FailureFacts};
use crate::guard::Guards;
use crate::host::HostNames;
use crate::metrics::{DomainMetrics, OpenSearchMetrics};
use crate::refusal::RequestRefusal;
use crate::skew::Skew;
use crate::upstream::{Limits, PayloadSigning, Upstream};

/// The shared state of all requests to one upstream.
#[derive(Debug)]
pub struct Domain {
    pub(crate) upstream: Upstream,
    /// The value of the `Host` header, which is signed.
    pub(crate) authority: Authority,
    pub(crate) limits: Limits,
    pub(crate) guards: Guards,
    pub(crate) identity: Identity,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) bodies: Arc<BodyStore>,
    pub(crate) client: Client<Connector, Outgoing>,
    pub(crate) connections: Arc<Connections>,
    pub(crate) client_tls: Option<Arc<ServerConfig>>,
    pub(crate) gate: Gate,
    pub(crate) hosts: HostNames,
    pub(crate) skew: Skew,
    pub(crate) client_connections: ClientConnections,
    pub(crate) metrics: Arc<DomainMetrics>,
    pub(crate) last_use: LastUse,
    /// `None` if traces are off.
    pub(crate) tracer: Option<Tracer>,
    payload: PayloadSigning,
    role: Option<RoleArn>,
    pub(crate) log_limit: Arc<LogLimit>,
}

/// The parts of a [`Domain`].
#[derive(Debug)]
pub struct DomainParts {
    /// The domain's address, and the name to sign for.
    pub upstream: Upstream,
    /// The limits of requests.
    pub limits: Limits,
    /// Requests that are blocked.
    pub guards: Guards,
    /// The identity that signs requests.
    pub identity: Identity,
    /// The last role of the identity, for messages.
    pub role: Option<RoleArn>,
    /// The clock that signatures use.
    pub clock: Arc<dyn Clock>,
    /// The store for request bodies, shared by all domains of a process.
    pub bodies: Arc<BodyStore>,
    /// The TLS configuration for connections to the domain. Its ALPN protocols are `http/1.1`, or `h2` and `http/1.1`.
    pub upstream_tls: Arc<ClientConfig>,
    /// The TLS configuration for clients that start with a TLS handshake. Its ALPN protocols, if any, must include
    /// `http/1.1`.
    pub client_tls: Option<Arc<ServerConfig>>,
    /// The requirements for clients.
    pub client_auth: ClientAuth,
    /// The treatment of the body in signatures.
    pub payload: PayloadSigning,
    /// Names under which clients reach the listener (`Host`), without port. `localhost`, loopback addresses, the
    /// address of the connection, and the upstream's own name are always accepted.
    pub server_names: Vec<String>,
}

/// Error for invalid parts of a domain.
#[derive(Debug, thiserror::Error)]
pub enum DomainError {
    /// The name to sign for is not a valid host name.
    #[error("`{0}` is not a valid host name to sign for")]
    SignHost(String),
}

// === impl Domain ===

impl Domain {
    /// Creates a domain without any connection.
    ///
    /// # Errors
    /// The name to sign for is not a valid host name.
    pub fn new(parts: DomainParts, metrics: &OpenSearchMetrics) -> Result<Self, DomainError> {
        let upstream = parts.upstream;
        let metrics = Arc::new(metrics.for_upstream(&upstream.to_string()));
        let sign_host = || DomainError::SignHost(upstream.sign_host.clone());
        let authority = upstream.host_header().parse().map_err(|_| sign_host())?;
        let connections = Arc::new(Connections::new());
        let connector = Connector::new(
            upstream.clone(),
            parts.upstream_tls,
            parts.limits.connect_timeout,
            metrics.connections.clone(),
            Arc::clone(&connections),
        );
        let (max_body, largest) = (parts.limits.max_body, parts.bodies.largest());
        if parts.payload == PayloadSigning::Hashed && max_body > largest {
            tracing::warn!(
                upstream = %upstream,
                "request bodies of more than {largest} bytes are rejected, because neither \
                 `--body-memory` nor `--spill-limit` has space for `--max-body` ({max_body} bytes)"
            );
        }
        let names = parts.server_names.into_iter();
        Ok(Self {
            hosts: HostNames::new(names.chain([upstream.sign_host.clone()])),
            gate: Gate::new(parts.client_auth),
            client: client(connector, &parts.limits),
            connections,
            client_connections: ClientConnections::with_authentication(
                parts.limits.max_connections,
                UnauthenticatedLimit::default(),
                metrics.connections_refused.clone(),
            ),
            upstream,
            authority,
            limits: parts.limits,
            guards: parts.guards,
            identity: parts.identity,
            clock: parts.clock,
            bodies: parts.bodies,
            client_tls: parts.client_tls,
            skew: Skew::default(),
            metrics,
            last_use: LastUse::default(),
            tracer: None,
            payload: parts.payload,
            role: parts.role,
            log_limit: Arc::default(),
        })
    }

    /// Records a trace of each request.
    #[must_use]
    pub fn with_tracer(self, tracer: Option<Tracer>) -> Self {
        Self { tracer, ..self }
    }

    /// Returns the domain's address, and the name to sign for.
    pub fn upstream(&self) -> &Upstream {
        &self.upstream
    }

    /// Returns the outcome of the last request.
    pub fn last_use(&self) -> &LastUse {
        &self.last_use
    }

    pub(crate) fn signs_payloads(&self) -> bool {
        self.payload == PayloadSigning::Hashed
    }

    /// Returns the facts that a failure response contains.
    pub(crate) fn facts(&self) -> FailureFacts<'_> {
        FailureFacts {
            host: &self.upstream.sign_host,
            region: self.upstream.scope.region.as_str(),
            source: self.identity.source().name(),
            role: self.role.as_ref().map(ToString::to_string),
        }
    }

    /// Counts and logs a request that irsa rejects.
    pub(crate) fn note_failure(&self, failure: &Failure) {
        let (link, cause) = (failure.link(), failure.cause());
        if link.is_some() {
            self.metrics.refused(link, cause);
        }
        if let (Failure::Upstream(error) | Failure::Unreadable(error), Some(link)) = (failure, link)
        {
            let said = error.to_string();
            self.last_use.failed(link, cause, &said, self.clock.now());
        }
        self.metrics.rejected(failure.name());
        let name = cause.map_or(failure.name(), Cause::id);
        if let Some(before) = self.log_limit.may_log(name) {
            tracing::warn!(
                upstream = %self.upstream,
                link = link.map(Link::id),
                cause = cause.map(Cause::id),
                detail = %self.facts(),
                unlogged = before,
                "request rejected: {failure}"
            );
        }
    }

    /// Counts and logs stalled requests, see [`Limits::stall_notice`].
    pub(crate) fn note_stalls(&self) {
        let limit = self.limits.stall_notice;
        let stalled = self.connections.newly_stalled(limit);
        if stalled == 0 {
            return;
        }
        self.metrics.stalled.inc_by(stalled as u64);
        if let Some(before) = self.log_limit.may_log("stalled") {
            tracing::warn!(
                upstream = %self.upstream,
                requests = stalled,
                unlogged = before,
                "no response for {limit:?} on a reused connection, while \
                 the domain responds to other requests; set `--response-timeout` to end such requests"
            );
        }
    }

    /// Counts and logs the link and cause that a response of the domain implies.
    pub(crate) fn note_refusal(&self, status: StatusCode, begun: &[u8]) {
        let Some(refusal) = RequestRefusal::classify(status, begun) else {
            return;
        };
        self.metrics.refused(Some(refusal.link), refusal.cause);
        let said = format!("the domain returned {status}");
        let (link, cause) = (refusal.link, refusal.cause);
        self.last_use.failed(link, cause, &said, self.clock.now());
        let name = refusal.cause.map_or(refusal.link.id(), Cause::id);
        if let Some(before) = self.log_limit.may_log(name) {
            tracing::warn!(
                upstream = %self.upstream,
                status = status.as_u16(),
                link = refusal.link.id(),
                cause = refusal.cause.map(Cause::id),
                remedy = refusal.cause.map(Cause::remedy),
                detail = %self.facts(),
                unlogged = before,
                "the domain rejected a request"
            );
        }
    }
}

/// Creates the connection pool of a domain.
fn client(connector: Connector, limits: &Limits) -> Client<Connector, Outgoing> {
    Client::builder(TokioExecutor::new())
        .timer(TokioTimer::new())
        .pool_timer(TokioTimer::new())
        .pool_idle_timeout(limits.idle_timeout)
        .pool_max_idle_per_host(MAX_IDLE)
        // A request replayed by the pool would carry its first signature. `exchange` sends it again instead.
        .retry_canceled_requests(false)
        .http1_max_headers(MAX_HEADER_LINES)
        .http1_max_buf_size(READ_BUFFER)
        .http2_initial_stream_window_size(STREAM_WINDOW)
        .http2_initial_connection_window_size(CONNECTION_WINDOW)
        .http2_max_header_list_size(MAX_HEADER)
        .http2_max_send_buf_size(SEND_BUFFER)
        .build(connector)
}

/// The maximum number of idle connections, which is larger than the number of concurrent requests of a pod.
const MAX_IDLE: usize = 128;
/// The maximum number of response headers. OpenSearch sends a `Warning` for each deprecated field or setting that a
/// request uses.
const MAX_HEADER_LINES: usize = 1_000;
/// The maximum size of the response headers over HTTP/2, in bytes.
const MAX_HEADER: u32 = 128 * 1024;
/// The maximum size of the response headers over HTTP/1.1, in bytes. It also limits the data of a response that irsa
/// reads before the client does.
const READ_BUFFER: usize = 128 * 1024;
/// The maximum amount of data of a response that irsa reads over HTTP/2 before the client does, in bytes.
const STREAM_WINDOW: u32 = 64 * 1024;
/// The same for all responses on one connection: enough for a thousand clients that read nothing, so that they do not
/// block others.
const CONNECTION_WINDOW: u32 = 64 * 1024 * 1024;
/// The maximum amount of data of a request that is buffered for a connection that cannot be written to, in bytes.
const SEND_BUFFER: usize = 256 * 1024;
