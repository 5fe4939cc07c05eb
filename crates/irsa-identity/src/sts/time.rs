//! What STS's answers tell of the time: a node whose clock is wrong signs what AWS refuses, and the
//! exchange, which is not signed, is the first to know.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::context::BeforeDeserializationInterceptorContextRef;
use aws_smithy_runtime_api::client::interceptors::{Intercept, dyn_dispatch_hint};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::ConfigBag;
use tokio::time::Instant;

use super::http_date;
use crate::Clock;

/// How far this machine's clock is off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClockOffset {
    /// It shows a time that AWS had before.
    Behind(Duration),
    /// It shows a time that AWS is yet to have.
    Ahead(Duration),
}

/// AWS's time as STS told it last; clones share it.
#[derive(Debug, Clone, Default)]
pub(crate) struct AwsTime(Arc<Mutex<Option<Told>>>);

#[derive(Debug, Clone, Copy)]
struct Told {
    date: SystemTime,
    /// By the monotonic clock, so that setting the time of day shows at once.
    at: Instant,
}

impl ClockOffset {
    /// By how much.
    pub fn amount(self) -> Duration {
        match self {
            Self::Behind(amount) | Self::Ahead(amount) => amount,
        }
    }

    fn between(here: SystemTime, aws: SystemTime) -> Self {
        match aws.duration_since(here) {
            Ok(behind) => Self::Behind(behind),
            Err(error) => Self::Ahead(error.duration()),
        }
    }
}

impl fmt::Display for ClockOffset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.amount().as_secs();
        match self {
            Self::Behind(_) => write!(f, "this machine's clock is {seconds} s behind AWS's"),
            Self::Ahead(_) => write!(f, "this machine's clock is {seconds} s ahead of AWS's"),
        }
    }
}

impl AwsTime {
    /// How far `clock` is off, as far as anybody has told, to a few seconds.
    pub(crate) fn offset(&self, clock: &dyn Clock) -> Option<ClockOffset> {
        let told = (*self.0.lock().unwrap_or_else(PoisonError::into_inner))?;
        let aws = told.date.checked_add(told.at.elapsed())?;
        Some(ClockOffset::between(clock.now(), aws))
    }

    fn learn(&self, date: SystemTime) {
        let told = Told {
            date,
            at: Instant::now(),
        };
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(told);
    }
}

#[dyn_dispatch_hint]
impl Intercept for AwsTime {
    fn name(&self) -> &'static str {
        "AwsTime"
    }

    /// Refusals have a date as well.
    fn read_before_deserialization(
        &self,
        context: &BeforeDeserializationInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        _config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let date = context.response().headers().get("date");
        if let Some(date) = date.and_then(http_date) {
            self.learn(date);
        }
        Ok(())
    }
}
