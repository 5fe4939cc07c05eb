//! The time of a request.

use std::time::SystemTime;

use irsa_chain::timestamp::{rfc3339, unix_seconds};

/// A time in the formats of condition keys.
#[derive(Debug)]
pub(super) struct Time {
    /// In ISO 8601 format, in UTC.
    pub(super) text: String,
    /// In seconds since 1970.
    pub(super) seconds: u64,
}

// === impl Time ===

impl Time {
    pub(super) fn new(at: SystemTime) -> Self {
        Self {
            text: rfc3339(at),
            seconds: unix_seconds(at),
        }
    }
}

/// Parses a time from the command line: RFC 3339 in UTC, or a date.
pub(super) fn parse(text: &str) -> Result<SystemTime, String> {
    let at = match text.len() {
        10 => humantime::parse_rfc3339_weak(&format!("{text} 00:00:00")),
        _ => humantime::parse_rfc3339_weak(text),
    };
    at.map_err(|_| {
        format!("`{text}` is not a time in UTC; expected for example 2027-01-31T12:00:00Z")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_dates_are_in_utc() {
        for (text, seconds) in [
            ("2027-01-31T12:00:00Z", Some(1_801_396_800)),
            ("2027-01-31 12:00:00", Some(1_801_396_800)),
            ("2027-01-31", Some(1_801_353_600)),
            ("1970-01-01T00:00:00Z", Some(0)),
            ("2027-01-31T12:00:00+02:00", None),
            ("2027-02-31", None),
            ("now", None),
            ("", None),
        ] {
            let found = parse(text).ok().map(|at| Time::new(at).seconds);
            assert_eq!(found, seconds, "{text}");
        }
    }
}
