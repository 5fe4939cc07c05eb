//! Where a policy is attached, and the quota that applies there (IAM User Guide, "IAM and AWS STS quotas"; AWS
//! Organizations User Guide, "Quotas").

use std::fmt;

/// The attachment of a customer policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Attachment {
    /// A managed policy, including one used as a permissions boundary.
    Managed,
    /// All inline policies of a user together.
    User,
    /// All inline policies of a group together.
    Group,
    /// All inline policies of a role together.
    Role,
    /// A role's trust policy. The default quota of the account can be raised to twice this limit.
    Trust,
    /// A session policy that is passed inline.
    Session,
    /// A service control or resource control policy.
    Organization,
}

impl Attachment {
    /// The quota in characters.
    pub fn limit(self) -> usize {
        match self {
            Self::Managed => 6_144,
            Self::User | Self::Trust | Self::Session => 2_048,
            Self::Group | Self::Organization => 5_120,
            Self::Role => 10_240,
        }
    }

    /// The number of characters of a policy that count toward the quota. IAM does not count white space; STS and
    /// Organizations do.
    pub fn counted_size(self, json: &str) -> usize {
        match self {
            Self::Session | Self::Organization => json.chars().count(),
            _ => without_space(json),
        }
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

/// The number of characters that are not white space.
pub(crate) fn without_space(json: &str) -> usize {
    json.chars().filter(|char| !char.is_whitespace()).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn white_space_counts_only_for_sessions_and_organizations() {
        for (attachment, expected) in [
            (Attachment::Managed, 2),
            (Attachment::Trust, 2),
            (Attachment::Session, 5),
            (Attachment::Organization, 5),
        ] {
            assert_eq!(attachment.counted_size("{ \n\t}"), expected, "{attachment}");
        }
    }
}
