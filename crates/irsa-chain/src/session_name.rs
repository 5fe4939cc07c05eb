//! Names of STS sessions.

use std::str::FromStr;

use crate::ParseError;
use crate::text::{is_iam_name_char, str_type};

const MIN: usize = 2;
const MAX: usize = 64;

/// A `RoleSessionName`: 2 to 64 of `[\w+=,.@-]` (STS API reference, `AssumeRole`).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionName {
    name: String,
}

impl SessionName {
    /// Derives a session name from any pod name. Characters that STS rejects become `-`. A name that is too long keeps its
    /// end, which distinguishes replicas; one that is too short is padded with `-`.
    pub fn from_pod_name(pod: &str) -> Self {
        let allowed = |c| if is_iam_name_char(c) { c } else { '-' };
        let surplus = pod.chars().count().saturating_sub(MAX);
        let mut name: String = pod.chars().skip(surplus).map(allowed).collect();
        while name.len() < MIN {
            name.push('-');
        }
        Self { name }
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.name
    }
}

impl FromStr for SessionName {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        if (MIN..=MAX).contains(&text.len()) && text.chars().all(is_iam_name_char) {
            Ok(Self {
                name: text.to_owned(),
            })
        } else {
            let expected = "2 to 64 letters, digits or characters of _+=,.@-";
            Err(ParseError::new("an STS session name", text, expected))
        }
    }
}

str_type!(SessionName);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ordinary_pod_keeps_its_name() {
        let name = SessionName::from_pod_name("keycloak-7d9f6c5b8-x2x4z");
        assert_eq!(name.as_str(), "keycloak-7d9f6c5b8-x2x4z");
    }

    #[test]
    fn a_long_pod_name_keeps_its_end() {
        let pod = format!("{}-7d9f6c5b8-x2x4z", "a".repeat(240));
        let name = SessionName::from_pod_name(&pod);
        assert_eq!(name.as_str().len(), MAX);
        assert!(pod.ends_with(name.as_str()));
    }

    #[test]
    fn a_pod_name_is_replaced_and_padded_to_what_sts_accepts() {
        assert_eq!(SessionName::from_pod_name("a/b é").as_str(), "a-b--");
        assert_eq!(SessionName::from_pod_name("a").as_str(), "a-");
        assert_eq!(SessionName::from_pod_name("").as_str(), "--");
    }

    #[test]
    fn accepts_what_the_sts_pattern_accepts() {
        let longest = "x".repeat(MAX);
        for name in ["ab", "a_b+c=d,e.f@g-h", "--", &longest] {
            assert!(name.parse::<SessionName>().is_ok(), "{name}");
        }
        let too_long = "x".repeat(MAX + 1);
        for name in ["", "a", "a b", "a/b", "a:b", "é-1", &too_long] {
            assert!(name.parse::<SessionName>().is_err(), "{name}");
        }
    }
}
