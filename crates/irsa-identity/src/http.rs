//! The HTTP connections of exchanges, with an explicit TLS provider (ring), CAs and proxy.
//!
//! There are two connectors: one for AWS endpoints, through a proxy if configured, and one for agents on the node and
//! for loopback, which never uses a proxy.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use aws_smithy_async::rt::sleep::TokioSleep;
use aws_smithy_http_client::Connector;
use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::tls::{Provider, TlsContext, rustls_provider::CryptoMode};
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use irsa_chain::Link;
use tracing::instrument::WithSubscriber;
use tracing::subscriber::NoSubscriber;

use crate::error::chain_of;
use crate::{IdentityError, IdentitySettings, Timeouts};

mod bounded;
mod proxy;
mod roots;
mod url;

pub(crate) use url::HttpUrl;

/// The maximum size of a body: credentials have about 2 kB.
pub(crate) const MAX_BODY: usize = 64 * 1024;

/// An idle connection is kept for the requests of one exchange. The next exchange is minutes away.
const IDLE: Duration = Duration::from_secs(5);

/// The connectors of an identity. Clones share them.
#[derive(Debug, Clone)]
pub(crate) struct Http {
    connectors: Arc<RwLock<Connectors>>,
    /// The time limit of a request of the SDK, including its response.
    limit: Duration,
}

#[derive(Debug)]
struct Connectors {
    aws: SharedHttpConnector,
    local: SharedHttpConnector,
}

/// A response.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// The `Date` header, unparsed.
    pub(crate) date: Option<String>,
    pub(crate) body: Vec<u8>,
}

impl Http {
    /// Reads the CA files and the URL of the proxy.
    ///
    /// # Errors
    /// A CA file or the URL of the proxy is invalid.
    pub(crate) fn new(settings: &IdentitySettings) -> Result<Self, IdentityError> {
        Ok(Self {
            connectors: Arc::new(RwLock::new(Connectors::new(settings)?)),
            limit: settings.timeouts.exchange,
        })
    }

    /// Reads the CA files again, for new connections.
    ///
    /// # Errors
    /// See [`Http::new`]. The connectors do not change.
    pub(crate) fn read_roots_again(
        &self,
        settings: &IdentitySettings,
    ) -> Result<(), IdentityError> {
        let fresh = Connectors::new(settings)?;
        *self
            .connectors
            .write()
            .unwrap_or_else(PoisonError::into_inner) = fresh;
        Ok(())
    }

    /// Returns the client for the AWS SDKs. The size and time of its responses are limited.
    pub(crate) fn aws(&self) -> SharedHttpClient {
        bounded::client(&self.connector(false), self.limit)
    }

    /// Returns the same without a proxy.
    pub(crate) fn local(&self) -> SharedHttpClient {
        bounded::client(&self.connector(true), self.limit)
    }

    /// Sends `request` to an agent on this node, within `limit`.
    ///
    /// # Errors
    /// A message about the failure.
    pub(crate) async fn ask_local(
        &self,
        request: HttpRequest,
        limit: Duration,
    ) -> Result<Answer, String> {
        self.ask(request, true, limit, MAX_BODY).await
    }

    /// Sends `request`, without a proxy if it is for this machine, and reads up to `most` bytes within `limit`. Log
    /// records of the HTTP client are suppressed, because they may contain headers and bodies.
    ///
    /// # Errors
    /// A message about the failure.
    pub(crate) async fn ask(
        &self,
        request: HttpRequest,
        is_local: bool,
        limit: Duration,
        most: usize,
    ) -> Result<Answer, String> {
        let connector = self.connector(is_local);
        let answer = exchange(&connector, request, most).with_subscriber(NoSubscriber::new());
        let answer = tokio::time::timeout(limit, answer).await;
        answer.unwrap_or_else(|_| Err(format!("no response within {limit:?}")))
    }

    fn connector(&self, is_local: bool) -> SharedHttpConnector {
        let connectors = self
            .connectors
            .read()
            .unwrap_or_else(PoisonError::into_inner);
        let connector = if is_local {
            &connectors.local
        } else {
            &connectors.aws
        };
        connector.clone()
    }
}

// === impl Connectors ===

impl Connectors {
    fn new(settings: &IdentitySettings) -> Result<Self, IdentityError> {
        let roots = roots::trust_store(settings.ca_file.as_deref(), &settings.environment)?;
        let tls = TlsContext::builder().with_trust_store(roots).build();
        let tls = tls.map_err(|error| IdentityError::at(Link::StsSession, chain_of(&error)))?;
        let proxy = proxy::from_environment(&settings.environment)?;
        Ok(Self {
            aws: connector(&settings.timeouts, &tls, proxy),
            local: connector(&settings.timeouts, &tls, ProxyConfig::disabled()),
        })
    }
}

async fn exchange(
    connector: &SharedHttpConnector,
    request: HttpRequest,
    most: usize,
) -> Result<Answer, String> {
    let response = connector.call(request).await;
    let response = response.map_err(|error| chain_of(&error))?;
    let status = response.status().as_u16();
    let date = response.headers().get("date").map(str::to_owned);
    let body = bounded::collect(response.into_body(), most).await?;
    Ok(Answer { status, date, body })
}

fn connector(timeouts: &Timeouts, tls: &TlsContext, proxy: ProxyConfig) -> SharedHttpConnector {
    let settings = HttpConnectorSettings::builder()
        .connect_timeout(timeouts.connect)
        .read_timeout(timeouts.exchange)
        .build();
    let connector = Connector::builder()
        .connector_settings(settings)
        .sleep_impl(TokioSleep::new())
        .pool_idle_timeout(IDLE)
        .proxy_config(proxy)
        .tls_provider(Provider::Rustls(CryptoMode::Ring))
        .tls_context(tls.clone());
    SharedHttpConnector::new(connector.build())
}
