//! AWS's time, as derived from responses of STS. A node with a wrong clock creates invalid signatures, and the unsigned
//! exchange is the first to detect that.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::context::BeforeDeserializationInterceptorContextRef;
use aws_smithy_runtime_api::client::interceptors::{Intercept, dyn_dispatch_hint};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::ConfigBag;
use irsa_net::http_date::parse_http_date;
use tokio::time::Instant;

use crate::Clock;

/// The offset of this machine's clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClockOffset {
    /// It is behind AWS's clock.
    Behind(Duration),
    /// It is ahead of AWS's clock.
    Ahead(Duration),
}

/// AWS's time according to its last response. Clones share it.
#[derive(Debug, Clone)]
pub(crate) struct AwsTime {
    clock: Arc<dyn Clock>,
    told: Arc<Mutex<Option<Told>>>,
}

#[derive(Debug, Clone, Copy)]
struct Told {
    date: SystemTime,
    /// By the monotonic clock, so that a change of the time is noticed immediately.
    at: Instant,
    /// By this machine's clock.
    here: SystemTime,
}

/// The minimum offset. Smaller ones are ignored, because dates have whole seconds and are delayed by the network.
pub(super) const NOTABLE_OFFSET: Duration = Duration::from_mins(1);

impl ClockOffset {
    /// Returns the amount of the offset.
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
    /// Creates AWS's time, which equals that of `clock` until the first response.
    pub(crate) fn new(clock: Arc<dyn Clock>) -> Self {
        Self {
            clock,
            told: Arc::default(),
        }
    }

    /// Returns the offset of the clock, if known, with an accuracy of a few seconds.
    pub(crate) fn offset(&self) -> Option<ClockOffset> {
        let told = self.told()?;
        let aws = told.date.checked_add(told.at.elapsed())?;
        Some(ClockOffset::between(self.clock.now(), aws))
    }

    /// Returns AWS's current time: that of this machine, corrected by the known offset.
    ///
    /// If the machine's clock has jumped since the last response, either it was set, or the machine was suspended and
    /// the monotonic clock stopped. The later of the two possible times counts, because an early renewal of a session
    /// is harmless.
    pub(crate) fn now(&self) -> SystemTime {
        self.correct(self.clock.now())
    }

    /// Corrects `here`, the current time of this machine's clock.
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

    /// Records the current time of AWS.
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

    /// Error responses have a date as well.
    fn read_before_deserialization(
        &self,
        context: &BeforeDeserializationInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        _config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let date = context.response().headers().get("date");
        if let Some(date) = date.and_then(parse_http_date) {
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
    async fn corrects_the_clock_in_both_directions() {
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
    async fn a_correct_clock_is_not_changed() {
        let (_clock, aws) = time(3_600);
        aws.learn(at(3_610));
        assert_eq!(aws.now(), at(3_600));
    }

    #[tokio::test(start_paused = true)]
    async fn a_suspended_machine_ages_its_sessions() {
        let (clock, aws) = time(3_600);
        aws.learn(at(0));
        clock.advance(HOUR);
        assert_eq!(aws.now(), at(3_600), "the monotonic clock stood still");
    }

    #[tokio::test(start_paused = true)]
    async fn a_corrected_clock_is_used_again() {
        for told in [0, 7_200] {
            let (clock, aws) = time(3_600);
            aws.learn(at(told));
            clock.set(at(told + 1));
            assert_eq!(aws.now(), at(told + 1));
        }
    }
}
