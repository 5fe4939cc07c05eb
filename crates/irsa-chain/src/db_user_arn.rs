//! The resource of `rds-db:connect`.

use std::str::FromStr;

use crate::text::str_type;
use crate::{AccountId, Arn, DbResourceId, ParseError, Partition, Region};

/// A database user: `arn:PARTITION:rds-db:REGION:ACCOUNT:dbuser:RESOURCE-ID/USER`.
///
/// The user is case-sensitive, as in PostgreSQL. Policies can use wildcards in such an ARN; this type is for a single user
/// of a single database.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DbUserArn {
    text: String,
    region: Region,
    account: AccountId,
    resource_id: DbResourceId,
    user: String,
}

impl DbUserArn {
    /// The ARN of `user`, as the client sent it, of the database `resource_id`. If the user is empty or contains control
    /// characters, the ARN is invalid and does not parse.
    pub fn new(
        region: &Region,
        account: &AccountId,
        resource_id: &DbResourceId,
        user: &str,
    ) -> Self {
        let partition = region.partition();
        Self {
            text: format!("arn:{partition}:rds-db:{region}:{account}:dbuser:{resource_id}/{user}"),
            region: region.clone(),
            account: account.clone(),
            resource_id: resource_id.clone(),
            user: user.to_owned(),
        }
    }

    /// The whole ARN.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The region's partition.
    pub fn partition(&self) -> Partition {
        self.region.partition()
    }

    /// The database's region.
    pub fn region(&self) -> &Region {
        &self.region
    }

    /// The account that owns the database.
    pub fn account(&self) -> &AccountId {
        &self.account
    }

    /// The cluster, instance or proxy.
    pub fn resource_id(&self) -> &DbResourceId {
        &self.resource_id
    }

    /// The database user.
    pub fn user(&self) -> &str {
        &self.user
    }
}

impl FromStr for DbUserArn {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        parse(text).ok_or_else(|| {
            let expected = "arn:PARTITION:rds-db:REGION:ACCOUNT:dbuser:RESOURCE-ID/USER, \
                            with the partition that the region belongs to";
            ParseError::new("the ARN of a database user", text, expected)
        })
    }
}

str_type!(DbUserArn);

fn parse(text: &str) -> Option<DbUserArn> {
    let arn: Arn = text.parse().ok()?;
    let region: Region = arn.region().parse().ok()?;
    if arn.service() != "rds-db" || arn.partition() != region.partition().as_str() {
        return None;
    }
    let (resource_id, user) = arn.resource().strip_prefix("dbuser:")?.split_once('/')?;
    if user.is_empty() {
        return None;
    }
    let account = arn.account().parse().ok()?;
    Some(DbUserArn::new(
        &region,
        &account,
        &resource_id.parse().ok()?,
        user,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ARN: &str = "arn:aws-cn:rds-db:cn-north-1:111122223333:dbuser:cluster-ABC123/Web/user";

    #[test]
    fn joins_its_parts() {
        let arn = DbUserArn::new(
            &"cn-north-1".parse().unwrap(),
            &"111122223333".parse().unwrap(),
            &"cluster-ABC123".parse().unwrap(),
            "Web/user",
        );
        assert_eq!(arn.as_str(), ARN);
        assert_eq!(ARN.parse(), Ok(arn));
    }

    #[test]
    fn splits_into_its_parts() {
        let arn: DbUserArn = ARN.parse().unwrap();
        assert_eq!(arn.partition(), Partition::AwsCn);
        assert_eq!(arn.region().as_str(), "cn-north-1");
        assert_eq!(arn.account().as_str(), "111122223333");
        assert_eq!(arn.resource_id().as_str(), "cluster-ABC123");
        assert_eq!(arn.user(), "Web/user");
    }

    #[test]
    fn rejects_near_misses() {
        let near_misses = [
            "arn:aws:rds-db:cn-north-1:111122223333:dbuser:cluster-ABC123/app",
            "arn:aws:rds:eu-west-1:111122223333:dbuser:cluster-ABC123/app",
            "arn:aws:rds-db:eu-west-1:111122223333:dbuser/cluster-ABC123/app",
            "arn:aws:rds-db:eu-west-1:111122223333:dbuser:cluster-ABC123/",
            "arn:aws:rds-db:eu-west-1:111122223333:dbuser:cluster-ABC123",
            "arn:aws:rds-db:eu-west-1:111122223333:dbuser:orders/app",
            "arn:aws:rds-db:eu-west-1:111122223333:dbuser:*/app",
            "arn:aws:rds-db::111122223333:dbuser:cluster-ABC123/app",
            "arn:aws:rds-db:eu-west-1::dbuser:cluster-ABC123/app",
        ];
        for arn in near_misses {
            assert!(arn.parse::<DbUserArn>().is_err(), "{arn}");
        }
    }
}
