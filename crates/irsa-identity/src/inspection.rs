//! The individual steps of an exchange, each made once without renewal or retries, for diagnosing the chain.

use std::path::Path;
use std::sync::Arc;
use std::time::SystemTime;

use irsa_chain::SessionName;
use secrecy::SecretString;

use crate::exchange::Imds;
use crate::exchange::from_source::{Tools, from_source};
use crate::http::Http;
use crate::identity::session_name;
use crate::rds::sign;
use crate::sts::Sts;
use crate::{
    CallerIdentity, Clock, IdentityError, IdentitySettings, RdsTarget, RdsToken, ResolvedSource,
    RoleStep, SessionCredentials, token_file,
};

/// Performs the steps of an [`Identity`](crate::Identity) with the same settings, one by one.
#[derive(Debug, Clone)]
pub struct Inspection {
    settings: Arc<IdentitySettings>,
    http: Http,
    sts: Sts,
    clock: Arc<dyn Clock>,
}

/// The response of STS to a request without credentials.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StsAnswer {
    /// The URL of the endpoint.
    pub url: String,
    /// The HTTP status.
    pub status: u16,
    /// The time of STS, in whole seconds, if the response has a `Date`.
    pub date: Option<SystemTime>,
}

impl Inspection {
    /// Reads the CA files and the URL of the proxy, without any request.
    ///
    /// # Errors
    /// A CA file or the URL of the proxy is invalid.
    pub fn new(settings: IdentitySettings, clock: Arc<dyn Clock>) -> Result<Self, IdentityError> {
        let settings = Arc::new(settings);
        let http = Http::new(&settings)?;
        Ok(Self {
            sts: Sts::new(settings.clone(), http.clone(), clock.clone()),
            settings,
            http,
            clock,
        })
    }

    /// Returns the name of the session.
    ///
    /// # Errors
    /// `AWS_ROLE_SESSION_NAME` contains a name that STS would reject.
    pub fn session_name(&self) -> Result<SessionName, IdentityError> {
        session_name(&self.settings)
    }

    /// Returns the URL of STS.
    ///
    /// # Errors
    /// The region is unknown, or the endpoint URL is invalid.
    pub async fn sts_url(&self) -> Result<String, IdentityError> {
        self.sts.url().await
    }

    /// Checks whether STS responds at all, over the same connection as an exchange.
    ///
    /// # Errors
    /// See [`Inspection::sts_url`], or the reason why there is no response.
    pub async fn sts_answer(&self) -> Result<StsAnswer, IdentityError> {
        self.sts.answer().await
    }

    /// Makes one exchange, including chained roles.
    ///
    /// # Errors
    /// The settings or the environment are invalid, or the reason why there are no credentials.
    pub async fn exchange(&self) -> Result<SessionCredentials, IdentityError> {
        let settings = &self.settings;
        let source = ResolvedSource::resolve(&settings.choice, &settings.environment)?;
        let tools = Tools {
            http: self.http.clone(),
            sts: self.sts.clone(),
            session: self.session_name()?,
            clock: self.clock.clone(),
            observer: None,
        };
        let exchange = from_source(source.kind(), settings, &tools)?;
        let mut credentials = exchange.exchange().await?;
        for step in &settings.role_chain {
            credentials = self.assume(&credentials, step).await?;
        }
        Ok(credentials)
    }

    /// Assumes a further role.
    ///
    /// # Errors
    /// The rejection by STS.
    pub async fn assume(
        &self,
        credentials: &SessionCredentials,
        step: &RoleStep,
    ) -> Result<SessionCredentials, IdentityError> {
        let session = match &step.session_name {
            Some(name) => name.clone(),
            None => self.session_name()?,
        };
        self.sts.assume_role(credentials, step, &session).await
    }

    /// Returns the caller that STS reports for the credentials.
    ///
    /// # Errors
    /// The rejection by STS.
    pub async fn caller(
        &self,
        credentials: &SessionCredentials,
    ) -> Result<CallerIdentity, IdentityError> {
        self.sts.caller_identity(credentials).await
    }

    /// Returns the name of the node's role, if this process can read it from the instance metadata service. Its
    /// credentials are not read. `AWS_EC2_METADATA_DISABLED` is ignored, because it applies to SDKs and not to the
    /// network.
    ///
    /// # Errors
    /// The reason why it cannot be read.
    pub async fn node_role(&self) -> Result<String, IdentityError> {
        let environment = self
            .settings
            .environment
            .without("AWS_EC2_METADATA_DISABLED");
        let imds = Imds::new(
            &environment,
            self.http.clone(),
            self.settings.timeouts.exchange,
        )?;
        imds.role().await
    }
}

/// Reads a projected token like an exchange does: without surrounding whitespace, and only up to the maximum length of
/// STS.
///
/// # Errors
/// The file is missing, unreadable, empty or too long, or does not contain a JWT. The message names the file and never
/// includes its content.
pub async fn read_token_file(path: &Path) -> Result<SecretString, IdentityError> {
    token_file::read(path).await
}

/// Signs a token for a login to `target`, without caching it.
///
/// # Errors
/// `target` cannot be signed for.
pub fn sign_rds_token(
    target: &RdsTarget,
    credentials: &SessionCredentials,
    now: SystemTime,
) -> Result<RdsToken, IdentityError> {
    sign(target, credentials, now)
}
