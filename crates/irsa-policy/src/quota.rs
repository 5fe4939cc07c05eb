//! How large a policy may be where it is attached (IAM User Guide, "IAM and AWS STS quotas"; AWS
//! Organizations User Guide, "Quotas").
//!
//! Policies that AWS manages may be larger than those of its customers, so evaluation has no limits
//! of its own.

use std::fmt;

use crate::{PolicyError, Problem};

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
            _ => json.chars().filter(|char| !char.is_whitespace()).count(),
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
        Err(PolicyError::whole(Problem::OverQuota {
            characters,
            limit,
            attachment: self,
        }))
    }
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
