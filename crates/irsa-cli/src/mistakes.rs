//! All that is wrong with the configuration, collected so that one run names every mistake.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::num::NonZeroUsize;
use std::str::FromStr;
use std::time::Duration;

use humantime::DurationError;
use irsa_net::listen::ListenAddress;

/// Sentences about what is wrong with the configuration.
#[derive(Debug, Default)]
pub struct Mistakes {
    sentences: Vec<String>,
    /// By flag: what to call a setting that was not typed, but came from elsewhere.
    origins: BTreeMap<String, String>,
}

// === impl Mistakes ===

impl Mistakes {
    /// The mistakes, each as a sentence.
    pub fn sentences(&self) -> &[String] {
        &self.sentences
    }

    /// Settings that were not typed are called by where they are from, not by their flags.
    #[must_use]
    pub fn with_origins(self, origins: BTreeMap<String, String>) -> Self {
        Self { origins, ..self }
    }

    /// Goes on with `value` if nothing was wrong.
    pub fn or<T>(self, value: T) -> Result<T, Self> {
        if self.sentences.is_empty() {
            Ok(value)
        } else {
            Err(self)
        }
    }

    /// Adds a mistake.
    pub fn add(&mut self, sentence: impl Into<String>) {
        self.sentences.push(sentence.into());
    }

    /// Adds mistakes.
    pub fn extend(&mut self, sentences: Vec<String>) {
        self.sentences.extend(sentences);
    }

    /// Returns the value, or adds the error.
    pub fn collect<T>(&mut self, outcome: Result<T, impl Display>) -> Option<T> {
        outcome
            .map_err(|sentence| self.add(sentence.to_string()))
            .ok()
    }

    /// What came of the setting `flag`.
    pub fn check<T>(&mut self, flag: &str, outcome: Result<T, impl Display>) -> Option<T> {
        let origin = self.origins.get(flag).map_or(flag, String::as_str);
        let outcome = outcome.map_err(|problem| format!("{origin}: {problem}"));
        self.collect(outcome)
    }

    /// Parses the value of the setting `flag`, if it has one.
    pub fn parse<T>(&mut self, flag: &str, value: Option<&str>) -> Option<T>
    where
        T: FromStr,
        T::Err: Display,
    {
        let value = value.filter(|value| !value.is_empty())?;
        self.check(flag, value.parse())
    }

    /// A duration such as `30s`, of at most a year.
    pub fn duration(&mut self, flag: &str, value: &str) -> Option<Duration> {
        self.check(flag, duration(value))
    }

    /// How long something may take. No time at all would fail each time, where elsewhere 0 often means no limit.
    pub fn timeout(&mut self, flag: &str, value: &str) -> Option<Duration> {
        self.some_time(flag, value, "expected for instance `30s`")
    }

    /// The same, or `never`.
    pub fn timeout_or_never(&mut self, flag: &str, value: &str) -> Option<Duration> {
        if value == "never" {
            None
        } else {
            self.some_time(flag, value, "for no limit say `never`")
        }
    }

    fn some_time(&mut self, flag: &str, value: &str, advice: &str) -> Option<Duration> {
        let time = self.duration(flag, value)?;
        let some = (!time.is_zero()).then_some(time);
        self.check(
            flag,
            some.ok_or_else(|| format!("`{value}` leaves no time at all; {advice}")),
        )
    }

    /// A size such as `64MiB`, in bytes.
    pub fn size(&mut self, flag: &str, value: &str) -> Option<u64> {
        let size = bytes(value).ok_or_else(|| {
            format!("`{value}` is not a size; expected for instance `64MiB` or `500k`")
        });
        self.check(flag, size)
    }

    /// An address, or `off`.
    pub fn address_or_off(&mut self, flag: &str, value: &str) -> Option<ListenAddress> {
        if value == "off" {
            None
        } else {
            self.parse(flag, Some(value))
        }
    }

    /// A number that is not zero.
    pub fn count(&mut self, flag: &str, value: &str) -> Option<usize> {
        let count = value.parse().map(NonZeroUsize::get);
        self.check(
            flag,
            count.map_err(|_| format!("`{value}` is not a number from 1 on")),
        )
    }
}

/// A longer duration is a slip, and would leave the range of points in time.
const LONGEST: Duration = Duration::from_hours(365 * 24);

fn duration(value: &str) -> Result<Duration, String> {
    match humantime::parse_duration(value) {
        Ok(duration) if duration <= LONGEST => Ok(duration),
        Ok(_) | Err(DurationError::NumberOverflow) => Err(format!(
            "`{value}` is too long; the longest duration is `365d`"
        )),
        Err(_) => Err(format!(
            "`{value}` is not a duration; expected for instance `30s` or `2m`"
        )),
    }
}

/// A whole number of bytes, or of the units that Kubernetes has for memory (`Ki`, `M`), with or
/// without a `B`.
fn bytes(text: &str) -> Option<u64> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let unit = unit.trim_end_matches(['b', 'B']).to_ascii_lowercase();
    let factor = match unit.as_str() {
        "" => 1,
        "k" => 1_000,
        "ki" => 1 << 10,
        "m" => 1_000_000,
        "mi" => 1 << 20,
        "g" => 1_000_000_000,
        "gi" => 1 << 30,
        _ => return None,
    };
    number.parse::<u64>().ok()?.checked_mul(factor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_time_at_all_is_a_mistake_and_never_is_not() {
        let mut mistakes = Mistakes::default();
        assert_eq!(
            mistakes.timeout("--a", "1ms"),
            Some(Duration::from_millis(1))
        );
        assert_eq!(mistakes.timeout_or_never("--b", "never"), None);
        assert!(mistakes.sentences().is_empty());
        mistakes.timeout("--a", "0s");
        mistakes.timeout_or_never("--b", "0");
        let expected = [
            "--a: `0s` leaves no time at all; expected for instance `30s`",
            "--b: `0` leaves no time at all; for no limit say `never`",
        ];
        assert_eq!(mistakes.sentences(), expected);
    }

    #[test]
    fn a_duration_of_more_than_a_year_is_a_mistake() {
        assert_eq!(duration("365d"), Ok(LONGEST));
        for value in ["366d", "2y", "584942417355y", "99999999999999999999y"] {
            let expected = format!("`{value}` is too long; the longest duration is `365d`");
            assert_eq!(duration(value), Err(expected));
        }
        assert!(duration("soon").unwrap_err().contains("is not a duration"));
    }

    #[test]
    fn reads_sizes_in_the_units_of_kubernetes() {
        for (text, size) in [
            ("0", 0),
            ("1500", 1_500),
            ("64MiB", 64 << 20),
            ("64Mi", 64 << 20),
            ("2k", 2_000),
            ("1GB", 1_000_000_000),
        ] {
            assert_eq!(bytes(text), Some(size), "{text}");
        }
        for text in ["", "MiB", "-1", "1.5Gi", "1 GiB", "3T", "99999999999G"] {
            assert_eq!(bytes(text), None, "{text}");
        }
    }
}
