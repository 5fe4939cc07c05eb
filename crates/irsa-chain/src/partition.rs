//! AWS partitions, which have separate accounts, ARNs and DNS names.

use std::fmt;
use std::str::FromStr;

use crate::ParseError;
use crate::text::text_type;

/// An AWS partition, as in the second part of an ARN.
///
/// Names and DNS suffixes are those of `partitions.json` in the AWS SDKs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Partition {
    /// The commercial regions.
    Aws,
    /// China.
    AwsCn,
    /// GovCloud (US).
    AwsUsGov,
    /// ISO (US), `us-iso-*`.
    AwsIso,
    /// ISOB (US), `us-isob-*`.
    AwsIsoB,
    /// ISOE (Europe), `eu-isoe-*`.
    AwsIsoE,
    /// ISOF (US), `us-isof-*`.
    AwsIsoF,
    /// European Sovereign Cloud, `eusc-*`.
    AwsEusc,
}

impl Partition {
    /// All partitions, starting with the commercial one.
    pub const ALL: [Self; 8] = [
        Self::Aws,
        Self::AwsCn,
        Self::AwsUsGov,
        Self::AwsIso,
        Self::AwsIsoB,
        Self::AwsIsoE,
        Self::AwsIsoF,
        Self::AwsEusc,
    ];

    /// The name in ARNs: `aws`, `aws-cn`, `aws-us-gov`, …
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Aws => "aws",
            Self::AwsCn => "aws-cn",
            Self::AwsUsGov => "aws-us-gov",
            Self::AwsIso => "aws-iso",
            Self::AwsIsoB => "aws-iso-b",
            Self::AwsIsoE => "aws-iso-e",
            Self::AwsIsoF => "aws-iso-f",
            Self::AwsEusc => "aws-eusc",
        }
    }

    /// The suffix of service host names, such as `amazonaws.com.cn`. GovCloud shares the
    /// commercial one.
    pub const fn dns_suffix(self) -> &'static str {
        match self {
            Self::Aws | Self::AwsUsGov => "amazonaws.com",
            Self::AwsCn => "amazonaws.com.cn",
            Self::AwsIso => "c2s.ic.gov",
            Self::AwsIsoB => "sc2s.sgov.gov",
            Self::AwsIsoE => "cloud.adc-e.uk",
            Self::AwsIsoF => "csp.hci.ic.gov",
            Self::AwsEusc => "amazonaws.eu",
        }
    }

    /// The suffix of the host names of dual-stack service endpoints, such as `api.aws`.
    pub const fn dual_stack_dns_suffix(self) -> &'static str {
        match self {
            Self::Aws | Self::AwsUsGov => "api.aws",
            Self::AwsCn => "api.amazonwebservices.com.cn",
            Self::AwsIso => "api.aws.ic.gov",
            Self::AwsIsoB => "api.aws.scloud",
            Self::AwsIsoE => "api.cloud-aws.adc-e.uk",
            Self::AwsIsoF => "api.aws.hci.ic.gov",
            Self::AwsEusc => "api.amazonwebservices.eu",
        }
    }
}

impl fmt::Display for Partition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Partition {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        Self::ALL
            .into_iter()
            .find(|p| p.as_str() == text)
            .ok_or_else(|| {
                let known = Self::ALL.map(Self::as_str).join(", ");
                ParseError::new("an AWS partition", text, format!("one of {known}"))
            })
    }
}

text_type!(Partition);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_named_as_in_arns() {
        let names = Partition::ALL.map(Partition::as_str);
        let expected = [
            "aws",
            "aws-cn",
            "aws-us-gov",
            "aws-iso",
            "aws-iso-b",
            "aws-iso-e",
            "aws-iso-f",
            "aws-eusc",
        ];
        assert_eq!(names, expected);
    }

    #[test]
    fn an_unknown_partition_is_rejected_with_the_known_ones() {
        let error = "AWS".parse::<Partition>().unwrap_err();
        assert!(error.expected().ends_with("aws-iso-f, aws-eusc"), "{error}");
    }
}
