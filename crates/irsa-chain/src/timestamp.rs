//! Times in RFC 3339 format.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// The last second that RFC 3339 can represent: 9999-12-31T23:59:59Z.
const LAST_SECOND: u64 = 253_402_300_799;

/// Formats a time in UTC with whole seconds, such as `2026-11-24T21:08:00Z`.
///
/// Times before 1970 and after the year 9999, which an identity source may return, are formatted as the nearest time in
/// that range.
pub fn rfc3339(at: SystemTime) -> String {
    rfc3339_from_unix(unix_seconds(at))
}

/// Formats a time in seconds since 1970, such as a claim of a token, like [`rfc3339`].
pub fn rfc3339_from_unix(seconds: u64) -> String {
    let at = UNIX_EPOCH + Duration::from_secs(seconds.min(LAST_SECOND));
    OffsetDateTime::from(at)
        .format(&Rfc3339)
        .unwrap_or_default()
}

/// Parses a time with or without fractions of a second, in UTC or with an offset. Returns `None` if it is invalid.
pub fn parse_rfc3339(text: &str) -> Option<SystemTime> {
    let time = OffsetDateTime::parse(text, &Rfc3339).ok()?;
    Some(time.into())
}

/// Returns the whole seconds since 1970; 0 for earlier times.
pub fn unix_seconds(at: SystemTime) -> u64 {
    at.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_whole_seconds_in_utc() {
        let at = UNIX_EPOCH + Duration::from_millis(1_795_554_480_900);
        assert_eq!(rfc3339(at), "2026-11-24T21:08:00Z");
    }

    #[test]
    fn times_out_of_range_become_the_nearest_time() {
        let late = UNIX_EPOCH + Duration::from_secs(i64::MAX.unsigned_abs());
        assert_eq!(rfc3339(late), "9999-12-31T23:59:59Z");
        assert_eq!(rfc3339_from_unix(u64::MAX), "9999-12-31T23:59:59Z");
        let early = UNIX_EPOCH - Duration::from_secs(i64::MAX.unsigned_abs());
        assert_eq!(rfc3339(early), "1970-01-01T00:00:00Z");
    }

    #[test]
    fn parses_offsets_and_fractions() {
        let at = UNIX_EPOCH + Duration::from_hours(490_000);
        assert_eq!(parse_rfc3339("2025-11-24T16:00:00Z"), Some(at));
        assert_eq!(parse_rfc3339("2025-11-24T17:00:00+01:00"), Some(at));
        assert_eq!(
            parse_rfc3339("2025-11-24T16:00:00.123456789Z"),
            Some(at + Duration::from_nanos(123_456_789))
        );
        assert_eq!(parse_rfc3339("tomorrow"), None);
        assert_eq!(parse_rfc3339("2025-11-24T16:00:00"), None);
    }
}
