//! AWS regions.

use std::str::FromStr;

use crate::text::str_type;
use crate::{ParseError, Partition};

/// A region such as `eu-central-1`. Future regions are accepted by their format.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Region {
    name: String,
}

impl Region {
    /// The region's name: `eu-central-1`.
    pub fn as_str(&self) -> &str {
        &self.name
    }

    /// The partition of the region, by its prefix (`regionRegex` in `partitions.json` of the AWS SDKs). Regions with an
    /// unknown prefix are in the commercial partition.
    pub fn partition(&self) -> Partition {
        const BY_PREFIX: [(&str, Partition); 7] = [
            ("cn-", Partition::AwsCn),
            ("us-gov-", Partition::AwsUsGov),
            ("us-iso-", Partition::AwsIso),
            ("us-isob-", Partition::AwsIsoB),
            ("eu-isoe-", Partition::AwsIsoE),
            ("us-isof-", Partition::AwsIsoF),
            ("eusc-", Partition::AwsEusc),
        ];
        BY_PREFIX
            .into_iter()
            .find(|(prefix, _)| self.name.starts_with(prefix))
            .map_or(Partition::Aws, |(_, partition)| partition)
    }
}

impl FromStr for Region {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        if is_region(text) {
            Ok(Self {
                name: text.to_owned(),
            })
        } else {
            Err(ParseError::new(
                "an AWS region",
                text,
                "a name such as eu-central-1",
            ))
        }
    }
}

str_type!(Region);

/// Returns whether the text has the format `AREA(-WORD)+-NUMBER` in lower case: two or more words and a number.
fn is_region(text: &str) -> bool {
    let is_word = |w: &str| w.len() >= 2 && w.bytes().all(|b| b.is_ascii_lowercase());
    let is_number = |n: &str| (1..=2).contains(&n.len()) && n.bytes().all(|b| b.is_ascii_digit());
    let Some((words, number)) = text.rsplit_once('-') else {
        return false;
    };
    text.len() <= 32 && is_number(number) && words.contains('-') && words.split('-').all(is_word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn belongs_to_a_partition() {
        let regions = [
            ("eu-central-1", Partition::Aws),
            ("us-east-1", Partition::Aws),
            ("ap-southeast-7", Partition::Aws),
            ("il-central-1", Partition::Aws),
            ("mx-central-1", Partition::Aws),
            ("cn-north-1", Partition::AwsCn),
            ("cn-northwest-1", Partition::AwsCn),
            ("us-gov-west-1", Partition::AwsUsGov),
            ("us-iso-east-1", Partition::AwsIso),
            ("us-isob-east-1", Partition::AwsIsoB),
            ("eu-isoe-west-1", Partition::AwsIsoE),
            ("us-isof-south-1", Partition::AwsIsoF),
            ("eusc-de-east-1", Partition::AwsEusc),
        ];
        for (name, partition) in regions {
            let region: Region = name.parse().unwrap();
            assert_eq!(region.partition(), partition, "{name}");
        }
    }

    #[test]
    fn rejects_near_misses() {
        let near_misses = [
            "",
            "-",
            "global",
            "frankfurt",
            "eu-central",
            "eu-1",
            "eu--1",
            "eu-central-1a",
            "eu-central-",
            "eu-central-123",
            "EU-CENTRAL-1",
            "eu_central_1",
            "eu-central-1 ",
            "eu-central-1.evil",
            "eu-c3ntral-1",
        ];
        for name in near_misses {
            assert!(name.parse::<Region>().is_err(), "{name}");
        }
    }
}
