//! ARNs of IAM roles.

use std::str::FromStr;

use super::{Arn, AssumedRoleArn};
use crate::text::{is_iam_name_char, str_type};
use crate::{AccountId, ParseError, Partition, SessionName};

/// An IAM role: `arn:PARTITION:iam::ACCOUNT:role/[PATH/]NAME`.
///
/// Name and path follow `CreateRole` in the IAM API reference: a name of 1 to 64 of `[\w+=,.@-]`, and a path of `/` or up
/// to 512 printable ASCII characters that start and end with a slash.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RoleArn {
    text: String,
    partition: Partition,
    account: AccountId,
    path: String,
    name: String,
}

impl RoleArn {
    /// The whole ARN.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The partition.
    pub fn partition(&self) -> Partition {
        self.partition
    }

    /// The account that owns the role.
    pub fn account(&self) -> &AccountId {
        &self.account
    }

    /// The path: `/`, or `/team/x/` with slashes at both ends.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The role's name, without its path.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The ARN of a session of this role. STS leaves out the path, because role names are unique in an account.
    pub fn assumed(&self, session: &SessionName) -> AssumedRoleArn {
        AssumedRoleArn::from_valid(self.partition, &self.account, &self.name, session)
    }
}

impl FromStr for RoleArn {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        parse(text).ok_or_else(|| {
            let expected = "arn:PARTITION:iam::ACCOUNT:role/[PATH/]NAME with a 12-digit account ID";
            ParseError::new("a role ARN", text, expected)
        })
    }
}

str_type!(RoleArn);

fn parse(text: &str) -> Option<RoleArn> {
    let arn: Arn = text.parse().ok()?;
    if arn.service() != "iam" || !arn.region().is_empty() {
        return None;
    }
    let path_and_name = arn.resource().strip_prefix("role")?;
    let (path, name) = path_and_name.split_at(path_and_name.rfind('/')? + 1);
    if !is_path(path) || !is_role_name(name) {
        return None;
    }
    Some(RoleArn {
        text: text.to_owned(),
        partition: arn.partition().parse().ok()?,
        account: arn.account().parse().ok()?,
        path: path.to_owned(),
        name: name.to_owned(),
    })
}

fn is_path(path: &str) -> bool {
    let has_ends = path.len() >= 3 && path.starts_with('/') && path.ends_with('/');
    path == "/" || has_ends && path.len() <= 512 && path.bytes().all(|b| b.is_ascii_graphic())
}

/// Returns whether `name` is a valid role name: 1 to 64 of `[\w+=,.@-]`.
pub(super) fn is_role_name(name: &str) -> bool {
    (1..=64).contains(&name.len()) && name.chars().all(is_iam_name_char)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn splits_into_its_parts() {
        let arn: RoleArn = "arn:aws-cn:iam::111122223333:role/team/x/app-1"
            .parse()
            .unwrap();
        assert_eq!(arn.partition(), Partition::AwsCn);
        assert_eq!(arn.account().as_str(), "111122223333");
        assert_eq!(arn.path(), "/team/x/");
        assert_eq!(arn.name(), "app-1");
    }

    #[test]
    fn has_the_root_path_by_default() {
        let arn: RoleArn = "arn:aws:iam::111122223333:role/app".parse().unwrap();
        assert_eq!((arn.path(), arn.name()), ("/", "app"));
    }

    #[test]
    fn the_arn_of_a_session_has_no_path() {
        let arn: RoleArn = "arn:aws:iam::111122223333:role/team/x/app".parse().unwrap();
        let assumed = arn.assumed(&"pod-1".parse().unwrap());
        assert_eq!(
            assumed.as_str(),
            "arn:aws:sts::111122223333:assumed-role/app/pod-1"
        );
    }

    #[test]
    fn parses_the_names_that_aws_uses() {
        for name in [
            "service-role/KinesisFirehose-1",
            "aws-reserved/sso.amazonaws.com/eu-west-1/AWSReservedSSO_Admin_0123456789abcdef",
            "aws-service-role/rds.amazonaws.com/AWSServiceRoleForRDS",
        ] {
            let arn = format!("arn:aws:iam::111122223333:role/{name}");
            assert_eq!(arn.parse::<RoleArn>().unwrap().to_string(), arn);
        }
    }

    #[test]
    fn rejects_near_misses() {
        let too_long = format!("arn:aws:iam::111122223333:role/{}", "a".repeat(65));
        let near_misses = [
            "arn:aws:iam:111122223333:role/app",
            "arn:aws:iam:::role/app",
            "arn:aws:iam::1111222233:role/app",
            "arn:aws:iam::aws:role/app",
            "arn:aws:iam:eu-west-1:111122223333:role/app",
            "arn:aws:sts::111122223333:role/app",
            "arn:aws-mars:iam::111122223333:role/app",
            "arn:aws:iam::111122223333:role",
            "arn:aws:iam::111122223333:role/",
            "arn:aws:iam::111122223333:role//app",
            "arn:aws:iam::111122223333:roles/app",
            "arn:aws:iam::111122223333:role:app",
            "arn:aws:iam::111122223333:role/app ",
            "arn:aws:iam::111122223333:role/a b/app",
            "arn:aws:iam::111122223333:role/*",
            "arn:aws:iam::111122223333:user/app",
            "arn:aws:sts::111122223333:assumed-role/app/session",
            &too_long,
        ];
        for arn in near_misses {
            assert!(arn.parse::<RoleArn>().is_err(), "{arn}");
        }
    }
}
