//! The calls to STS. Each makes a single attempt; retries are scheduled elsewhere.

use std::error::Error;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_sdk_sts::Client;
use aws_sdk_sts::error::{ProvideErrorMetadata, SdkError};
use aws_smithy_runtime_api::client::interceptors::SharedInterceptor;
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use irsa_chain::{Cause, Link, Region, RoleArn, SessionName};
use irsa_net::http_date::parse_http_date;
use secrecy::{ExposeSecret, SecretString};
use tracing::instrument::WithSubscriber;
use tracing::subscriber::NoSubscriber;

use crate::error::scrub::scrub;
use crate::http::{Http, HttpUrl, MAX_BODY};
use crate::{
    CallerIdentity, Clock, IdentityCall, IdentityError, IdentityObserver, IdentityService,
    IdentitySettings, RoleStep, SessionCredentials, StsAnswer,
};

mod config;
mod refusal;
mod time;

pub(crate) use time::AwsTime;
pub use time::ClockOffset;

/// The STS endpoint that the settings and the environment select.
#[derive(Debug, Clone)]
pub(crate) struct Sts {
    settings: Arc<IdentitySettings>,
    http: Http,
    clock: Arc<dyn Clock>,
    time: AwsTime,
    observer: Option<Arc<dyn IdentityObserver>>,
}

/// A call to STS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Call {
    AssumeRoleWithWebIdentity,
    AssumeRole,
    GetCallerIdentity,
}

impl Sts {
    pub(crate) fn new(settings: Arc<IdentitySettings>, http: Http, clock: Arc<dyn Clock>) -> Self {
        Self {
            settings,
            http,
            time: AwsTime::new(clock.clone()),
            clock,
            observer: None,
        }
    }

    /// Reports each call to `observer`.
    pub(crate) fn observed_by(self, observer: Option<Arc<dyn IdentityObserver>>) -> Self {
        Self { observer, ..self }
    }

    /// Reports mistakes in the settings before STS is needed.
    ///
    /// # Errors
    /// The region is unknown, unless a profile may still provide it, or the endpoint URL is invalid.
    pub(crate) fn check(&self) -> Result<(), IdentityError> {
        config::check(&self.settings)
    }

    /// Returns the region, if the settings or the environment name it.
    pub(crate) fn known_region(&self) -> Option<Region> {
        config::region(&self.settings).ok()
    }

    /// Returns the offset of the clock, if STS has reported the time.
    pub(crate) fn clock_offset(&self) -> Option<ClockOffset> {
        self.time.offset()
    }

    /// Returns AWS's time.
    pub(crate) fn time(&self) -> &AwsTime {
        &self.time
    }

    /// Exchanges the pod's token for a session of `role`. The call is not signed.
    ///
    /// The session lasts an hour, even if the role allows more: an hour is longer than the STS outages worth surviving,
    /// and a revoked role should lose access soon.
    pub(crate) async fn assume_role_with_web_identity(
        &self,
        role: &RoleArn,
        session: &SessionName,
        token: &SecretString,
    ) -> Result<SessionCredentials, IdentityError> {
        let token = token.expose_secret();
        let client = self.client(None).await?;
        let request = client
            .assume_role_with_web_identity()
            .role_arn(role.as_str())
            .role_session_name(session.as_str())
            .web_identity_token(token);
        let call = Call::AssumeRoleWithWebIdentity;
        let output = self.send(call, &[token], request.send()).await?;
        session_of(call, output.credentials)
    }

    /// Assumes the next role of a chain. STS limits chained sessions to one hour, which is also the default duration
    /// ("Role chaining" in the IAM User Guide).
    pub(crate) async fn assume_role(
        &self,
        parent: &SessionCredentials,
        step: &RoleStep,
        session: &SessionName,
    ) -> Result<SessionCredentials, IdentityError> {
        let client = self.client(Some(parent)).await?;
        let request = client
            .assume_role()
            .role_arn(step.role.as_str())
            .role_session_name(session.as_str())
            .set_external_id(step.external_id.clone());
        let call = Call::AssumeRole;
        let output = self.send(call, &secrets_of(parent), request.send()).await?;
        session_of(call, output.credentials)
    }

    /// Returns the caller that the credentials belong to.
    pub(crate) async fn caller_identity(
        &self,
        credentials: &SessionCredentials,
    ) -> Result<CallerIdentity, IdentityError> {
        let request = self.client(Some(credentials)).await?.get_caller_identity();
        let call = Call::GetCallerIdentity;
        let output = self
            .send(call, &secrets_of(credentials), request.send())
            .await?;
        let account = output
            .account
            .as_deref()
            .and_then(|account| account.parse().ok());
        match (account, output.arn, output.user_id) {
            (Some(account), Some(arn), Some(user_id)) => Ok(CallerIdentity {
                account,
                arn,
                user_id,
            }),
            _ => Err(incomplete(call)),
        }
    }

    /// Returns the URL of the endpoint.
    pub(crate) async fn url(&self) -> Result<String, IdentityError> {
        let region = config::region_or_profiles(&self.settings, &self.http, &self.clock).await?;
        let url = config::url(&self.settings, &region).await?;
        Ok(url.to_text())
    }

    /// Sends a request that needs no credentials, to check whether the endpoint responds.
    pub(crate) async fn answer(&self) -> Result<StsAnswer, IdentityError> {
        let url = self.url().await?;
        let limit = self.settings.timeouts.exchange;
        let failed = |why: &str| refusal::unreachable(None, &scrub(why, &[]));
        let request = HttpRequest::get(url.as_str()).map_err(|error| failed(&error.to_string()))?;
        let is_local = HttpUrl::parse(&url).is_ok_and(|url| url.is_loopback());
        let answer = self.http.ask(request, is_local, limit, MAX_BODY).await;
        let answer = answer.map_err(|why| failed(&why))?;
        let date = answer.date.and_then(|date| parse_http_date(&date));
        Ok(StsAnswer {
            url,
            status: answer.status,
            date,
        })
    }

    async fn client(&self, signer: Option<&SessionCredentials>) -> Result<Client, IdentityError> {
        let region = config::region_or_profiles(&self.settings, &self.http, &self.clock).await?;
        // AWS rejects signatures made with a wrong clock. The unsigned exchange has already provided AWS's time.
        let time = Arc::new(self.time.clone());
        let mut config = config::client_config(&self.settings, &region, &self.http, time)?;
        config.push_interceptor(SharedInterceptor::new(self.time.clone()));
        config.set_credentials_provider(
            signer.map(|credentials| SharedCredentialsProvider::new(sdk_credentials(credentials))),
        );
        Ok(Client::from_conf(config.build()))
    }

    fn warn_of_clock(&self) {
        if let Some(offset) = self.clock_offset()
            && offset.amount() >= time::NOTABLE_OFFSET
        {
            let cause = Cause::ClockSkew;
            tracing::warn!(cause = cause.id(), remedy = cause.remedy(), "{offset}");
        }
    }

    /// Sends a request. Log records of the SDK are suppressed, because they contain the body at trace level.
    async fn send<T, E>(
        &self,
        call: Call,
        secrets: &[&str],
        request: impl Future<Output = Result<T, SdkError<E, HttpResponse>>>,
    ) -> Result<T, IdentityError>
    where
        E: ProvideErrorMetadata + Error + 'static,
    {
        let limit = self.settings.timeouts.exchange;
        let request = request.with_subscriber(NoSubscriber::new());
        let begun = Instant::now();
        let outcome = tokio::time::timeout(limit, request).await;
        self.warn_of_clock();
        let outcome = match outcome {
            Ok(Ok(output)) => Ok(output),
            Ok(Err(error)) => Err(refusal::from_sdk_error(call, &error, secrets)),
            Err(_) => Err(refusal::no_answer(call, limit)),
        };
        self.report(call, begun.elapsed(), outcome.as_ref().err());
        outcome
    }

    fn report(&self, call: Call, took: Duration, error: Option<&IdentityError>) {
        if let Some(observer) = &self.observer {
            let region = self.known_region();
            let service = IdentityService::Sts {
                operation: call.name(),
                region: region.as_ref(),
            };
            observer.called(&IdentityCall {
                service,
                took,
                error,
            });
        }
    }
}

impl Call {
    fn name(self) -> &'static str {
        match self {
            Self::AssumeRoleWithWebIdentity => "AssumeRoleWithWebIdentity",
            Self::AssumeRole => "AssumeRole",
            Self::GetCallerIdentity => "GetCallerIdentity",
        }
    }
}

/// Converts credentials for the AWS SDK.
pub(crate) fn sdk_credentials(credentials: &SessionCredentials) -> Credentials {
    Credentials::new(
        credentials.access_key_id(),
        credentials.secret_access_key().expose_secret(),
        credentials
            .session_token()
            .map(|token| token.expose_secret().to_owned()),
        credentials.expires_at(),
        "irsa",
    )
}

fn secrets_of(credentials: &SessionCredentials) -> Vec<&str> {
    let token = credentials.session_token().map(ExposeSecret::expose_secret);
    let key = credentials.secret_access_key().expose_secret();
    std::iter::once(key).chain(token).collect()
}

fn session_of(
    call: Call,
    credentials: Option<aws_sdk_sts::types::Credentials>,
) -> Result<SessionCredentials, IdentityError> {
    let credentials = credentials.ok_or_else(|| incomplete(call))?;
    let expires_at = SystemTime::try_from(credentials.expiration).map_err(|_| incomplete(call))?;
    Ok(SessionCredentials::new(
        credentials.access_key_id,
        credentials.secret_access_key,
        Some(credentials.session_token.into()),
        Some(expires_at),
    ))
}

fn incomplete(call: Call) -> IdentityError {
    let text = format!("the response to `sts:{}` is incomplete", call.name());
    IdentityError::at(Link::StsSession, text)
        .with_remedy("check which server is behind the STS endpoint (`--sts-endpoint`)")
}
