//! ARNs of role sessions.

use std::str::FromStr;

use super::Arn;
use super::role::is_role_name;
use crate::text::str_type;
use crate::{AccountId, ParseError, Partition, SessionName};

/// A session of a role: `arn:PARTITION:sts::ACCOUNT:assumed-role/NAME/SESSION`.
///
/// It contains the role's name without its path, so the role's ARN cannot be derived from it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AssumedRoleArn {
    text: String,
    partition: Partition,
    account: AccountId,
    role_name: String,
    session: SessionName,
}

impl AssumedRoleArn {
    /// Joins valid parts, which come from a role ARN and a session name.
    pub(super) fn from_valid(
        partition: Partition,
        account: &AccountId,
        role_name: &str,
        session: &SessionName,
    ) -> Self {
        Self {
            text: format!("arn:{partition}:sts::{account}:assumed-role/{role_name}/{session}"),
            partition,
            account: account.clone(),
            role_name: role_name.to_owned(),
            session: session.clone(),
        }
    }

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

    /// The name of the role, without its path.
    pub fn role_name(&self) -> &str {
        &self.role_name
    }

    /// The name of the session.
    pub fn session(&self) -> &SessionName {
        &self.session
    }
}

impl FromStr for AssumedRoleArn {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        parse(text).ok_or_else(|| {
            let expected = "arn:PARTITION:sts::ACCOUNT:assumed-role/NAME/SESSION";
            ParseError::new("the ARN of a role session", text, expected)
        })
    }
}

str_type!(AssumedRoleArn);

fn parse(text: &str) -> Option<AssumedRoleArn> {
    let arn: Arn = text.parse().ok()?;
    if arn.service() != "sts" || !arn.region().is_empty() {
        return None;
    }
    let (role_name, session) = arn
        .resource()
        .strip_prefix("assumed-role/")?
        .split_once('/')?;
    if !is_role_name(role_name) {
        return None;
    }
    let partition = arn.partition().parse().ok()?;
    let account = arn.account().parse().ok()?;
    Some(AssumedRoleArn::from_valid(
        partition,
        &account,
        role_name,
        &session.parse().ok()?,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn splits_into_its_parts() {
        let text = "arn:aws-us-gov:sts::111122223333:assumed-role/app/pod-1@x";
        let arn: AssumedRoleArn = text.parse().unwrap();
        assert_eq!(arn.as_str(), text);
        assert_eq!(arn.partition(), Partition::AwsUsGov);
        assert_eq!(arn.account().as_str(), "111122223333");
        assert_eq!(arn.role_name(), "app");
        assert_eq!(arn.session().as_str(), "pod-1@x");
    }

    #[test]
    fn rejects_near_misses() {
        let near_misses = [
            "arn:aws:iam::111122223333:assumed-role/app/session",
            "arn:aws:sts::111122223333:assumed-role/app",
            "arn:aws:sts::111122223333:assumed-role/app/",
            "arn:aws:sts::111122223333:assumed-role//session",
            "arn:aws:sts::111122223333:assumed-role/team/app/session",
            "arn:aws:sts::111122223333:federated-user/app",
            "arn:aws:iam::111122223333:role/app",
        ];
        for arn in near_misses {
            assert!(arn.parse::<AssumedRoleArn>().is_err(), "{arn}");
        }
    }
}
