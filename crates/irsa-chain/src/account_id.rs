//! AWS account IDs.

use std::str::FromStr;

use crate::ParseError;
use crate::text::str_type;

/// An AWS account ID: twelve digits, leading zeros kept.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AccountId {
    digits: String,
}

impl AccountId {
    /// The twelve digits.
    pub fn as_str(&self) -> &str {
        &self.digits
    }
}

impl FromStr for AccountId {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        if text.len() == 12 && text.bytes().all(|b| b.is_ascii_digit()) {
            Ok(Self {
                digits: text.to_owned(),
            })
        } else {
            Err(ParseError::new("an AWS account ID", text, "12 digits"))
        }
    }
}

str_type!(AccountId);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_leading_zeros() {
        let account: AccountId = "000000000012".parse().unwrap();
        assert_eq!(account.as_str(), "000000000012");
    }

    #[test]
    fn rejects_everything_except_twelve_digits() {
        let near_misses = [
            "",
            "12345678901",
            "1234567890123",
            "1234-5678-9012",
            "12345678901x",
            "١٢٣٤٥٦",
        ];
        for text in near_misses {
            assert!(text.parse::<AccountId>().is_err(), "{text}");
        }
    }
}
