//! `Date…` operators (IAM User Guide, "Date condition operators"): the W3C profile of ISO 8601 (NOTE-datetime), or
//! seconds since 1970.
//!
//! IAM accepts more than the profile: lower case, one digit instead of two, and times without seconds or minutes. A
//! time without a zone is in UTC.

use std::cmp::Ordering;

use super::comparison::{Comparison, Compile};
use super::ordered::{Scale, compile};

pub(super) const COMPARISONS: &[Comparison] = &[
    Comparison::positive("DateEquals", EQUALS),
    Comparison::negated("DateNotEquals", EQUALS),
    Comparison::positive("DateLessThan", LESS),
    Comparison::positive("DateLessThanEquals", LESS_OR_EQUAL),
    Comparison::positive("DateGreaterThan", GREATER),
    Comparison::positive("DateGreaterThanEquals", GREATER_OR_EQUAL),
];

const EQUALS: Compile = Compile::Texts(|values| compile::<Instant>(values, Ordering::is_eq));
const LESS: Compile = Compile::Texts(|values| compile::<Instant>(values, Ordering::is_lt));
const LESS_OR_EQUAL: Compile = Compile::Texts(|values| compile::<Instant>(values, Ordering::is_le));
const GREATER: Compile = Compile::Texts(|values| compile::<Instant>(values, Ordering::is_gt));
const GREATER_OR_EQUAL: Compile =
    Compile::Texts(|values| compile::<Instant>(values, Ordering::is_ge));

/// A point in time, relative to 1970.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Instant {
    seconds: i64,
    nanoseconds: u32,
}

impl Scale for Instant {
    const EXPECTED: &'static str =
        "a date such as `2026-11-25` or `2026-11-25T00:15:00Z`, or seconds since 1970";

    /// Parses four digits as a year and all other numbers as seconds.
    fn parse(text: &str) -> Option<Self> {
        if text.len() != 4 && text.bytes().all(|byte| byte.is_ascii_digit()) {
            let (seconds, nanoseconds) = (text.parse().ok()?, 0);
            return Some(Self {
                seconds,
                nanoseconds,
            });
        }
        let (date, time) = text.split_once(['T', 't']).unwrap_or((text, ""));
        let (seconds, nanoseconds) = match time {
            "" => (0, 0),
            time => time_of_day(time)?,
        };
        Some(Self {
            seconds: days(date)? * 86_400 + seconds,
            nanoseconds,
        })
    }
}

/// The days from 1970 to `YYYY`, `YYYY-MM` or `YYYY-MM-DD`.
fn days(date: &str) -> Option<i64> {
    let mut parts = date.split('-');
    let year = number(parts.next()?, 9)?;
    let month = parts.next().map_or(Some(1), |month| number(month, 2))?;
    let day = parts.next().map_or(Some(1), |day| number(day, 2))?;
    let is_day = (1..=12).contains(&month) && (1..=days_in_month(year, month)).contains(&day);
    if parts.next().is_some() || !is_day {
        return None;
    }
    let before: i64 = (1..month).map(|month| days_in_month(year, month)).sum();
    Some(days_before(year) - days_before(1970) + before + day - 1)
}

/// The days from year 0 to January 1 of this year.
fn days_before(year: i64) -> i64 {
    let leap_years = (year + 3) / 4 - (year + 99) / 100 + (year + 399) / 400;
    year * 365 + leap_years
}

fn days_in_month(year: i64, month: i64) -> i64 {
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    match month {
        2 => 28 + i64::from(is_leap),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// The seconds and nanoseconds since midnight UTC of `hh`, `hh:mm`, `hh:mm:ss` or `hh:mm:ss.s`, with or without a zone.
fn time_of_day(time: &str) -> Option<(i64, u32)> {
    let (clock, ahead) = split_zone(time)?;
    let mut parts = clock.splitn(3, ':');
    let hours = number(parts.next()?, 2).filter(|hours| *hours < 24)?;
    let minutes = parts.next().map_or(Some(0), sixtieths)?;
    let (seconds, fraction) = match parts.next() {
        Some(part) => part.split_once('.').unwrap_or((part, "0")),
        None => ("0", "0"),
    };
    let seconds = hours * 3600 + minutes * 60 + sixtieths(seconds)?;
    Some((seconds - ahead, nanoseconds(fraction)?))
}

/// Splits a time into the clock time and the offset of its zone from UTC in seconds: `Z`, `+hh:mm`, `+hhmm` or `+hh`.
fn split_zone(time: &str) -> Option<(&str, i64)> {
    if let Some(clock) = time.strip_suffix(['Z', 'z']) {
        return Some((clock, 0));
    }
    let Some((clock, zone)) = time.rsplit_once(['+', '-']) else {
        return Some((time, 0));
    };
    let (hours, minutes) = zone.split_at_checked(2)?;
    let minutes = minutes.strip_prefix(':').unwrap_or(minutes);
    let minutes = match minutes.len() {
        0 if zone.len() == 2 => 0,
        2 => sixtieths(minutes)?,
        _ => return None,
    };
    let hours = number(hours, 2).filter(|hours| *hours < 24)?;
    let ahead = hours * 3600 + minutes * 60;
    let is_ahead = time.get(clock.len()..)?.starts_with('+');
    Some((clock, if is_ahead { ahead } else { -ahead }))
}

/// Parses a minute or a second.
fn sixtieths(text: &str) -> Option<i64> {
    number(text, 2).filter(|count| *count < 60)
}

fn nanoseconds(fraction: &str) -> Option<u32> {
    let is_fraction =
        (1..=9).contains(&fraction.len()) && fraction.bytes().all(|byte| byte.is_ascii_digit());
    is_fraction.then(|| format!("{fraction:0<9}").parse().ok())?
}

/// Parses a number of at most `digits` digits.
fn number(text: &str, digits: usize) -> Option<i64> {
    let is_number =
        (1..=digits).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| text.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(text: &str) -> Option<i64> {
        Instant::parse(text).map(|instant| instant.seconds)
    }

    // The first values were computed with `date --utc --date=… +%s`.
    #[test]
    fn dates_are_points_in_time() {
        for (text, expected) in [
            ("1970-01-01T00:00:00Z", 0),
            ("2020-02-29T12:34:56Z", 1_582_979_696),
            ("2100-03-01T00:00:00Z", 4_107_542_400),
            ("1969-12-31T23:59:59Z", -1),
            ("2000-12-31", 978_220_800),
            ("2020-01", 1_577_836_800),
            ("2020", 1_577_836_800),
            ("1577836800", 1_577_836_800),
            ("2020-01-01T01:00+01:00", 1_577_836_800),
            ("2019-12-31T22:30:00-01:30", 1_577_836_800),
            ("2020-1-1t0:00:00z", 1_577_836_800),
            ("2020-01-01T", 1_577_836_800),
            ("2020-01-01T00:00:00", 1_577_836_800),
            ("2020-01T01+01", 1_577_836_800),
            ("2020-01-01T01:00+0100", 1_577_836_800),
            ("9223372036854775807", i64::MAX),
        ] {
            assert_eq!(seconds(text), Some(expected), "{text}");
        }
    }

    #[test]
    fn fractions_of_a_second_count() {
        let order = |a, b| Instant::parse(a).cmp(&Instant::parse(b));
        let whole = "2020-01-01T00:00:00Z";
        assert_eq!(order("2020-01-01T00:00:00.000Z", whole), Ordering::Equal);
        assert_eq!(order("2020-01-01T00:00:00.01Z", whole), Ordering::Greater);
    }

    #[test]
    fn other_texts_are_not_dates() {
        for text in [
            "",
            "yesterday",
            "2020-13-01",
            "2021-02-29",
            "2020-01-00",
            "2020-01-01T24:00:00Z",
            "2020-01-01T00:60:00Z",
            "2020-01-01T00:00:60Z",
            "2020-01-01T00:00:00.Z",
            "2020-01-01T00:00.5Z",
            "2020-01-01 00:00:00Z",
            "2020-01-01T00:00:00é01:00",
            "20200101T000000Z",
            "2020-*",
            "-1",
            "2020-01-01T00:00:00+1",
            "2020-01-01T00:00:00+1:00",
            "2020-01-01T00:00:00+01:",
            "2020-01-01T00:00:00.1999999999Z",
            "9223372036854775808",
        ] {
            assert_eq!(seconds(text), None, "{text}");
        }
    }
}
