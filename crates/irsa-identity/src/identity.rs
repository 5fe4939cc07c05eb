//! An identity: one role session that renews itself.

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
    IdentityError, IdentitySettings, IdentityState, ResolvedSource, RoleStep, SessionCredentials,
    Timeouts,
};

mod renewal;

/// A role session that renews itself in the background; clones share it.
///
/// May be used from any thread and any tokio runtime whose timers are on. Renewal stops when the
/// last clone is dropped, or with the runtime that it was started on.
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
    /// When the last renewal of a session that AWS calls expired was asked for.
    renewal_asked: Mutex<Option<Instant>>,
    runtime: Handle,
    task: AbortHandle,
}

impl Identity {
    /// Decides the source and starts to renew on the current tokio runtime; does not wait for STS.
    ///
    /// # Errors
    /// For what is wrong with the settings or the environment. What is wrong elsewhere shows in
    /// [`Identity::state`] and [`Identity::credentials`].
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    pub fn start(settings: IdentitySettings, clock: Arc<dyn Clock>) -> Result<Self, IdentityError> {
        let source = ResolvedSource::resolve(&settings.choice, &settings.environment)?;
        for warning in source.warnings() {
            tracing::warn!("{warning}");
        }
        let settings = Arc::new(settings);
        let http = Http::new(&settings)?;
        let tools = Tools {
            sts: Sts::new(settings.clone(), http.clone(), clock.clone()),
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

    /// Valid credentials: those of the last exchange, during an outage of STS too, for as long as
    /// they live.
    ///
    /// With none to give, a passing fault is waited out for [`Timeouts::wait`]; a refusal is
    /// reported at once, and is at most a few seconds old.
    ///
    /// # Errors
    /// Why there are no credentials.
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
            if let Some(refusal) = fresh_refusal(&snapshot) {
                return Err(refusal);
            }
        }
        self.0.wake.notify_one();
        let wait = self.0.timeouts.wait;
        let outcome = tokio::time::timeout(wait, self.outcome(&mut snapshots)).await;
        outcome.unwrap_or_else(|_| Err(self.why_none(wait)))
    }

    /// AWS has just told this time, as in the `Date` of an answer: expiries are judged by it.
    pub fn learn_time(&self, aws: SystemTime) {
        self.0.tools.sts.time().learn(aws);
    }

    /// Reads the files of certificate authorities again, for connections to AWS from now on: of this identity, and of
    /// those that are chained to it.
    ///
    /// # Errors
    /// A file can't be read or holds no certificate; the authorities stay as they are.
    pub fn read_roots_again(&self, settings: &IdentitySettings) -> Result<(), IdentityError> {
        self.0.tools.http.read_roots_again(settings)
    }

    /// One more role on top of this identity, renewed by itself.
    ///
    /// # Errors
    /// When no region is known for STS, or the endpoint's URL is none.
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

    /// Who STS says this identity is.
    ///
    /// # Errors
    /// As [`Identity::credentials`], or what STS refused.
    pub async fn caller(&self) -> Result<CallerIdentity, IdentityError> {
        let identity = self.clone();
        // On the identity's own runtime: pooled connections must not outlive a caller's.
        let asked = self.0.runtime.spawn(async move {
            let credentials = identity.credentials().await?;
            identity.0.tools.sts.caller_identity(&credentials).await
        });
        asked.await.unwrap_or_else(|_| Err(stopped()))
    }

    /// Calls another API of AWS's with this identity; the answer must be there within `limit`.
    ///
    /// # Errors
    /// That there are no credentials, or no answer. A refusal of the API's is an answer.
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

    /// The state now. If the clock was set or the machine slept, and an exchange is due, it begins immediately.
    pub fn state(&self) -> IdentityState {
        let now = self.now();
        let snapshot = self.0.snapshots.borrow();
        if snapshot.is_overdue(now) {
            self.0.wake.notify_one();
        }
        snapshot.state(now)
    }

    /// How many exchanges have been made.
    pub fn counters(&self) -> IdentityCounters {
        self.0.snapshots.borrow().counters
    }

    /// When the credentials that are held are to be renewed; `None` where none are held.
    pub fn renews_at(&self) -> Option<SystemTime> {
        let snapshot = self.0.snapshots.borrow();
        snapshot.held.as_ref().map(|held| held.refresh_at)
    }

    /// The state after each exchange. That credentials ended shows in [`Identity::state`] at once
    /// and here with the next exchange, at most a minute later.
    pub fn watch(&self) -> watch::Receiver<IdentityState> {
        self.0.states.clone()
    }

    /// How far this machine's clock is off by what STS said last, to a few seconds; `None` where
    /// STS has said nothing, as from sources that do without it.
    pub fn clock_offset(&self) -> Option<ClockOffset> {
        self.0.tools.sts.clock_offset()
    }

    /// AWS's time where this machine's clock shows `here`: signatures are dated by it. It is `here` unless AWS has told a
    /// time that differs by a minute or more.
    pub fn aws_time(&self, here: SystemTime) -> SystemTime {
        self.0.tools.sts.time().correct(here)
    }

    /// The source that was decided on.
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
            // A chained role waits for its parent's credentials before it asks STS.
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

    /// What the next exchange to end comes to, or a later one if it fails in passing.
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
                format!("no credentials came within {wait:?}; the first exchange goes on"),
            )
            .transient(),
        }
    }

    /// AWS's time.
    fn now(&self) -> SystemTime {
        self.0.tools.sts.time().now()
    }
}

/// A refusal that is too new to be asked about again.
fn fresh_refusal(snapshot: &Snapshot) -> Option<IdentityError> {
    let failure = snapshot.failure.as_ref()?;
    let is_fresh = failure.at.elapsed() < SHORTEST_PAUSE && !failure.error.is_transient();
    is_fresh.then(|| failure.error.clone())
}

/// A role and an STS of different partitions never meet. Regions yet to open may belong to
/// partitions yet to be known, so that this is no error.
fn warn_of_partitions(role: &RoleArn, region: &Region) {
    let (of_role, of_region) = (role.partition(), region.partition());
    if of_role != of_region {
        tracing::warn!(
            "the role `{role}` is of the partition `{of_role}`, the region `{region}` of \
             `{of_region}`: STS will not know the role"
        );
    }
}

fn stopped() -> IdentityError {
    IdentityError::at(
        Link::StsSession,
        "the renewal of credentials has stopped: shutting down",
    )
}

/// The session's name: settings, `AWS_ROLE_SESSION_NAME`, the pod's name, `irsa`.
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
