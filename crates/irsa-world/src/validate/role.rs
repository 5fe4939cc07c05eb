//! Validation of roles: compiles their policies.

use std::time::Duration;

use irsa_chain::RoleArn;
use irsa_policy::{Policy, PolicyKind};
use serde_saphyr::Spanned;
use sha2::{Digest as _, Sha256};

use super::Check;
use crate::file::{PolicyEntry, RoleEntry};
use crate::{Role, RolePolicy};

/// The range of `MaxSessionDuration` in seconds (IAM API, CreateRole).
const SESSION_SECONDS: std::ops::RangeInclusive<u64> = 3_600..=43_200;
/// The alphabet of AWS's unique IDs (base32).
const ID_ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

impl Check {
    /// Validates a role; `None` if one of its policies is invalid.
    pub(super) fn role(&mut self, entry: RoleEntry) -> Option<Role> {
        let RoleEntry {
            arn,
            max_session_seconds,
            trust_policy,
            policies,
        } = entry;
        if !self.accounts.contains(arn.value.account()) {
            self.mistake(
                &arn,
                format_args!("account `{}` is not in `accounts`", arn.value.account()),
            );
        }
        if !SESSION_SECONDS.contains(&max_session_seconds.value) {
            let seconds = max_session_seconds.value;
            self.mistake(
                &arn,
                format_args!(
                    "`max_session_seconds` of `{}` is {seconds}; it must be 3600 to 43200",
                    arn.value
                ),
            );
        }
        let trust = format!("trust policy of `{}`", arn.value);
        let trust = self.policy(PolicyKind::Trust, &trust, &trust_policy);
        let policies: Option<Vec<_>> = policies
            .into_iter()
            .map(|entry| self.role_policy(&arn, entry))
            .collect();
        Some(Role {
            id: role_id(&arn.value),
            max_session: Duration::from_secs(max_session_seconds.value),
            trust: trust?,
            policies: policies?,
            arn: arn.value,
        })
    }

    fn role_policy(&mut self, role: &Spanned<RoleArn>, entry: PolicyEntry) -> Option<RolePolicy> {
        let PolicyEntry { name, document } = entry;
        let what = format!("policy `{name}` of `{}`", role.value);
        let policy = self.policy(PolicyKind::Identity, &what, &document)?;
        Some(RolePolicy { name, policy })
    }

    /// Parses a policy, or records a mistake about `what`.
    pub(super) fn policy(
        &mut self,
        kind: PolicyKind,
        what: &str,
        json: &Spanned<String>,
    ) -> Option<Policy> {
        Policy::parse(kind, &json.value)
            .map_err(|error| self.mistake(json, format_args!("{what}: {error}")))
            .ok()
    }
}

/// A role ID that is the same in every run.
fn role_id(arn: &RoleArn) -> String {
    let letter = |byte: u8| {
        ID_ALPHABET
            .get(usize::from(byte % 32))
            .copied()
            .map_or('A', char::from)
    };
    let digest = Sha256::digest(arn.to_string());
    "AROA"
        .chars()
        .chain(digest.iter().take(17).copied().map(letter))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn role_ids_have_the_format_of_aws() {
        let id = role_id(&"arn:aws:iam::111122223333:role/x".parse().unwrap());
        assert!(id.starts_with("AROA") && id.len() == 21, "{id}");
    }
}
