//! A profile of the AWS configuration files, including IAM Identity Center, for developer machines.

use std::sync::Arc;

use aws_config::meta::region::ProvideRegion;
use aws_config::profile::{ProfileFileCredentialsProvider, ProfileFileRegionProvider};
use aws_config::provider_config::ProviderConfig;
use aws_credential_types::provider::ProvideCredentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_smithy_async::rt::sleep::TokioSleep;
use aws_smithy_types::retry::RetryConfig;
use aws_types::region::Region as SdkRegion;
use irsa_chain::{Link, Region};
use tokio::runtime::Handle;
use tokio::task::{JoinHandle, spawn_blocking};
use tracing::instrument::WithSubscriber;
use tracing::subscriber::NoSubscriber;

use crate::clock::SdkTime;
use crate::error::chain_of;
use crate::error::scrub::scrub;
use crate::exchange::{Exchange, Exchanged};
use crate::http::Http;
use crate::{
    Clock, Environment, IdentityError, IdentitySettings, SessionCredentials, SourceChoice,
};

/// The profile that was chosen, else that of `AWS_PROFILE`, else `default`.
///
/// The files are read again for each exchange, on the blocking thread pool, because the SDK reads them as if they could
/// not block. Files that a profile refers to, such as the cache of `aws sso login` below `$HOME`, are those of the
/// process.
#[derive(Debug, Clone)]
pub(crate) struct Profile {
    name: String,
    region: Option<Region>,
    environment: Environment,
    http: Http,
    clock: Arc<dyn Clock>,
}

impl Profile {
    pub(crate) fn new(settings: &IdentitySettings, http: Http, clock: Arc<dyn Clock>) -> Self {
        let environment = settings.environment.clone();
        let chosen = match &settings.choice {
            SourceChoice::Profile(name) => name.as_deref(),
            _ => None,
        };
        let name = chosen
            .or(environment.get("AWS_PROFILE"))
            .unwrap_or("default")
            .to_owned();
        Self {
            name,
            region: settings.region.clone(),
            environment,
            http,
            clock,
        }
    }

    /// Returns the region of the profile.
    pub(crate) async fn region(&self) -> Option<Region> {
        let profile = self.clone();
        let region = blocking(async move { profile.region_here().await });
        region.await.ok().flatten()
    }

    async fn load(&self) -> Result<SessionCredentials, IdentityError> {
        let profile = self.clone();
        let loaded = blocking(async move { profile.load_here().await }).await;
        loaded.unwrap_or_else(|error| {
            let text = format!("cannot read the profile `{}`: {error}", self.name);
            Err(IdentityError::at(Link::StsSession, text).transient())
        })
    }

    async fn region_here(&self) -> Option<Region> {
        let provider = ProfileFileRegionProvider::builder()
            .configure(&self.config(None))
            .profile_name(&self.name)
            .profile_files(self.files())
            .build();
        let region = provider
            .region()
            .with_subscriber(NoSubscriber::new())
            .await?;
        region.as_ref().parse().ok()
    }

    async fn load_here(&self) -> Result<SessionCredentials, IdentityError> {
        let region = match &self.region {
            Some(region) => Some(region.clone()),
            None => self.region_here().await,
        };
        let provider = ProfileFileCredentialsProvider::builder()
            .configure(&self.config(region))
            .profile_name(&self.name)
            .profile_files(self.files())
            .build();
        let loaded = provider
            .provide_credentials()
            .with_subscriber(NoSubscriber::new())
            .await;
        let loaded = loaded.map_err(|error| self.refused(&error))?;
        Ok(SessionCredentials::new(
            loaded.access_key_id(),
            loaded.secret_access_key(),
            loaded.session_token().map(Into::into),
            loaded.expiry(),
        ))
    }

    fn config(&self, region: Option<Region>) -> ProviderConfig {
        ProviderConfig::empty()
            .with_region(region.map(|region| SdkRegion::new(region.as_str().to_owned())))
            .with_http_client(self.http.aws())
            .with_sleep_impl(TokioSleep::new())
            .with_time_source(SdkTime(self.clock.clone()))
            .with_retry_config(RetryConfig::disabled())
    }

    fn refused(&self, error: &CredentialsError) -> IdentityError {
        let name = &self.name;
        let text = format!(
            "cannot get credentials from the profile `{name}`: {}",
            scrub(&chain_of(error), &[])
        );
        let refused = IdentityError::at(Link::StsSession, text).with_remedy(format!(
            "run `aws sso login --profile {name}` if the profile uses IAM Identity Center, or test it with `aws sts \
             get-caller-identity --profile {name}`"
        ));
        match error {
            CredentialsError::ProviderTimedOut(_) => refused.transient(),
            _ => refused,
        }
    }

    #[expect(
        deprecated,
        reason = "the type's new home is a crate of the SDK's own internals"
    )]
    fn files(&self) -> aws_config::profile::profile_file::ProfileFiles {
        use aws_config::profile::profile_file::{ProfileFileKind, ProfileFiles};
        let config = self.environment.get("AWS_CONFIG_FILE");
        let credentials = self.environment.get("AWS_SHARED_CREDENTIALS_FILE");
        let mut files = ProfileFiles::builder()
            .include_default_config_file(config.is_none())
            .include_default_credentials_file(credentials.is_none());
        if let Some(path) = config {
            files = files.with_file(ProfileFileKind::Config, path);
        }
        if let Some(path) = credentials {
            files = files.with_file(ProfileFileKind::Credentials, path);
        }
        files.build()
    }
}

/// Runs `work` on a blocking thread, with the timers and connections of the caller.
fn blocking<T: Send + 'static>(work: impl Future<Output = T> + Send + 'static) -> JoinHandle<T> {
    let runtime = Handle::current();
    spawn_blocking(move || runtime.block_on(work))
}

impl Exchange for Profile {
    fn exchange(&self) -> Exchanged<'_> {
        Box::pin(self.load())
    }
}
