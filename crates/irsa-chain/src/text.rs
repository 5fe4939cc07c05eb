//! Shared code of the text types: conversions from and to strings, serde, character sets.

/// Implements string conversions and serde for a type with `FromStr<Err = ParseError>` and `Display`.
macro_rules! text_type {
    ($name:ty) => {
        impl TryFrom<String> for $name {
            type Error = crate::ParseError;

            fn try_from(text: String) -> Result<Self, Self::Error> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(value: $name) -> String {
                value.to_string()
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = <String as serde::Deserialize>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

/// Implements [`text_type!`], `Display` and `AsRef<str>` for a type whose `as_str` is its whole text.
macro_rules! str_type {
    ($name:ty) => {
        $crate::text::text_type!($name);

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                self.as_str()
            }
        }
    };
}

pub(crate) use {str_type, text_type};

/// The characters of IAM role names and STS session names: `[\w+=,.@-]`, ASCII only.
pub(crate) fn is_iam_name_char(c: char) -> bool {
    c.is_ascii_alphanumeric() || "_+=,.@-".contains(c)
}

/// Returns whether `text` is an RFC 1123 label: 1 to 63 of `[a-z0-9-]`, alphanumeric at both ends.
pub(crate) fn is_dns_label(text: &str) -> bool {
    let inner = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'-';
    (1..=63).contains(&text.len())
        && text.bytes().all(inner)
        && !text.starts_with('-')
        && !text.ends_with('-')
}

/// Returns whether `text` is an RFC 1123 subdomain: labels joined by dots, at most 253 characters.
pub(crate) fn is_dns_name(text: &str) -> bool {
    text.len() <= 253 && text.split('.').all(is_dns_label)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_those_of_rfc_1123() {
        let longest = "a".repeat(63);
        for label in ["a", "0", "a-b", "a--b", "xn--bcher-kva", &longest] {
            assert!(is_dns_label(label), "{label}");
        }
        let too_long = "a".repeat(64);
        for label in ["", "-", "a-", "-a", "A", "a_b", "a.b", "é", " a", &too_long] {
            assert!(!is_dns_label(label), "{label}");
        }
    }

    #[test]
    fn names_have_at_most_253_characters() {
        let name = |len: usize| "a.".repeat(126)[..len - 1].to_owned() + "a";
        assert!(is_dns_name(&name(251)));
        assert!(is_dns_name(&format!("{}.aa", name(250))));
        assert!(!is_dns_name(&format!("{}.a", name(252))));
    }
}
