//! Durations for messages.

use std::time::{Duration, SystemTime};

/// The units and their lengths in seconds, largest first.
const UNITS: [(&str, u64); 4] = [("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1)];

/// Formats a duration with its two largest units, such as `2h 5m`, `45d 3h` or `0s`. Smaller units are cut off.
pub fn short(duration: Duration) -> String {
    short_seconds(duration.as_secs())
}

/// Formats a number of seconds like [`short`].
pub fn short_seconds(mut seconds: u64) -> String {
    let parts = UNITS.map(|(unit, length)| {
        let count = seconds / length;
        seconds %= length;
        (count, unit)
    });
    let parts = parts.into_iter().skip_while(|(count, _)| *count == 0);
    let parts = parts.take(2).filter(|(count, _)| *count > 0);
    let text: Vec<_> = parts
        .map(|(count, unit)| format!("{count}{unit}"))
        .collect();
    if text.is_empty() {
        "0s".to_owned()
    } else {
        text.join(" ")
    }
}

/// Formats the time since `at`, such as `3m 20s ago`; `just now` if it is less than a second or in the future.
pub fn ago(at: SystemTime, now: SystemTime) -> String {
    match now.duration_since(at) {
        Ok(elapsed) if elapsed.as_secs() > 0 => format!("{} ago", short(elapsed)),
        _ => "just now".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use super::*;

    #[test]
    fn shows_the_two_largest_units() {
        for (seconds, text) in [
            (0, "0s"),
            (59, "59s"),
            (60, "1m"),
            (3_599, "59m 59s"),
            (7_325, "2h 2m"),
            (3_605, "1h"),
            (97_200, "1d 3h"),
            (45 * 86_400 + 59, "45d"),
        ] {
            assert_eq!(short(Duration::from_secs(seconds)), text);
        }
        assert_eq!(short(Duration::from_millis(999)), "0s");
    }

    #[test]
    fn says_how_long_ago() {
        let now = UNIX_EPOCH + Duration::from_secs(1_000_000);
        let before = |seconds| ago(now - Duration::from_secs(seconds), now);
        assert_eq!(before(0), "just now");
        assert_eq!(before(185), "3m 5s ago");
        assert_eq!(ago(now + Duration::from_secs(5), now), "just now");
    }
}
