//! Untrusted text and times in reports.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use irsa_chain::untrusted;

/// An untrusted text on one line, truncated if it is long.
pub(super) fn clean(text: &str) -> String {
    untrusted::printable(text).to_string()
}

/// The same in backticks.
pub(super) fn quoted(text: &str) -> String {
    untrusted::quoted(text).to_string()
}

/// A time in seconds since 1970, formatted as `2026-11-25T03:30:00Z`.
pub(super) fn moment(seconds: u64) -> String {
    // The format ends with the year 9999.
    let at = UNIX_EPOCH + Duration::from_secs(seconds.min(253_402_300_799));
    humantime::format_rfc3339_seconds(at).to_string()
}

/// Whole seconds since 1970.
pub(super) fn seconds(at: SystemTime) -> u64 {
    at.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}

/// A duration in its two largest units: `2h 5m`.
pub(super) fn span(seconds: u64) -> String {
    let coarse = match seconds {
        0..7_200 => seconds,
        7_200..172_800 => seconds - seconds % 60,
        _ => seconds - seconds % 3_600,
    };
    humantime::format_duration(Duration::from_secs(coarse)).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_time_is_out_of_range() {
        assert_eq!(moment(0), "1970-01-01T00:00:00Z");
        assert_eq!(moment(u64::MAX), "9999-12-31T23:59:59Z");
        assert_eq!(span(7_325), "2h 2m");
    }
}
