//! Roles: policies are compiled once, here.

use std::time::Duration;

use irsa_chain::RoleArn;
use irsa_policy::{Policy, PolicyKind};
use serde_json::Value;
use serde_saphyr::Spanned;
use sha2::{Digest as _, Sha256};

use super::Check;
use crate::file::{PolicyEntry, RoleEntry};
use crate::{Role, RolePolicy};

/// The range of `MaxSessionDuration` in seconds (IAM API, CreateRole).
const SESSION_SECONDS: std::ops::RangeInclusive<u64> = 3_600..=43_200;
/// Letters and digits of AWS's identifiers (base 32).
const ID_ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

impl Check {
    /// A role, unless one of its policies can't be read.
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
                    "`max_session_seconds` of `{}` is {seconds}, not 3600 to 43200",
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
            trusted_arns: trusted_arns(&trust_policy.value),
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

    /// A policy, or a mistake that says `what` it was.
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

/// The AWS principals that the statements of a trust policy allow, as written.
fn trusted_arns(json: &str) -> Vec<String> {
    let document: Value = serde_json::from_str(json).unwrap_or_default();
    let statements = one_or_many(document.get("Statement").cloned().unwrap_or_default());
    let allows =
        |statement: &Value| statement.get("Effect").and_then(Value::as_str) == Some("Allow");
    statements
        .iter()
        .filter(|statement| allows(statement))
        .filter_map(|statement| statement.get("Principal")?.get("AWS").cloned())
        .flat_map(one_or_many)
        .filter_map(|arn| arn.as_str().map(str::to_owned))
        .collect()
}

fn one_or_many(value: Value) -> Vec<Value> {
    match value {
        Value::Array(many) => many,
        Value::Null => Vec::new(),
        one => vec![one],
    }
}

/// A role id that is the same in every run.
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
    fn finds_the_arns_that_a_trust_policy_names() {
        let json = r#"{"Statement": [
            {"Effect": "Allow", "Principal":
                {"AWS": ["arn:aws:iam::1:role/a", "arn:aws:iam::1:role/b"]}},
            {"Effect": "Deny", "Principal": {"AWS": "arn:aws:iam::1:role/c"}},
            {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}}
        ]}"#;
        assert_eq!(
            trusted_arns(json),
            ["arn:aws:iam::1:role/a", "arn:aws:iam::1:role/b"]
        );
    }

    #[test]
    fn role_ids_have_the_shape_of_aws() {
        let id = role_id(&"arn:aws:iam::111122223333:role/x".parse().unwrap());
        assert!(id.starts_with("AROA") && id.len() == 21, "{id}");
    }
}
