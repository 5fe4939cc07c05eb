//! The HTTP connections of the exchanges: one TLS provider (ring), roots and proxy made explicit.
//!
//! There are two connectors: one goes to AWS's endpoints, through a proxy where one is set; the
//! other goes to this node's own agents and to loopback, and never through a proxy.

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

/// The connectors of an identity.
#[derive(Debug, Clone)]
pub(crate) struct Http {
    aws: SharedHttpConnector,
    local: SharedHttpConnector,
    /// The time limit of an SDK's request, its answer included.
    limit: Duration,
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
        let roots = roots::trust_store(settings.ca_file.as_deref(), &settings.environment)?;
        let tls = TlsContext::builder().with_trust_store(roots).build();
        let tls = tls.map_err(|error| IdentityError::at(Link::StsSession, chain_of(&error)))?;
        let proxy = proxy::from_environment(&settings.environment)?;
        Ok(Self {
            aws: connector(&settings.timeouts, &tls, proxy),
            local: connector(&settings.timeouts, &tls, ProxyConfig::disabled()),
            limit: settings.timeouts.exchange,
        })
    }

    /// The client that AWS's SDKs are given. Its bodies are bounded in size and time.
    pub(crate) fn aws(&self) -> SharedHttpClient {
        bounded::client(&self.aws, self.limit)
    }

    /// The same without a proxy.
    pub(crate) fn local(&self) -> SharedHttpClient {
        bounded::client(&self.local, self.limit)
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
        let connector = if is_local { &self.local } else { &self.aws };
        let answer = exchange(connector, request, most).with_subscriber(NoSubscriber::new());
        let answer = tokio::time::timeout(limit, answer).await;
        answer.unwrap_or_else(|_| Err(format!("no answer within {limit:?}")))
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
