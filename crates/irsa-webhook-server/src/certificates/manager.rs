//! Keeps the CAs, the serving certificate and `caBundle` current.

use std::time::{Duration, Instant, SystemTime};

use irsa_kube::{KubeReader, NewSecret, ReadError, ReadErrorKind, Secret, WebhookFollower};
use irsa_net::retry::Backoff;
use irsa_net::tls::TlsError;
use irsa_ops::log_limit::LogLimit;
use tokio::time::{sleep, timeout};

use super::authorities::{Authorities, Stored};
use super::publication::{Publication, has_own_webhook};
use super::serving::CertificateSetter;
use crate::clock;
use crate::metrics::WebhookMetrics;
use crate::options::AuthorityTimes;

const BACKOFF: Backoff = Backoff::new(Duration::from_millis(200), 2, Duration::from_secs(10));
/// The minimum time between two rounds: another program may set `caBundle` again and again.
const PACE: Duration = Duration::from_millis(200);
/// The maximum number of attempts to write the Secret in one round, if other replicas write it at the same time.
const ATTEMPTS: usize = 5;

/// The names that the manager needs.
#[derive(Debug, Clone)]
pub(crate) struct ManagerOptions {
    pub(crate) namespace: String,
    pub(crate) service: String,
    pub(crate) secret: String,
    pub(crate) times: AuthorityTimes,
}

/// Keeps the certificates current.
#[derive(Debug)]
pub(crate) struct Manager {
    reader: KubeReader,
    follower: WebhookFollower,
    options: ManagerOptions,
    setter: CertificateSetter,
    metrics: WebhookMetrics,
    /// The CAs as last read or written. They restore a Secret that was deleted or damaged.
    authorities: Option<Authorities>,
    certificate: Option<IssuedCertificate>,
    publication: Publication,
}

/// The serving certificate.
#[derive(Debug)]
struct IssuedCertificate {
    /// The certificate of the CA that issued it, in PEM.
    issuer: String,
    end: SystemTime,
    renewal: SystemTime,
}

/// The reason why a round failed.
#[derive(Debug, thiserror::Error)]
enum ManagerError {
    #[error(transparent)]
    Kubernetes(#[from] ReadError),
    #[error(transparent)]
    Tls(#[from] TlsError),
    #[error("other replicas changed the Secret {ATTEMPTS} times")]
    Contended,
}

// === impl Manager ===

impl Manager {
    pub(crate) fn new(
        reader: KubeReader,
        follower: WebhookFollower,
        options: ManagerOptions,
        setter: CertificateSetter,
        metrics: WebhookMetrics,
    ) -> Self {
        Self {
            reader,
            follower,
            options,
            setter,
            metrics,
            authorities: None,
            certificate: None,
            publication: Publication::default(),
        }
    }

    /// Runs until it is dropped.
    pub(crate) async fn run(mut self) {
        let (mut failures, log) = (0, LogLimit::default());
        loop {
            let pause = match self.round().await {
                Ok(()) => {
                    failures = 0;
                    self.options.times.poll
                }
                Err(error) => {
                    failures += 1;
                    if log.may_log("certificates").is_some() {
                        tracing::error!(%error, "cannot renew or publish certificates; retrying");
                    }
                    BACKOFF.after(failures)
                }
            };
            sleep(PACE.min(pause)).await;
            // Whether the time is over or the configuration has changed makes no difference.
            let _ = timeout(pause, self.follower.changed()).await;
        }
    }

    async fn round(&mut self) -> Result<(), ManagerError> {
        let authorities = self.synchronize().await?;
        self.serve(&authorities)?;
        let published = self.publish(&authorities).await;
        self.authorities = Some(authorities);
        published
    }

    /// Reads the Secret, and writes it if something must change.
    async fn synchronize(&mut self) -> Result<Authorities, ManagerError> {
        for _ in 0..ATTEMPTS {
            match self.attempt().await {
                Ok(authorities) => return Ok(authorities),
                Err(ManagerError::Kubernetes(error)) if is_race(&error) => {}
                Err(error) => return Err(error),
            }
        }
        Err(ManagerError::Contended)
    }

    async fn attempt(&mut self) -> Result<Authorities, ManagerError> {
        let (namespace, name) = (&self.options.namespace, &self.options.secret);
        let secret = match self.reader.secret(namespace, name).await {
            Ok(secret) => Some(secret),
            Err(error) if error.is_absent() => None,
            Err(error) => return Err(error.into()),
        };
        let (stored, is_replaced) = self.stored(secret.as_ref())?;
        let now = clock::now();
        let delay = self.options.times.publication_delay;
        let is_published = self
            .publication
            .is_older_than(delay, &stored.bundle(), Instant::now());
        let (authorities, changed) = stored.advance(now, is_published, &self.options.times)?;
        match secret {
            Some(_) if !changed && !is_replaced => {}
            Some(secret) => {
                let values = authorities.values();
                self.reader.replace_secret(&secret, &values).await?;
                tracing::info!(namespace, secret = name, "CA in the Secret updated");
            }
            None => {
                let new = NewSecret {
                    namespace: namespace.clone(),
                    name: name.clone(),
                    values: authorities.values(),
                    ..NewSecret::default()
                };
                self.reader.create_secret(&new).await?;
                tracing::info!(namespace, secret = name, "Secret with the CA created");
            }
        }
        Ok(authorities)
    }

    /// The CAs in the Secret and whether the Secret must be written. If it lacks one, those of the last round, which the
    /// API server trusts; otherwise new ones.
    fn stored(&self, secret: Option<&Secret>) -> Result<(Authorities, bool), ManagerError> {
        let stored = secret.map(Stored::read);
        if let Some(stored) = stored {
            if !stored.damaged.is_empty() {
                let damaged = stored.damaged.join("; ");
                let secret = &self.options.secret;
                tracing::error!(
                    secret,
                    damaged,
                    "the Secret with the CA is damaged; repairing it"
                );
            }
            if let Some(authorities) = stored.authorities {
                return Ok((authorities, !stored.damaged.is_empty()));
            }
        }
        match &self.authorities {
            Some(known) => Ok((known.clone(), true)),
            None => Ok((Authorities::generate(&self.options.times)?, true)),
        }
    }

    /// Issues a new serving certificate if the CA has changed or half of its life is over.
    fn serve(&mut self, authorities: &Authorities) -> Result<(), ManagerError> {
        let (now, current) = (clock::now(), &authorities.current);
        let issuer = current.certificate().pem();
        let is_current =
            |issued: &IssuedCertificate| issued.issuer == issuer && now < issued.renewal;
        if !self.certificate.as_ref().is_some_and(is_current) {
            let life = self.options.times.certificate_life();
            let names = self.names();
            let names: Vec<_> = names.iter().map(String::as_str).collect();
            let (identity, end) = current.issue_server(&names, life)?;
            self.setter.set(identity);
            let half = end.duration_since(now).unwrap_or_default() / 2;
            self.certificate = Some(IssuedCertificate {
                issuer: issuer.to_owned(),
                end,
                renewal: now + half,
            });
            tracing::info!("serving certificate issued");
        }
        if let Some(issued) = &self.certificate {
            self.metrics
                .certificates(current.certificate().end(), issued.end);
        }
        Ok(())
    }

    /// The names of the Service. The API server connects to the second one.
    fn names(&self) -> [String; 3] {
        let ManagerOptions {
            namespace, service, ..
        } = &self.options;
        [
            format!("{service}.{namespace}"),
            format!("{service}.{namespace}.svc"),
            format!("{service}.{namespace}.svc.cluster.local"),
        ]
    }

    /// Sets `caBundle` where it differs. Without a configuration, there is nothing to do: it may be created later.
    async fn publish(&mut self, authorities: &Authorities) -> Result<(), ManagerError> {
        let Some(configuration) = self.follower.current() else {
            self.publication.seen("", false, Instant::now());
            return match self.follower.error() {
                Some(error) => {
                    self.metrics.bundle_update(false);
                    Err(error.into())
                }
                None => Ok(()),
            };
        };
        let bundle = authorities.bundle();
        let (namespace, service) = (&self.options.namespace, &self.options.service);
        let has_own = has_own_webhook(&configuration, namespace, service);
        let set = self
            .reader
            .set_ca_bundle(&configuration, namespace, service, &bundle)
            .await;
        // After an update, the bundle counts as published once the follower has seen it.
        let is_published = has_own && matches!(set, Ok(0));
        self.publication.seen(&bundle, is_published, Instant::now());
        match set {
            Ok(0) => Ok(()),
            Ok(webhooks) => {
                self.metrics.bundle_update(true);
                let configuration = &configuration.metadata.name;
                tracing::info!(configuration, webhooks, "caBundle updated");
                Ok(())
            }
            // The follower's next version is on its way.
            Err(error) if is_race(&error) => Ok(()),
            Err(error) => {
                self.metrics.bundle_update(false);
                Err(error.into())
            }
        }
    }
}

/// Returns whether another replica or program was faster, so that reading again helps.
fn is_race(error: &ReadError) -> bool {
    use ReadErrorKind::{Absent, AlreadyExists, Conflict};
    matches!(error.kind, Absent | AlreadyExists | Conflict(..))
}
