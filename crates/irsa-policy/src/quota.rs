//! How large a policy may be where it is attached (IAM User Guide, "IAM and AWS STS quotas"; AWS
//! Organizations User Guide, "Quotas").
//!
//! Policies that AWS manages may be larger than those of its customers, so only kinds that AWS has
//! none of are limited where they are evaluated.

use std::fmt;

use crate::{PolicyError, PolicyKind, Problem};

/// As far as the quota of an account for trust policies can be raised.
const MAX_TRUST: usize = 4_096;

/// Where a policy of a customer is to be attached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Attachment {
    /// A managed policy, also one that is a permissions boundary.
    Managed,
    /// Inline in a user, all inline policies together.
    User,
    /// Inline in a group, all inline policies together.
    Group,
    /// Inline in a role, all inline policies together.
    Role,
    /// A role's trust policy, by default; the account's quota can be raised to twice that.
    Trust,
    /// Passed inline for a session.
    Session,
    /// A service control or resource control policy.
    Organization,
}

impl Attachment {
    /// The largest policy in characters.
    pub fn limit(self) -> usize {
        match self {
            Self::Managed => 6_144,
            Self::User | Self::Trust | Self::Session => 2_048,
            Self::Group | Self::Organization => 5_120,
            Self::Role => 10_240,
        }
    }

    /// The characters of a policy that count here: IAM leaves out white space, others don't.
    pub fn size_of(self, json: &str) -> usize {
        match self {
            Self::Session | Self::Organization => json.chars().count(),
            _ => without_space(json),
        }
    }

    /// Refuses what is too large to be attached here.
    ///
    /// # Errors
    /// [`Problem::OverQuota`].
    pub fn check(self, json: &str) -> Result<(), PolicyError> {
        let (characters, limit) = (self.size_of(json), self.limit());
        if characters <= limit {
            return Ok(());
        }
        Err(over_quota(self, characters, limit))
    }
}

impl PolicyKind {
    /// Refuses what is larger than any policy of this kind can be, however high the quotas of an
    /// account are raised. Identity policies and boundaries may be AWS's own, and services limit the
    /// policies of their resources each in its own way: those are not refused.
    ///
    /// # Errors
    /// [`Problem::OverQuota`].
    pub fn check_size(self, json: &str) -> Result<(), PolicyError> {
        let (attachment, limit) = match self {
            Self::Trust => (Attachment::Trust, MAX_TRUST),
            Self::ServiceControl | Self::ResourceControl => {
                (Attachment::Organization, Attachment::Organization.limit())
            }
            _ => return Ok(()),
        };
        // Some consoles save without white space what was written with it.
        let characters = without_space(json);
        if characters > limit {
            return Err(over_quota(attachment, characters, limit));
        }
        Ok(())
    }
}

fn without_space(json: &str) -> usize {
    json.chars().filter(|char| !char.is_whitespace()).count()
}

fn over_quota(attachment: Attachment, characters: usize, limit: usize) -> PolicyError {
    PolicyError::whole(Problem::OverQuota {
        characters,
        limit,
        attachment,
    })
}

impl fmt::Display for Attachment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Managed => "a managed policy",
            Self::User => "the inline policies of a user",
            Self::Group => "the inline policies of a group",
            Self::Role => "the inline policies of a role",
            Self::Trust => "a trust policy",
            Self::Session => "a session policy",
            Self::Organization => "a policy of an organization",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn white_space_counts_for_sessions_and_organizations_only() {
        for (attachment, expected) in [
            (Attachment::Managed, 2),
            (Attachment::Trust, 2),
            (Attachment::Session, 5),
            (Attachment::Organization, 5),
        ] {
            assert_eq!(attachment.size_of("{ \n\t}"), expected, "{attachment}");
        }
    }

    #[test]
    fn what_no_account_can_have_is_refused_and_what_aws_may_have_is_not() {
        use PolicyKind::{Boundary, Identity, Resource, ResourceControl, ServiceControl, Trust};
        for (kind, limit) in [
            (Trust, 4_096),
            (ServiceControl, 5_120),
            (ResourceControl, 5_120),
        ] {
            assert!(
                kind.check_size(&(" \n".repeat(9_999) + &"x".repeat(limit)))
                    .is_ok()
            );
            assert!(kind.check_size(&"x".repeat(limit + 1)).is_err(), "{kind}");
        }
        for kind in [Identity, Boundary, Resource] {
            assert!(kind.check_size(&"x".repeat(200_000)).is_ok(), "{kind}");
        }
    }

    #[test]
    fn one_character_over_the_limit_is_refused() {
        let attachment = Attachment::Trust;
        assert!(attachment.check(&"é".repeat(2_048)).is_ok());
        assert_eq!(
            attachment
                .check(&"é".repeat(2_049))
                .unwrap_err()
                .to_string(),
            "2049 characters are over the limit of 2048 for a trust policy"
        );
    }
}
