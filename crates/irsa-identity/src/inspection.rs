//! The parts of an exchange one by one, each made once and nothing renewed or tried again: for whoever examines the
//! chain rather than uses it.

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

/// What an [`Identity`](crate::Identity) of the same settings would do, step by step.
#[derive(Debug, Clone)]
pub struct Inspection {
    settings: Arc<IdentitySettings>,
    http: Http,
    sts: Sts,
    clock: Arc<dyn Clock>,
}

/// An answer of STS to a question that needs no credentials.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StsAnswer {
    /// The endpoint that was asked.
    pub url: String,
    /// The HTTP status.
    pub status: u16,
    /// STS's own time, in whole seconds, where the answer has a `Date`.
    pub date: Option<SystemTime>,
}

impl Inspection {
    /// Reads the certificate authorities and the proxy's URL; asks nobody yet.
    ///
    /// # Errors
    /// When a file of certificates or the proxy's URL is wrong.
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

    /// The name that a session gets.
    ///
    /// # Errors
    /// When `AWS_ROLE_SESSION_NAME` holds one that STS would refuse.
    pub fn session_name(&self) -> Result<SessionName, IdentityError> {
        session_name(&self.settings)
    }

    /// The URL of STS.
    ///
    /// # Errors
    /// When no region is known, or the endpoint's URL is none.
    pub async fn sts_url(&self) -> Result<String, IdentityError> {
        self.sts.url().await
    }

    /// Whether STS answers at all, the way an exchange would ask it.
    ///
    /// # Errors
    /// As [`Inspection::sts_url`], or why there was no answer.
    pub async fn sts_answer(&self) -> Result<StsAnswer, IdentityError> {
        self.sts.answer().await
    }

    /// One exchange, roles assumed on top included.
    ///
    /// # Errors
    /// What is wrong with the settings or the environment, or why no credentials were given.
    pub async fn exchange(&self) -> Result<SessionCredentials, IdentityError> {
        let settings = &self.settings;
        let source = ResolvedSource::resolve(&settings.choice, &settings.environment)?;
        let tools = Tools {
            http: self.http.clone(),
            sts: self.sts.clone(),
            session: self.session_name()?,
            clock: self.clock.clone(),
        };
        let exchange = from_source(source.kind(), settings, &tools)?;
        let mut credentials = exchange.exchange().await?;
        for step in &settings.role_chain {
            credentials = self.assume(&credentials, step).await?;
        }
        Ok(credentials)
    }

    /// Assumes one more role.
    ///
    /// # Errors
    /// What STS refused.
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

    /// Who STS says the credentials are.
    ///
    /// # Errors
    /// What STS refused.
    pub async fn caller(
        &self,
        credentials: &SessionCredentials,
    ) -> Result<CallerIdentity, IdentityError> {
        self.sts.caller_identity(credentials).await
    }

    /// The name of the node's role, if the instance metadata service tells it to this process. Its credentials are
    /// not asked for, and `AWS_EC2_METADATA_DISABLED` is not heeded: it binds SDKs, not the network.
    ///
    /// # Errors
    /// Why it does not.
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

/// Reads a projected token as an exchange does: without the space around it, and no more of it than STS takes.
///
/// # Errors
/// When the file is missing, unreadable, empty, too long, or holds no JWT; the text names the file and never quotes
/// it.
pub async fn read_token_file(path: &Path) -> Result<SecretString, IdentityError> {
    token_file::read(path).await
}

/// A token for a login to `target`, signed now and not kept.
///
/// # Errors
/// When `target` can't be signed for.
pub fn sign_rds_token(
    target: &RdsTarget,
    credentials: &SessionCredentials,
    now: SystemTime,
) -> Result<RdsToken, IdentityError> {
    sign(target, credentials, now)
}
