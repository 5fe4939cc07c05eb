//! A domain as requests need it: where it is, who signs, and what is kept of it.

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
use rustls::{ClientConfig, ServerConfig};

use crate::body::{BodyStore, Outgoing};
use crate::client_auth::{ClientAuth, Gate};
use crate::connections::Connections;
use crate::connector::Connector;
use crate::failure::{Facts, Failure};
use crate::guard::Guards;
use crate::host::HostNames;
use crate::metrics::{DomainMetrics, OpenSearchMetrics};
use crate::refusal::Refusal;
use crate::skew::Skew;
use crate::upstream::{Limits, PayloadSigning, Upstream};

/// Everything that the requests to one upstream share.
#[derive(Debug)]
pub struct Domain {
    pub(crate) upstream: Upstream,
    /// What is sent as `Host`, and signed.
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
    payload: PayloadSigning,
    role: Option<RoleArn>,
    pub(crate) log_limit: Arc<LogLimit>,
}

/// What a [`Domain`] is made of.
#[derive(Debug)]
pub struct DomainParts {
    /// Where the domain is.
    pub upstream: Upstream,
    /// The bounds of its requests.
    pub limits: Limits,
    /// What clients may not ask for.
    pub guards: Guards,
    /// Who signs.
    pub identity: Identity,
    /// The role that the identity ends in, for messages.
    pub role: Option<RoleArn>,
    /// The time that signatures are dated by.
    pub clock: Arc<dyn Clock>,
    /// The room for bodies of requests, one for all domains of a process.
    pub bodies: Arc<BodyStore>,
    /// How the domain is verified, and which HTTP is offered to it by ALPN: `http/1.1`, or `h2` before it.
    pub upstream_tls: Arc<ClientConfig>,
    /// TLS for clients that begin with it; ALPN, if any, must offer `http/1.1`.
    pub client_tls: Option<Arc<ServerConfig>>,
    /// What clients must prove.
    pub client_auth: ClientAuth,
    /// What a signature says of the body.
    pub payload: PayloadSigning,
    /// Names that clients may call the listener by (`Host`), without port, besides `localhost`,
    /// addresses of the loopback, the address they connect to, and the upstream's own name.
    pub server_names: Vec<String>,
}

/// The parts make no domain.
#[derive(Debug, thiserror::Error)]
pub enum DomainError {
    /// The name to sign for is no host name.
    #[error("`{0}` is no host name to sign for")]
    SignHost(String),
}

// === impl Domain ===

impl Domain {
    /// A domain with nothing connected yet.
    ///
    /// # Errors
    /// The name to sign for is no host name.
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
                "request bodies of more than {largest} bytes are refused, since neither \
                 `--body-memory` nor `--spill-limit` can hold one of `--max-body` ({max_body} bytes)"
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
            payload: parts.payload,
            role: parts.role,
            log_limit: Arc::default(),
        })
    }

    /// Where the domain is.
    pub fn upstream(&self) -> &Upstream {
        &self.upstream
    }

    /// What the last request showed.
    pub fn last_use(&self) -> &LastUse {
        &self.last_use
    }

    pub(crate) fn signs_payloads(&self) -> bool {
        self.payload == PayloadSigning::Hashed
    }

    /// What a failure says about its surroundings.
    pub(crate) fn facts(&self) -> Facts<'_> {
        Facts {
            host: &self.upstream.sign_host,
            region: self.upstream.scope.region.as_str(),
            source: self.identity.source().name(),
            role: self.role.as_ref().map(ToString::to_string),
        }
    }

    /// Counts and logs that a request was turned down here.
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
                "request turned down: {failure}"
            );
        }
    }

    /// Counts and logs requests that wait in vain: see [`Limits::stall_notice`].
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
                "no byte of an answer came within {limit:?} on a connection that was used before, while \
                 the domain answers other requests; `--response-timeout` ends such requests"
            );
        }
    }

    /// Counts and logs what an answer of the domain says about the chain.
    pub(crate) fn note_refusal(&self, status: StatusCode, begun: &[u8]) {
        let Some(refusal) = Refusal::classify(status, begun) else {
            return;
        };
        self.metrics.refused(Some(refusal.link), refusal.cause);
        let said = format!("the domain answered {status}");
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
                "the domain refused a request"
            );
        }
    }
}

/// A pool of connections to one domain.
fn client(connector: Connector, limits: &Limits) -> Client<Connector, Outgoing> {
    Client::builder(TokioExecutor::new())
        .timer(TokioTimer::new())
        .pool_timer(TokioTimer::new())
        .pool_idle_timeout(limits.idle_timeout)
        .pool_max_idle_per_host(MAX_IDLE)
        // A replayed request would carry its first signature: it is sent again from here.
        .retry_canceled_requests(false)
        .http1_max_headers(MAX_HEADER_LINES)
        .http1_max_buf_size(READ_BUFFER)
        .http2_initial_stream_window_size(STREAM_WINDOW)
        .http2_initial_connection_window_size(CONNECTION_WINDOW)
        .http2_max_header_list_size(MAX_HEADER)
        .http2_max_send_buf_size(SEND_BUFFER)
        .build(connector)
}

/// Connections that are kept: more than a pod has requests at once.
const MAX_IDLE: usize = 128;
/// The lines of an answer's header: OpenSearch sends a `Warning` for each deprecated field or
/// setting that a request uses.
const MAX_HEADER_LINES: usize = 1_000;
/// The header of an answer over HTTP/2, in bytes.
const MAX_HEADER: u32 = 128 * 1024;
/// The header of an answer over HTTP/1.1, in bytes, and how much of an answer irsa reads before its client
/// takes it.
const READ_BUFFER: usize = 128 * 1024;
/// How much of an answer irsa reads over HTTP/2 before its client takes it, in bytes.
const STREAM_WINDOW: u32 = 64 * 1024;
/// The same for all answers on one connection: enough for a thousand clients that read nothing, so
/// that they don't hold up the others.
const CONNECTION_WINDOW: u32 = 64 * 1024 * 1024;
/// How much of a request is held for a connection that can't take it yet, in bytes.
const SEND_BUFFER: usize = 256 * 1024;
