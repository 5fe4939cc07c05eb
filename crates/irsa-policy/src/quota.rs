//! Checks of a policy's size.
//!
//! AWS managed policies may exceed the quotas of customer policies. Evaluation therefore limits only the kinds for
//! which AWS has no managed policies.

use crate::attachment::without_space;
use crate::{Attachment, PolicyError, PolicyKind, Problem};

/// The maximum to which an account's quota for trust policies can be raised.
const MAX_TRUST: usize = 4_096;

impl Attachment {
    /// Rejects a policy that is too large to be attached here.
    ///
    /// # Errors
    /// [`Problem::OverQuota`].
    pub fn check(self, json: &str) -> Result<(), PolicyError> {
        let (characters, limit) = (self.counted_size(json), self.limit());
        if characters <= limit {
            return Ok(());
        }
        Err(over_quota(self, characters, limit))
    }
}

impl PolicyKind {
    /// Rejects a policy that is larger than any policy of this kind can be, even with all quotas raised. Identity
    /// policies and boundaries may be AWS managed policies, and each service has its own limit for resource policies:
    /// these are not checked.
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
        // Some consoles strip white space when they save a policy.
        let characters = without_space(json);
        if characters > limit {
            return Err(over_quota(attachment, characters, limit));
        }
        Ok(())
    }
}

fn over_quota(attachment: Attachment, characters: usize, limit: usize) -> PolicyError {
    PolicyError::whole(Problem::OverQuota {
        characters,
        limit,
        attachment,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_sizes_that_no_account_can_have_are_rejected() {
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
    fn one_character_over_the_limit_is_rejected() {
        let attachment = Attachment::Trust;
        assert!(attachment.check(&"é".repeat(2_048)).is_ok());
        assert_eq!(
            attachment
                .check(&"é".repeat(2_049))
                .unwrap_err()
                .to_string(),
            "2049 characters exceed the limit of 2048 for a trust policy"
        );
    }
}
