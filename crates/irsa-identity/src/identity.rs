//! An identity: a role session that renews itself.

use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use irsa_chain::{Cause, Link, Region, RoleArn, SessionName};
use tokio::runtime::Handle;
use tokio::sync::{Notify, watch};
use tokio::task::AbortHandle;
use tokio::time::Instant;

use crate::api;
use crate::exchange::from_source::{Tools, from_source};
use crate::exchange::{AssumeRole, Exchange};
use crate::http::Http;
use crate::refresh::{Refresher, SHORTEST_PAUSE};
use crate::state::Snapshot;
use crate::sts::Sts;
use crate::{
    ApiAnswer, ApiCall, ApiError, CallerIdentity, Clock, ClockOffset, IdentityCounters,
    IdentityError, IdentityObserver, IdentitySettings, IdentityState, ResolvedSource, RoleStep,
    SessionCredentials, Timeouts,
};

mod renewal;

/// A role session that renews itself in the background. Clones share it.
///
/// It can be used on any thread and on any tokio runtime with timers. Renewal stops when the last clone is dropped, or
/// with the runtime on which it was started.
#[derive(Clone)]
pub struct Identity(Arc<Inner>);

struct Inner {
    source: ResolvedSource,
    timeouts: Timeouts,
    tools: Tools,
    snapshots: watch::Receiver<Snapshot>,
    states: watch::Receiver<IdentityState>,
    wake: Arc<Notify>,
    expired: watch::Sender<u64>,
    /// The time of the last requested renewal of a session that AWS reported as expired.
    renewal_asked: Mutex<Option<Instant>>,
    runtime: Handle,
    task: AbortHandle,
}

impl Identity {
    /// Determines the source and starts the renewal on the current tokio runtime. Does not wait for STS.
    ///
    /// # Errors
    /// The settings or the environment are invalid. Other problems show in [`Identity::state`] and
    /// [`Identity::credentials`].
    ///
    /// # Panics
    /// When called outside of a tokio runtime.
    pub fn start(settings: IdentitySettings, clock: Arc<dyn Clock>) -> Result<Self, IdentityError> {
        Self::start_observed(settings, clock, None)
    }

    /// Like [`Identity::start`], and reports all calls to STS and to the Pod Identity agent to `observer`.
    ///
    /// # Errors
    /// See [`Identity::start`].
    ///
    /// # Panics
    /// See [`Identity::start`].
    pub fn start_observed(
        settings: IdentitySettings,
        clock: Arc<dyn Clock>,
        observer: Option<Arc<dyn IdentityObserver>>,
    ) -> Result<Self, IdentityError> {
        let source = ResolvedSource::resolve(&settings.choice, &settings.environment)?;
        for warning in source.warnings() {
            tracing::warn!("{warning}");
        }
        let settings = Arc::new(settings);
        let http = Http::new(&settings)?;
        let tools = Tools {
            sts: Sts::new(settings.clone(), http.clone(), clock.clone())
                .observed_by(observer.clone()),
            observer,
            session: session_name(&settings)?,
            http,
            clock,
        };
        let exchange = from_source(source.kind(), &settings, &tools)?;
        if let (Some(role), Some(region)) = (source.role_arn(), tools.sts.known_region()) {
            warn_of_partitions(role, &region);
        }
        let root = Self::spawn(
            source,
            exchange,
            tools,
            settings.timeouts,
            Handle::current(),
        );
        let mut steps = settings.role_chain.iter().cloned();
        steps.try_fold(root, |identity, step| identity.chained(step))
    }

    /// Returns valid credentials: those of the last exchange until they expire, even if STS is unavailable.
    ///
    /// Without credentials, it waits for up to [`Timeouts::wait`] during a temporary problem. A rejection is returned
    /// immediately, and is at most a few seconds old.
    ///
    /// # Errors
    /// The reason why there are no credentials.
    pub async fn credentials(&self) -> Result<SessionCredentials, IdentityError> {
        let mut snapshots = self.0.snapshots.clone();
        let now = self.now();
        {
            let snapshot = snapshots.borrow_and_update();
            if let Some(held) = snapshot.valid_at(now) {
                if snapshot.is_overdue(now) {
                    self.0.wake.notify_one();
                }
                return Ok(held.credentials.clone());
            }
            if let Some(refusal) = recent_rejection(&snapshot) {
                return Err(refusal);
            }
        }
        self.0.wake.notify_one();
        let wait = self.0.timeouts.wait;
        let outcome = tokio::time::timeout(wait, self.outcome(&mut snapshots)).await;
        outcome.unwrap_or_else(|_| Err(self.why_none(wait)))
    }

    /// Reads the CA files again for new connections to AWS, of this identity and of those chained to it.
    ///
    /// # Errors
    /// A file cannot be read or contains no certificate. The CAs do not change.
    pub fn read_roots_again(&self, settings: &IdentitySettings) -> Result<(), IdentityError> {
        self.0.tools.http.read_roots_again(settings)
    }

    /// Chains a further role to this identity. It is renewed separately.
    ///
    /// # Errors
    /// The region of STS is unknown, or the endpoint URL is invalid.
    pub fn chained(&self, step: RoleStep) -> Result<Self, IdentityError> {
        let inner = &self.0;
        inner.tools.sts.check()?;
        let source = inner.source.assuming(step.role.clone());
        let session = step
            .session_name
            .clone()
            .unwrap_or_else(|| inner.tools.session.clone());
        let tools = Tools {
            session: session.clone(),
            ..inner.tools.clone()
        };
        let exchange = AssumeRole {
            parent: self.clone(),
            step,
            session,
            sts: tools.sts.clone(),
        };
        let (timeouts, runtime) = (inner.timeouts, inner.runtime.clone());
        Ok(Self::spawn(
            source,
            Box::new(exchange),
            tools,
            timeouts,
            runtime,
        ))
    }

    /// Returns the caller that STS reports for this identity.
    ///
    /// # Errors
    /// See [`Identity::credentials`], or the rejection by STS.
    pub async fn caller(&self) -> Result<CallerIdentity, IdentityError> {
        let identity = self.clone();
        // Runs on the identity's runtime, because pooled connections must not end with the caller's runtime.
        let asked = self.0.runtime.spawn(async move {
            let credentials = identity.credentials().await?;
            identity.0.tools.sts.caller_identity(&credentials).await
        });
        asked.await.unwrap_or_else(|_| Err(stopped()))
    }

    /// Calls another AWS API with this identity. The response must arrive within `limit`.
    ///
    /// # Errors
    /// There are no credentials, or there is no response. An error response of the API is returned as a response.
    pub async fn call(&self, call: ApiCall, limit: Duration) -> Result<ApiAnswer, ApiError> {
        let identity = self.clone();
        let asked = self.0.runtime.spawn(async move {
            let credentials = identity.credentials().await;
            let credentials = credentials.map_err(ApiError::Credentials)?;
            let http = &identity.0.tools.http;
            api::send(http, &call, &credentials, identity.now(), limit).await
        });
        let stopped = |_| Err(ApiError::Credentials(stopped()));
        asked.await.unwrap_or_else(stopped)
    }

    /// Returns the current state. Starts an exchange immediately if one is due because the clock was set or the machine
    /// was suspended.
    pub fn state(&self) -> IdentityState {
        let now = self.now();
        let snapshot = self.0.snapshots.borrow();
        if snapshot.is_overdue(now) {
            self.0.wake.notify_one();
        }
        snapshot.state(now)
    }

    /// Returns the number of exchanges.
    pub fn counters(&self) -> IdentityCounters {
        self.0.snapshots.borrow().counters
    }

    /// Returns the time at which the current credentials will be renewed, if there are credentials.
    pub fn renews_at(&self) -> Option<SystemTime> {
        let snapshot = self.0.snapshots.borrow();
        snapshot.held.as_ref().map(|held| held.refresh_at)
    }

    /// Returns a receiver of the state after each exchange. An expiration shows in [`Identity::state`] immediately, and
    /// here after the next exchange, at most a minute later.
    pub fn watch(&self) -> watch::Receiver<IdentityState> {
        self.0.states.clone()
    }

    /// Returns the offset of this machine's clock according to STS, with an accuracy of a few seconds. Returns `None`
    /// without a response from STS, for example with sources that do not use it.
    pub fn clock_offset(&self) -> Option<ClockOffset> {
        self.0.tools.sts.clock_offset()
    }

    /// Returns AWS's time when this machine's clock shows `here`. Signatures use it. It is `here` unless AWS has
    /// reported a time that differs by a minute or more.
    pub fn aws_time(&self, here: SystemTime) -> SystemTime {
        self.0.tools.sts.time().correct(here)
    }

    /// Returns the source.
    pub fn source(&self) -> &ResolvedSource {
        &self.0.source
    }

    fn spawn(
        source: ResolvedSource,
        exchange: Box<dyn Exchange>,
        tools: Tools,
        timeouts: Timeouts,
        runtime: Handle,
    ) -> Self {
        let (snapshots_sender, snapshots) = watch::channel(Snapshot::default());
        let (states_sender, states) = watch::channel(IdentityState::Waiting);
        let wake = Arc::new(Notify::new());
        let (expired, expired_receiver) = watch::channel(0);
        let refresher = Refresher {
            exchange,
            clock: tools.clock.clone(),
            time: tools.sts.time().clone(),
            // A chained role waits for the credentials of its parent before it calls STS.
            limit: timeouts.wait + timeouts.exchange,
            source: source.name(),
            snapshots: snapshots_sender,
            states: states_sender,
            wake: wake.clone(),
            expired: expired_receiver,
            jitter: rand::random,
        };
        let task = runtime.spawn(refresher.run()).abort_handle();
        Self(Arc::new(Inner {
            source,
            timeouts,
            tools,
            snapshots,
            states,
            wake,
            expired,
            renewal_asked: Mutex::default(),
            runtime,
            task,
        }))
    }

    /// Waits for the outcome of the next exchange, or of a later one if that fails temporarily.
    async fn outcome(
        &self,
        snapshots: &mut watch::Receiver<Snapshot>,
    ) -> Result<SessionCredentials, IdentityError> {
        loop {
            snapshots.changed().await.map_err(|_| stopped())?;
            let snapshot = snapshots.borrow_and_update();
            if let Some(held) = snapshot.valid_at(self.now()) {
                return Ok(held.credentials.clone());
            }
            if let Some(failure) = &snapshot.failure
                && !failure.error.is_transient()
            {
                return Err(failure.error.clone());
            }
        }
    }

    fn why_none(&self, wait: Duration) -> IdentityError {
        match self.state().error() {
            Some(error) => error.clone(),
            None => IdentityError::new(
                Cause::StsUnreachable,
                format!("no credentials within {wait:?}; the first exchange is still in progress"),
            )
            .transient(),
        }
    }

    /// Returns AWS's time.
    fn now(&self) -> SystemTime {
        self.0.tools.sts.time().now()
    }

    /// Records the current time of AWS, as a response of STS does.
    #[cfg(test)]
    pub(crate) fn learn_time(&self, aws: SystemTime) {
        self.0.tools.sts.time().learn(aws);
    }
}

/// Returns a rejection that is too recent to retry.
fn recent_rejection(snapshot: &Snapshot) -> Option<IdentityError> {
    let failure = snapshot.failure.as_ref()?;
    let is_fresh = failure.at.elapsed() < SHORTEST_PAUSE && !failure.error.is_transient();
    is_fresh.then(|| failure.error.clone())
}

/// Warns about a role whose partition differs from that of the region, which STS rejects. It is not an error, because
/// new regions may belong to unknown partitions.
fn warn_of_partitions(role: &RoleArn, region: &Region) {
    let (of_role, of_region) = (role.partition(), region.partition());
    if of_role != of_region {
        tracing::warn!(
            "the role `{role}` is in partition `{of_role}`, but the region `{region}` is in \
             partition `{of_region}`; STS in that region does not know the role"
        );
    }
}

fn stopped() -> IdentityError {
    IdentityError::at(
        Link::StsSession,
        "the renewal of credentials has stopped because the process is shutting down",
    )
}

/// Returns the name of the session: from the settings, `AWS_ROLE_SESSION_NAME`, the name of the pod, or `irsa`.
pub(crate) fn session_name(settings: &IdentitySettings) -> Result<SessionName, IdentityError> {
    if let Some(name) = &settings.session_name {
        return Ok(name.clone());
    }
    let environment = &settings.environment;
    if let Some(name) = environment.get("AWS_ROLE_SESSION_NAME") {
        return name.parse().map_err(|error| {
            let text = format!("`AWS_ROLE_SESSION_NAME`: {error}");
            IdentityError::new(Cause::SessionNameInvalid, text)
        });
    }
    let pod = environment.get("HOSTNAME").unwrap_or("irsa");
    Ok(SessionName::from_pod_name(pod))
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identity")
            .field("source", &self.0.source)
            .field("state", &self.state())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
