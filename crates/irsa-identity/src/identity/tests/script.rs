//! An exchange that follows a script.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use irsa_chain::Cause;

use crate::exchange::{Exchange, Exchanged};
use crate::{Clock, IdentityError, SessionCredentials};

/// The outcome of an exchange: credentials with a lifetime, or an error.
pub(super) type Outcome = Result<Option<Duration>, IdentityError>;

/// A sequence of outcomes, of which the last one repeats. Access keys are named by the number of the call.
#[derive(Debug, Clone)]
pub(super) struct Script {
    outcomes: Vec<Outcome>,
    takes: Duration,
    calls: Arc<AtomicU64>,
    clock: Arc<dyn Clock>,
}

impl Script {
    pub(super) fn new(clock: &Arc<dyn Clock>, outcomes: impl IntoIterator<Item = Outcome>) -> Self {
        Self {
            outcomes: outcomes.into_iter().collect(),
            takes: Duration::ZERO,
            calls: Arc::default(),
            clock: clock.clone(),
        }
    }

    pub(super) fn taking(mut self, takes: Duration) -> Self {
        self.takes = takes;
        self
    }

    pub(super) fn calls(&self) -> u64 {
        self.calls.load(Ordering::Relaxed)
    }
}

impl Exchange for Script {
    fn exchange(&self) -> Exchanged<'_> {
        Box::pin(async {
            let call = self.calls.fetch_add(1, Ordering::Relaxed);
            if !self.takes.is_zero() {
                tokio::time::sleep(self.takes).await;
            }
            let index = usize::try_from(call).unwrap().min(self.outcomes.len() - 1);
            let life = self.outcomes[index].clone()?;
            let end = life.map(|life| self.clock.now() + life);
            let key = format!("KEY-{}", call + 1);
            Ok(SessionCredentials::new(
                key,
                "secret",
                Some("token".into()),
                end,
            ))
        })
    }
}

#[expect(
    clippy::unnecessary_wraps,
    reason = "same type as the outcomes that are errors"
)]
pub(super) fn credentials_for(life: Duration) -> Outcome {
    Ok(Some(life))
}

#[expect(
    clippy::unnecessary_wraps,
    reason = "same type as the outcomes that are errors"
)]
pub(super) fn never_expiring() -> Outcome {
    Ok(None)
}

pub(super) fn transient() -> Outcome {
    Err(IdentityError::new(Cause::StsUnreachable, "no way").transient())
}

pub(super) fn throttled() -> Outcome {
    Err(IdentityError::new(Cause::StsThrottled, "later").transient())
}

pub(super) fn refused() -> Outcome {
    Err(IdentityError::new(Cause::TrustDenied, "no"))
}
