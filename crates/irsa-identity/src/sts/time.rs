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

/// AWS's time as AWS told it last; clones share it.
#[derive(Debug, Clone)]
pub(crate) struct AwsTime {
    clock: Arc<dyn Clock>,
    told: Arc<Mutex<Option<Told>>>,
}

#[derive(Debug, Clone, Copy)]
struct Told {
    date: SystemTime,
    /// By the monotonic clock, so that setting the time of day shows at once.
    at: Instant,
    /// By this machine's clock.
    here: SystemTime,
}

/// A clock that is off by less than this is taken to be right: dates are in whole seconds, and take
/// some to arrive.
pub(super) const NOTABLE_OFFSET: Duration = Duration::from_mins(1);

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
    /// AWS's time by `clock`, until AWS tells it.
    pub(crate) fn new(clock: Arc<dyn Clock>) -> Self {
        Self {
            clock,
            told: Arc::default(),
        }
    }

    /// How far the clock is off, as far as anybody has told, to a few seconds.
    pub(crate) fn offset(&self) -> Option<ClockOffset> {
        let told = self.told()?;
        let aws = told.date.checked_add(told.at.elapsed())?;
        Some(ClockOffset::between(self.clock.now(), aws))
    }

    /// The time that expiries are judged by: this machine's, shifted by what it is known to be off.
    ///
    /// Where the machine's clock has jumped since AWS told the time, it was set right, or the machine
    /// slept and the monotonic clock with it. After a sleep the later of the two times counts: a session
    /// that is renewed too early does no harm.
    pub(crate) fn now(&self) -> SystemTime {
        self.correct(self.clock.now())
    }

    /// The same for `here`, a time that this machine's clock shows now.
    pub(crate) fn correct(&self, here: SystemTime) -> SystemTime {
        let Some(told) = self.told() else { return here };
        let Some(aws) = told.date.checked_add(told.at.elapsed()) else {
            return here;
        };
        let is_right = |here, aws| ClockOffset::between(here, aws).amount() < NOTABLE_OFFSET;
        if is_right(here, aws) || is_right(told.here, told.date) {
            return here;
        }
        let shifted = match here.duration_since(told.here) {
            Ok(since) => told.date.checked_add(since),
            Err(error) => told.date.checked_sub(error.duration()),
        };
        shifted.map_or(aws, |shifted| shifted.max(aws))
    }

    /// AWS has just told this time.
    pub(crate) fn learn(&self, date: SystemTime) {
        let told = Told {
            date,
            at: Instant::now(),
            here: self.clock.now(),
        };
        *self.told.lock().unwrap_or_else(PoisonError::into_inner) = Some(told);
    }

    fn told(&self) -> Option<Told> {
        *self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Clock for AwsTime {
    fn now(&self) -> SystemTime {
        self.now()
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

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use super::*;
    use crate::ManualClock;

    const HOUR: Duration = Duration::from_hours(1);

    fn at(seconds: u64) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(1_764_000_000 + seconds)
    }

    fn time(here: u64) -> (ManualClock, AwsTime) {
        let clock = ManualClock::new(at(here));
        (clock.clone(), AwsTime::new(Arc::new(clock)))
    }

    #[tokio::test(start_paused = true)]
    async fn is_shifted_in_both_directions_and_goes_on() {
        for told in [0, 7_200] {
            let (clock, aws) = time(3_600);
            assert_eq!(aws.now(), at(3_600));
            aws.learn(at(told));
            assert_eq!(aws.now(), at(told));
            clock.advance(HOUR);
            tokio::time::advance(HOUR).await;
            assert_eq!(aws.now(), at(told + 3_600));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_clock_that_is_right_is_believed() {
        let (_clock, aws) = time(3_600);
        aws.learn(at(3_610));
        assert_eq!(aws.now(), at(3_600));
    }

    #[tokio::test(start_paused = true)]
    async fn a_machine_that_slept_has_aged_its_sessions() {
        let (clock, aws) = time(3_600);
        aws.learn(at(0));
        clock.advance(HOUR);
        assert_eq!(aws.now(), at(3_600), "the monotonic clock stood still");
    }

    #[tokio::test(start_paused = true)]
    async fn a_clock_that_is_set_right_is_believed_again() {
        for told in [0, 7_200] {
            let (clock, aws) = time(3_600);
            aws.learn(at(told));
            clock.set(at(told + 1));
            assert_eq!(aws.now(), at(told + 1));
        }
    }
}
