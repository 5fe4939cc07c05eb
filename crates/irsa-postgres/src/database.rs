//! A database and the state that its sessions share.

use std::sync::Arc;
use std::time::Duration;

use irsa_chain::RoleArn;
use irsa_identity::{Clock, Identity, RdsSigner};
use irsa_net::limit::{ConnectionLimit, UnauthenticatedLimit};
use irsa_net::tls::limit_records;
use irsa_ops::log_limit::LogLimit;
use irsa_ops::status::LastUse;
use irsa_ops::trace::Tracer;
use irsa_pgwire::MAX_TLS_RECORD;
use rustls::{ClientConfig, ServerConfig};

use crate::cancel::{CancelKeys, UnknownKeys};
use crate::client_auth::ClientAuth;
use crate::login::LoginFacts;
use crate::metrics::{DatabaseMetrics, PostgresMetrics};
use crate::recent_refusals::RecentRefusals;
use crate::upstream::{Limits, Upstream};

/// The configuration and state that all sessions of one upstream share.
#[derive(Debug)]
pub struct Database {
    pub(crate) upstream: Upstream,
    pub(crate) limits: Limits,
    pub(crate) identity: Identity,
    pub(crate) role: Option<RoleArn>,
    pub(crate) signer: RdsSigner,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) upstream_tls: Arc<ClientConfig>,
    pub(crate) client_tls: Option<Arc<ServerConfig>>,
    pub(crate) client_auth: ClientAuth,
    pub(crate) cancel_keys: CancelKeys,
    pub(crate) unknown_cancel_keys: UnknownKeys,
    pub(crate) connection_limit: ConnectionLimit,
    pub(crate) unauthenticated_limit: UnauthenticatedLimit,
    pub(crate) metrics: DatabaseMetrics,
    pub(crate) last_use: LastUse,
    pub(crate) log_limit: LogLimit,
    pub(crate) recent_refusals: RecentRefusals,
    /// `None` if traces are off.
    pub(crate) tracer: Option<Tracer>,
}

/// The configuration of a [`Database`].
#[derive(Debug)]
pub struct DatabaseParts {
    /// The address of the database.
    pub upstream: Upstream,
    /// The limits and timeouts of its sessions.
    pub limits: Limits,
    /// The identity that signs tokens.
    pub identity: Identity,
    /// The role of the identity, for messages.
    pub role: Option<RoleArn>,
    /// The clock for signatures and errors.
    pub clock: Arc<dyn Clock>,
    /// The TLS configuration to verify the server.
    pub upstream_tls: Arc<ClientConfig>,
    /// The TLS configuration for clients that request TLS. Its ALPN protocols must include `postgresql`.
    pub client_tls: Option<Arc<ServerConfig>>,
    /// The authentication requirements for clients.
    pub client_auth: ClientAuth,
}

// === impl Database ===

impl Database {
    /// Creates a database without sessions.
    #[must_use]
    pub fn new(parts: DatabaseParts, metrics: &PostgresMetrics) -> Self {
        let metrics = metrics.for_upstream(&parts.upstream.to_string());
        Self {
            signer: RdsSigner::new(parts.identity.clone(), Arc::clone(&parts.clock)),
            connection_limit: ConnectionLimit::new(parts.limits.max_connections),
            unauthenticated_limit: UnauthenticatedLimit::new(parts.limits.max_unauthenticated),
            cancel_keys: CancelKeys::default(),
            unknown_cancel_keys: UnknownKeys::default(),
            upstream: parts.upstream,
            limits: parts.limits,
            identity: parts.identity,
            role: parts.role,
            clock: parts.clock,
            upstream_tls: parts.upstream_tls,
            client_tls: parts
                .client_tls
                .map(|tls| limit_records(tls, MAX_TLS_RECORD)),
            client_auth: parts.client_auth,
            metrics,
            last_use: LastUse::default(),
            log_limit: LogLimit::default(),
            recent_refusals: RecentRefusals::default(),
            tracer: None,
        }
    }

    /// Records a trace of each login.
    #[must_use]
    pub fn with_tracer(self, tracer: Option<Tracer>) -> Self {
        Self { tracer, ..self }
    }

    /// Returns the address of the database.
    pub fn upstream(&self) -> &Upstream {
        &self.upstream
    }

    /// Returns the result of the last login.
    pub fn last_use(&self) -> &LastUse {
        &self.last_use
    }

    /// Returns the facts of a login for an error.
    pub(crate) fn facts<'a>(
        &'a self,
        user: &'a str,
        token_age: Option<Duration>,
    ) -> LoginFacts<'a> {
        let source = self.identity.source();
        LoginFacts {
            user,
            endpoint: self.upstream.to_string(),
            region: self.upstream.region.as_str(),
            source: source.name(),
            role: self.role.as_ref(),
            token_age,
        }
    }
}
