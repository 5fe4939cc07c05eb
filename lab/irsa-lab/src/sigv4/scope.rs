//! Credential scopes and timestamps.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use time::{Date, Month, OffsetDateTime};

use crate::clock::unix_seconds;

/// The scope of a signature: `DATE/REGION/SERVICE/aws4_request`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CredentialScope<'a> {
    /// The date: `20261124`.
    pub date: &'a str,
    /// The region: `eu-central-1`.
    pub region: &'a str,
    /// The service: `sts`, `rds-db`.
    pub service: &'a str,
}

impl<'a> CredentialScope<'a> {
    /// Splits `ACCESS-KEY/DATE/REGION/SERVICE/aws4_request`.
    pub(super) fn parse_credential(credential: &'a str) -> Option<(&'a str, Self)> {
        let mut parts = credential.split('/');
        let access_key_id = parts.next().filter(|key| !key.is_empty())?;
        let scope = Self {
            date: parts.next()?,
            region: parts.next()?,
            service: parts.next()?,
        };
        let ends_well = parts.next() == Some("aws4_request") && parts.next().is_none();
        let ends_well = ends_well && scope.date.len() == 8;
        ends_well.then_some((access_key_id, scope))
    }

    /// Returns the scope as in the string to sign.
    pub(super) fn text(&self) -> String {
        format!(
            "{}/{}/{}/aws4_request",
            self.date, self.region, self.service
        )
    }
}

/// Parses `20261124T210800Z`, and no other format.
pub(crate) fn parse_amz_date(text: &str) -> Option<SystemTime> {
    let (date, clock) = text.strip_suffix('Z')?.split_once('T')?;
    if date.len() != 8 || clock.len() != 6 {
        return None;
    }
    let month = Month::try_from(u8::try_from(number(date, 4, 2)?).ok()?).ok()?;
    let day = u8::try_from(number(date, 6, 2)?).ok()?;
    let at = Date::from_calendar_date(i32::from(number(date, 0, 4)?), month, day).ok()?;
    let part = |from| u8::try_from(number(clock, from, 2)?).ok();
    let seconds = at
        .with_hms(part(0)?, part(2)?, part(4)?)
        .ok()?
        .assume_utc()
        .unix_timestamp();
    UNIX_EPOCH.checked_add(Duration::from_secs(u64::try_from(seconds).ok()?))
}

/// Formats a time as `20261124T210800Z`.
pub(crate) fn amz_date(at: SystemTime) -> String {
    let seconds = i64::try_from(unix_seconds(at)).unwrap_or_default();
    let time = OffsetDateTime::from_unix_timestamp(seconds).unwrap_or(OffsetDateTime::UNIX_EPOCH);
    let (year, month, day) = time.to_calendar_date();
    let (hour, minute, second) = time.to_hms();
    format!(
        "{year:04}{:02}{day:02}T{hour:02}{minute:02}{second:02}Z",
        u8::from(month)
    )
}

/// Parses a number of exactly `length` digits.
fn number(text: &str, from: usize, length: usize) -> Option<u16> {
    let digits = text.get(from..from + length)?;
    digits
        .bytes()
        .all(|byte| byte.is_ascii_digit())
        .then(|| digits.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timestamps_round_trip() {
        let at = parse_amz_date("20261124T210800Z").unwrap();
        assert_eq!(amz_date(at), "20261124T210800Z");
    }

    #[test]
    fn rejects_other_timestamps() {
        for text in [
            "",
            "20261124T210800",
            "20261124T210800+",
            "20261324T210800Z",
            "2026-11-24T21:08Z",
            "19691231T235959Z",
        ] {
            assert_eq!(parse_amz_date(text), None, "{text}");
        }
    }

    #[test]
    fn rejects_other_credentials() {
        assert!(CredentialScope::parse_credential("AKID/20261124/r/s/aws4_request").is_some());
        for text in [
            "",
            "AKID/20261124/r/s",
            "AKID/20261124/r/s/aws3_request",
            "/20261124/r/s/aws4_request",
            "A/20261124/r/s/aws4_request/",
            "A/2026112/r/s/aws4_request",
        ] {
            assert_eq!(CredentialScope::parse_credential(text), None, "{text}");
        }
    }
}
