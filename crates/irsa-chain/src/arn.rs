//! Amazon Resource Names: the general format, and in submodules the ARNs of the chain.

use std::str::FromStr;

use crate::ParseError;
use crate::text::str_type;

mod assumed_role;
mod oidc_provider;
mod role;

pub use assumed_role::AssumedRoleArn;
pub use oidc_provider::OidcProviderArn;
pub use role::RoleArn;

/// Any ARN: `arn:PARTITION:SERVICE:REGION:ACCOUNT:RESOURCE`.
///
/// Region and account may be empty; the resource may contain colons and slashes. See "Identify AWS
/// resources with ARNs" in the IAM user guide.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Arn {
    text: String,
}

impl Arn {
    /// Joins the parts. Parts that would not parse as they were given are an error.
    pub fn from_parts(
        partition: &str,
        service: &str,
        region: &str,
        account: &str,
        resource: &str,
    ) -> Result<Self, ParseError> {
        let text = format!("arn:{partition}:{service}:{region}:{account}:{resource}");
        let arn: Self = text.parse()?;
        if arn.parts() == [partition, service, region, account, resource] {
            Ok(arn)
        } else {
            Err(not_an_arn(&text))
        }
    }

    /// The whole ARN.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The partition, such as `aws` or `aws-cn`. It is not checked.
    pub fn partition(&self) -> &str {
        self.parts()[0]
    }

    /// The service's namespace: `iam`, `rds-db`.
    pub fn service(&self) -> &str {
        self.parts()[1]
    }

    /// The region; empty for global services.
    pub fn region(&self) -> &str {
        self.parts()[2]
    }

    /// The account; empty for some services, `aws` for resources that AWS owns.
    pub fn account(&self) -> &str {
        self.parts()[3]
    }

    /// The part after the account: `role/team/app`, `dbuser:cluster-ABC/app`.
    pub fn resource(&self) -> &str {
        self.parts()[4]
    }

    /// Partition, service, region, account, resource. The text was checked when it was parsed.
    fn parts(&self) -> [&str; 5] {
        split(&self.text).unwrap_or([""; 5])
    }
}

impl FromStr for Arn {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        match split(text) {
            Some(parts) if are_valid(parts) => Ok(Self {
                text: text.to_owned(),
            }),
            _ => Err(not_an_arn(text)),
        }
    }
}

str_type!(Arn);

/// Splits a text that starts with `arn:` into partition, service, region, account and resource.
fn split(text: &str) -> Option<[&str; 5]> {
    let mut parts = text.strip_prefix("arn:")?.splitn(5, ':');
    Some([
        parts.next()?,
        parts.next()?,
        parts.next()?,
        parts.next()?,
        parts.next()?,
    ])
}

fn are_valid([partition, service, region, account, resource]: [&str; 5]) -> bool {
    let is_name_char = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    let is_name = |part: &str| part.bytes().all(is_name_char);
    [partition, service, region, account]
        .into_iter()
        .all(is_name)
        && !partition.is_empty()
        && !service.is_empty()
        && !resource.is_empty()
        && !resource.chars().any(char::is_control)
}

fn not_an_arn(text: &str) -> ParseError {
    ParseError::new(
        "an ARN",
        text,
        "arn:PARTITION:SERVICE:REGION:ACCOUNT:RESOURCE",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn splits_into_its_parts() {
        let arn: Arn = "arn:aws:rds-db:eu-west-1:111122223333:dbuser:db-A/b:c"
            .parse()
            .unwrap();
        assert_eq!(arn.partition(), "aws");
        assert_eq!(arn.service(), "rds-db");
        assert_eq!(arn.region(), "eu-west-1");
        assert_eq!(arn.account(), "111122223333");
        assert_eq!(arn.resource(), "dbuser:db-A/b:c");
    }

    #[test]
    fn may_lack_region_and_account() {
        for text in [
            "arn:aws:s3:::bucket/key",
            "arn:aws:iam::aws:policy/ReadOnlyAccess",
        ] {
            assert_eq!(text.parse::<Arn>().unwrap().as_str(), text);
        }
    }

    #[test]
    fn joins_parts() {
        let arn = Arn::from_parts("aws", "iam", "", "111122223333", "role/a:b").unwrap();
        assert_eq!(arn.as_str(), "arn:aws:iam::111122223333:role/a:b");
    }

    #[test]
    fn rejects_parts_that_would_shift_the_others() {
        assert!(Arn::from_parts("aws", "iam", "eu:x", "111122223333", "role/a").is_err());
        assert!(Arn::from_parts("aws", "iam:", "", "111122223333", "role/a").is_err());
    }

    #[test]
    fn rejects_near_misses() {
        let near_misses = [
            "",
            "arn",
            "arn:",
            "arn:aws:iam::111122223333",
            "arn:aws:iam::111122223333:",
            "arn::iam::111122223333:role/a",
            "arn:aws:::111122223333:role/a",
            "ARN:aws:iam::111122223333:role/a",
            "arn:aws:IAM::111122223333:role/a",
            " arn:aws:iam::111122223333:role/a",
            "arn:aws:iam::111122223333:role/a\n",
            "arn:aws:iam::1111 2222:role/a",
        ];
        for text in near_misses {
            assert!(text.parse::<Arn>().is_err(), "{text}");
        }
    }
}
