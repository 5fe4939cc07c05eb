//! Dates in HTTP headers (RFC 9110, section 5.6.7).

use std::time::SystemTime;

/// Parses the value of a header such as `Date`. Returns `None` if it is invalid.
pub fn parse_http_date(value: &str) -> Option<SystemTime> {
    httpdate::parse_http_date(value).ok()
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::*;

    #[test]
    fn parses_dates_in_gmt() {
        let at = UNIX_EPOCH + Duration::from_mins(29_925_908);
        assert_eq!(parse_http_date("Tue, 24 Nov 2026 21:08:00 GMT"), Some(at));
        for invalid in ["", "yesterday", "2026-11-24T21:08:00Z", "1795554480"] {
            assert_eq!(parse_http_date(invalid), None, "{invalid}");
        }
    }
}
