//! The HTTP connections of the exchanges: one TLS provider (ring), roots and proxy made explicit.
//!
//! There are two connectors: one goes to AWS's endpoints, through a proxy where one is set; the
//! other goes to this node's own agents and to loopback, and never through a proxy.

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

/// The most of a body that is read: credentials take about 2 kB.
pub(crate) const MAX_BODY: usize = 64 * 1024;

/// An idle connection is kept for an exchange of several requests; the next one is minutes away.
const IDLE: Duration = Duration::from_secs(5);

/// The connectors of an identity. Clones share them.
#[derive(Debug, Clone)]
pub(crate) struct Http {
    connectors: Arc<RwLock<Connectors>>,
    /// The time limit of an SDK's request, its answer included.
    limit: Duration,
}

#[derive(Debug)]
struct Connectors {
    aws: SharedHttpConnector,
    local: SharedHttpConnector,
}

/// A response as it came.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// The `Date` header as it came.
    pub(crate) date: Option<String>,
    pub(crate) body: Vec<u8>,
}

impl Http {
    /// Reads the roots and the proxy's URL.
    ///
    /// # Errors
    /// When a file of certificates or the proxy's URL is wrong.
    pub(crate) fn new(settings: &IdentitySettings) -> Result<Self, IdentityError> {
        Ok(Self {
            connectors: Arc::new(RwLock::new(Connectors::new(settings)?)),
            limit: settings.timeouts.exchange,
        })
    }

    /// Reads the roots again, for connections from now on.
    ///
    /// # Errors
    /// As [`Http::new`]; the connectors stay as they are.
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

    /// The client that AWS's SDKs are given. Its bodies are bounded in size and time.
    pub(crate) fn aws(&self) -> SharedHttpClient {
        bounded::client(&self.connector(false), self.limit)
    }

    /// The same without a proxy.
    pub(crate) fn local(&self) -> SharedHttpClient {
        bounded::client(&self.connector(true), self.limit)
    }

    /// Sends `request` to an agent of this node, within `limit`.
    ///
    /// # Errors
    /// What failed on the way, as text.
    pub(crate) async fn ask_local(
        &self,
        request: HttpRequest,
        limit: Duration,
    ) -> Result<Answer, String> {
        self.ask(request, true, limit, MAX_BODY).await
    }

    /// Sends `request`, to this machine without a proxy, and reads `most` bytes within `limit`. The HTTP client's own log
    /// lines are not let out: nothing promises that they leave out headers and bodies.
    ///
    /// # Errors
    /// What failed on the way, as text.
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
        answer.unwrap_or_else(|_| Err(format!("no answer within {limit:?}")))
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
