//! Times for programs (RFC 3339) and for people.

use std::time::{SystemTime, UNIX_EPOCH};

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serializer};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// The last second that RFC 3339 can represent.
const END_OF_9999: i64 = 253_402_300_799;

/// Formats a time in RFC 3339, to the second, in UTC. A time before 1970 or after 9999, which a credential source may
/// return, becomes the nearest valid time.
pub fn rfc3339(at: SystemTime) -> String {
    let since_epoch = at.duration_since(UNIX_EPOCH).unwrap_or_default();
    let seconds = i64::try_from(since_epoch.as_secs()).unwrap_or(i64::MAX);
    let at = OffsetDateTime::from_unix_timestamp(seconds.min(END_OF_9999));
    at.map_or_else(
        |_| String::new(),
        |at| at.format(&Rfc3339).unwrap_or_default(),
    )
}

/// Formats the time since `at` in its largest unit: `3 min ago`.
pub(super) fn ago(at: SystemTime, now: SystemTime) -> String {
    let seconds = now.duration_since(at).unwrap_or_default().as_secs();
    let units = [(86_400, "d"), (3_600, "h"), (60, "min"), (1, "s")];
    let largest = units.iter().find(|(length, _)| seconds >= *length);
    largest.map_or_else(
        || "just now".to_owned(),
        |(length, unit)| format!("{} {unit} ago", seconds / length),
    )
}

pub(super) fn serialize<S: Serializer>(at: &SystemTime, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&rfc3339(*at))
}

pub(super) fn deserialize<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<SystemTime, D::Error> {
    let text = String::deserialize(deserializer)?;
    let at = OffsetDateTime::parse(&text, &Rfc3339).map_err(D::Error::custom)?;
    Ok(at.into())
}

/// The same for an optional time.
pub(super) mod option {
    use std::time::SystemTime;

    use serde::{Deserialize, Deserializer, Serializer};

    #[expect(clippy::ref_option, reason = "serde passes a reference to the field")]
    pub(in crate::status) fn serialize<S: Serializer>(
        at: &Option<SystemTime>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        match at {
            Some(at) => super::serialize(at, serializer),
            None => serializer.serialize_none(),
        }
    }

    pub(in crate::status) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<SystemTime>, D::Error> {
        #[derive(Deserialize)]
        struct Present(#[serde(with = "super")] SystemTime);
        let present = Option::<Present>::deserialize(deserializer)?;
        Ok(present.map(|Present(at)| at))
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::*;

    #[test]
    fn formats_the_elapsed_time_in_the_largest_unit() {
        let now = UNIX_EPOCH + Duration::from_secs(1_000_000);
        let said = |seconds| ago(now - Duration::from_secs(seconds), now);
        let all = [0, 1, 59, 60, 3_599, 7_200, 86_400 * 3].map(said);
        let expected = [
            "just now",
            "1 s ago",
            "59 s ago",
            "1 min ago",
            "59 min ago",
            "2 h ago",
            "3 d ago",
        ];
        assert_eq!(all, expected);
        assert_eq!(ago(now + Duration::from_secs(5), now), "just now");
    }

    #[test]
    fn every_time_can_be_formatted() {
        let last = UNIX_EPOCH + Duration::from_secs(i64::MAX.unsigned_abs());
        assert_eq!(rfc3339(last), "9999-12-31T23:59:59Z");
        let first = UNIX_EPOCH - Duration::from_secs(i64::MAX.unsigned_abs());
        assert_eq!(rfc3339(first), "1970-01-01T00:00:00Z");
    }

    #[test]
    fn serializes_as_rfc_3339() {
        assert_eq!(
            rfc3339(UNIX_EPOCH + Duration::from_millis(1_500)),
            "1970-01-01T00:00:01Z"
        );
    }
}
