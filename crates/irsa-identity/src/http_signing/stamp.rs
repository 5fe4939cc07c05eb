//! The time of a signature.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use time::OffsetDateTime;

/// The last second of the year 9999, in seconds since the epoch.
const END_OF_9999: u64 = 253_402_300_799;

/// A time in the format of SigV4, in UTC: `20251124T160000Z`.
pub(super) struct Stamp {
    time: SystemTime,
    second: String,
}

impl Stamp {
    pub(super) fn new(at: SystemTime) -> Self {
        let since_epoch = at.duration_since(UNIX_EPOCH).unwrap_or_default();
        let time = UNIX_EPOCH + Duration::from_secs(since_epoch.as_secs().min(END_OF_9999));
        let utc = OffsetDateTime::from(time);
        let (year, month, day) = utc.to_calendar_date();
        let month = u8::from(month);
        let (hour, minute, second) = utc.to_hms();
        let second = format!("{year:04}{month:02}{day:02}T{hour:02}{minute:02}{second:02}Z");
        Self { time, second }
    }

    /// Returns the time, in whole seconds.
    pub(super) fn time(&self) -> SystemTime {
        self.time
    }

    /// Returns the time to the second: `20251124T160000Z`.
    pub(super) fn second(&self) -> &str {
        &self.second
    }

    /// Returns the day: `20251124`.
    pub(super) fn day(&self) -> &str {
        self.second.get(..8).unwrap_or_default()
    }
}
