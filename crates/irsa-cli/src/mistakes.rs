//! Mistakes in the configuration, collected so that one run reports all of them.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::num::NonZeroUsize;
use std::str::FromStr;
use std::time::Duration;

use humantime::DurationError;
use irsa_net::listen::ListenAddress;

/// Messages about mistakes in the configuration.
#[derive(Debug, Default)]
pub struct Mistakes {
    sentences: Vec<String>,
    /// Names for settings that were not set on the command line, by flag.
    origins: BTreeMap<String, String>,
}

// === impl Mistakes ===

impl Mistakes {
    /// Returns the messages.
    pub fn sentences(&self) -> &[String] {
        &self.sentences
    }

    /// Sets the names of settings from the environment or the configuration file. Messages use them instead of the
    /// flag.
    #[must_use]
    pub fn with_origins(self, origins: BTreeMap<String, String>) -> Self {
        Self { origins, ..self }
    }

    /// Returns `value` if there are no mistakes.
    pub fn or<T>(self, value: T) -> Result<T, Self> {
        if self.sentences.is_empty() {
            Ok(value)
        } else {
            Err(self)
        }
    }

    /// Adds a message.
    pub fn add(&mut self, sentence: impl Into<String>) {
        self.sentences.push(sentence.into());
    }

    /// Adds messages.
    pub fn extend(&mut self, sentences: Vec<String>) {
        self.sentences.extend(sentences);
    }

    /// Returns the value, or adds the error.
    pub fn collect<T>(&mut self, outcome: Result<T, impl Display>) -> Option<T> {
        outcome
            .map_err(|sentence| self.add(sentence.to_string()))
            .ok()
    }

    /// Returns the value of the setting `flag`, or adds the error together with the name of the setting.
    pub fn check<T>(&mut self, flag: &str, outcome: Result<T, impl Display>) -> Option<T> {
        let origin = self.origins.get(flag).map_or(flag, String::as_str);
        let outcome = outcome.map_err(|problem| format!("{origin}: {problem}"));
        self.collect(outcome)
    }

    /// Parses the value of the setting `flag`, if it is not empty.
    pub fn parse<T>(&mut self, flag: &str, value: Option<&str>) -> Option<T>
    where
        T: FromStr,
        T::Err: Display,
    {
        let value = value.filter(|value| !value.is_empty())?;
        self.check(flag, value.parse())
    }

    /// Parses a duration such as `30s`, of at most a year.
    pub fn duration(&mut self, flag: &str, value: &str) -> Option<Duration> {
        self.check(flag, duration(value))
    }

    /// Parses a timeout. Zero is a mistake: it would always fail, and in other programs it often means no limit.
    pub fn timeout(&mut self, flag: &str, value: &str) -> Option<Duration> {
        self.some_time(flag, value, "expected for example `30s`")
    }

    /// Parses a timeout, or `never`.
    pub fn timeout_or_never(&mut self, flag: &str, value: &str) -> Option<Duration> {
        if value == "never" {
            None
        } else {
            self.some_time(flag, value, "use `never` for no limit")
        }
    }

    fn some_time(&mut self, flag: &str, value: &str, advice: &str) -> Option<Duration> {
        let time = self.duration(flag, value)?;
        let some = (!time.is_zero()).then_some(time);
        self.check(
            flag,
            some.ok_or_else(|| format!("`{value}` must be longer than zero; {advice}")),
        )
    }

    /// Parses a size such as `64MiB`, in bytes.
    pub fn size(&mut self, flag: &str, value: &str) -> Option<u64> {
        let size = bytes(value).ok_or_else(|| {
            format!("`{value}` is not a size; expected for example `64MiB` or `500k`")
        });
        self.check(flag, size)
    }

    /// Parses an address, or `off`.
    pub fn address_or_off(&mut self, flag: &str, value: &str) -> Option<ListenAddress> {
        if value == "off" {
            None
        } else {
            self.parse(flag, Some(value))
        }
    }

    /// Parses an integer of at least 1.
    pub fn count(&mut self, flag: &str, value: &str) -> Option<usize> {
        let count = value.parse().map(NonZeroUsize::get);
        self.check(
            flag,
            count.map_err(|_| format!("`{value}` is not an integer of at least 1")),
        )
    }
}

/// The longest duration. Longer ones are typing errors and could exceed the range of [`std::time::Instant`].
const LONGEST: Duration = Duration::from_hours(365 * 24);

fn duration(value: &str) -> Result<Duration, String> {
    match humantime::parse_duration(value) {
        Ok(duration) if duration <= LONGEST => Ok(duration),
        Ok(_) | Err(DurationError::NumberOverflow) => {
            Err(format!("`{value}` is too long; the maximum is `365d`"))
        }
        Err(_) => Err(format!(
            "`{value}` is not a duration; expected for example `30s` or `2m`"
        )),
    }
}

/// Parses a number of bytes with an optional unit of Kubernetes (`Ki`, `M`), with or without a `B`.
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
    fn a_timeout_of_zero_is_a_mistake_and_never_is_not() {
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
            "--a: `0s` must be longer than zero; expected for example `30s`",
            "--b: `0` must be longer than zero; use `never` for no limit",
        ];
        assert_eq!(mistakes.sentences(), expected);
    }

    #[test]
    fn a_duration_of_more_than_a_year_is_a_mistake() {
        assert_eq!(duration("365d"), Ok(LONGEST));
        for value in ["366d", "2y", "584942417355y", "99999999999999999999y"] {
            let expected = format!("`{value}` is too long; the maximum is `365d`");
            assert_eq!(duration(value), Err(expected));
        }
        assert!(duration("soon").unwrap_err().contains("is not a duration"));
    }

    #[test]
    fn parses_sizes_in_the_units_of_kubernetes() {
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
