//! `Date…` operators (IAM User Guide, "Date condition operators"): the W3C's profile of ISO 8601
//! (NOTE-datetime), or seconds since 1970.

use std::cmp::Ordering;

use super::operator::{Comparison, Compile};
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

/// Since 1970.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Instant {
    seconds: i64,
    nanoseconds: u32,
}

impl Scale for Instant {
    const EXPECTED: &'static str =
        "a date such as `2026-11-25` or `2026-11-25T00:15:00Z`, or seconds since 1970";

    /// Four digits are a year.
    fn parse(text: &str) -> Option<Self> {
        let is_epoch = text.len() != 4 && (1..=12).contains(&text.len());
        if is_epoch && text.bytes().all(|byte| byte.is_ascii_digit()) {
            let seconds = text.parse().ok()?;
            let nanoseconds = 0;
            return Some(Self {
                seconds,
                nanoseconds,
            });
        }
        let (date, time) = match text.split_once('T') {
            Some((date, time)) => (date, Some(time)),
            None => (text, None),
        };
        let days = days(date, time.is_some())?;
        let (seconds, nanoseconds) = time.map_or(Some((0, 0)), time_of_day)?;
        Some(Self {
            seconds: days * 86_400 + seconds,
            nanoseconds,
        })
    }
}

/// Days since 1970 of `YYYY`, `YYYY-MM` or `YYYY-MM-DD`, the last only if `whole`.
fn days(date: &str, whole: bool) -> Option<i64> {
    let mut parts = date.split('-');
    let year = digits(parts.next()?, 4)?;
    let (month, day) = (parts.next(), parts.next());
    if parts.next().is_some() || (whole && day.is_none()) {
        return None;
    }
    let month = month.map_or(Some(1), |month| digits(month, 2))?;
    let day = day.map_or(Some(1), |day| digits(day, 2))?;
    if !(1..=12).contains(&month) || !(1..=days_of(year, month)).contains(&day) {
        return None;
    }
    let before: i64 = (1..month).map(|month| days_of(year, month)).sum();
    Some(days_before(year) - days_before(1970) + before + day - 1)
}

/// Days from year 0 to the first of this year.
fn days_before(year: i64) -> i64 {
    let leap_years = (year + 3) / 4 - (year + 99) / 100 + (year + 399) / 400;
    year * 365 + leap_years
}

fn days_of(year: i64, month: i64) -> i64 {
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    match month {
        2 => 28 + i64::from(is_leap),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Seconds and nanoseconds since midnight UTC of `hh:mm`, `hh:mm:ss` or `hh:mm:ss.s`, with a zone.
fn time_of_day(time: &str) -> Option<(i64, u32)> {
    let (clock, offset) = split_zone(time)?;
    let (clock, nanoseconds) = match clock.split_once('.') {
        Some((clock, fraction)) if clock.len() == 8 => (clock, nanoseconds(fraction)?),
        Some(_) => return None,
        None => (clock, 0),
    };
    let (minutes, seconds) = match clock.len() {
        8 => clock.rsplit_once(':')?,
        _ => (clock, "00"),
    };
    let seconds = digits(seconds, 2).filter(|seconds| *seconds < 60)?;
    Some((hours_and_minutes(minutes)? + seconds - offset, nanoseconds))
}

/// What stands before the zone, and how many seconds the zone is ahead of UTC.
fn split_zone(time: &str) -> Option<(&str, i64)> {
    if let Some(clock) = time.strip_suffix('Z') {
        return Some((clock, 0));
    }
    let (clock, zone) = time.split_at_checked(time.len().checked_sub(6)?)?;
    let (sign, zone) = zone.split_at_checked(1)?;
    let ahead = hours_and_minutes(zone)?;
    match sign {
        "+" => Some((clock, ahead)),
        "-" => Some((clock, -ahead)),
        _ => None,
    }
}

/// Seconds of `hh:mm`.
fn hours_and_minutes(text: &str) -> Option<i64> {
    let (hours, minutes) = text.split_once(':')?;
    let (hours, minutes) = (digits(hours, 2)?, digits(minutes, 2)?);
    (hours < 24 && minutes < 60).then_some(hours * 3600 + minutes * 60)
}

fn nanoseconds(fraction: &str) -> Option<u32> {
    let is_fraction =
        (1..=9).contains(&fraction.len()) && fraction.bytes().all(|byte| byte.is_ascii_digit());
    is_fraction.then(|| format!("{fraction:0<9}").parse().ok())?
}

fn digits(text: &str, count: usize) -> Option<i64> {
    let is_number = text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| text.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(text: &str) -> Option<i64> {
        Instant::parse(text).map(|instant| instant.seconds)
    }

    // The first values are those of `date --utc --date=… +%s`.
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
    fn other_texts_are_no_dates() {
        for text in [
            "",
            "yesterday",
            "2020-1-1",
            "2020-13-01",
            "2021-02-29",
            "2020-01-00",
            "2020-01-01T",
            "2020-01-01T00:00:00",
            "2020-01T00:00:00Z",
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
            "1577836800000",
        ] {
            assert_eq!(seconds(text), None, "{text}");
        }
    }
}
