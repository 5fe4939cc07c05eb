//! Untrusted text in reports, and AWS CLI commands with JSON arguments.

use irsa_aws::Role;
use irsa_chain::untrusted;
use serde_json::{Value, json};

use crate::remedy::shell_word;

/// The number of characters shown of an untrusted text.
const MAX_TEXT: usize = 160;

/// The maximum length of a command in bytes: reports truncate longer texts. A trust policy has at most 2,048 characters,
/// or 4,096 with a higher quota.
const MAX_COMMAND: usize = 3_900;

/// The number of values shown of a list.
const MAX_LISTED: usize = 5;

/// An untrusted text in backticks, on one line, truncated if it is long.
pub(super) fn quoted(text: &str) -> String {
    untrusted::quoted(text).longest(MAX_TEXT).to_string()
}

/// The first values of a list, separated by commas; `none` for an empty list.
pub(super) fn listed<'t>(all: impl IntoIterator<Item = &'t str>) -> String {
    let mut all = all.into_iter();
    let shown: Vec<_> = all.by_ref().take(MAX_LISTED).map(quoted).collect();
    match (shown.is_empty(), all.count()) {
        (true, _) => "none".to_owned(),
        (false, 0) => shown.join(", "),
        (false, more) => format!("{} and {more} more", shown.join(", ")),
    }
}

/// The command that adds an inline policy to a role. It replaces no existing policy, except one made from the same parts.
pub(crate) fn put_role_policy(role: &str, parts: &[&str], statement: &Value) -> String {
    let policy = json!({"Version": "2012-10-17", "Statement": [statement]}).to_string();
    format!(
        "aws iam put-role-policy --role-name {role} --policy-name {} --policy-document {}",
        policy_name(parts),
        shell_word(&policy)
    )
}

/// A policy name that is unlikely to exist: IAM accepts 128 characters of `[\w+=,.@-]` ("PutRolePolicy" in the IAM API
/// reference).
fn policy_name(parts: &[&str]) -> String {
    let is_allowed = |c: char| c.is_ascii_alphanumeric() || "+=,.@_-".contains(c);
    let name = format!("irsa-{}", parts.join("-"));
    let name = name.chars().map(|c| if is_allowed(c) { c } else { '-' });
    name.take(128).collect()
}

/// The command that adds a statement to a role's trust policy. Statements about deleted principals are left out: IAM no
/// longer accepts them ("UpdateAssumeRolePolicy"). `None` if the policy is not a JSON object with statements, or if the
/// command is too long.
pub(super) fn add_trust_statement(role: &Role, statement: &Value) -> Option<String> {
    let mut policy: Value = serde_json::from_str(&role.trust_policy).ok()?;
    let statements = policy.get_mut("Statement")?;
    let mut all = match statements.take() {
        Value::Array(all) => all,
        single @ Value::Object(_) => vec![single],
        _ => return None,
    };
    all.retain(|one| !names_deleted_principal(one));
    all.push(statement.clone());
    *statements = Value::Array(all);
    let command = format!(
        "aws iam update-assume-role-policy --role-name {} --policy-document {}",
        role.arn.name(),
        shell_word(&policy.to_string())
    );
    (command.len() <= MAX_COMMAND).then_some(command)
}

/// Returns whether the principal is the unique ID of a role or user, which IAM shows instead of the ARN if the role or
/// user was deleted.
fn names_deleted_principal(statement: &Value) -> bool {
    let is_id = |value: &Value| {
        let text = value.as_str().unwrap_or_default();
        text.starts_with("AROA") || text.starts_with("AIDA")
    };
    match &statement["Principal"]["AWS"] {
        Value::Array(all) => all.iter().any(is_id),
        single => is_id(single),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_text_is_one_short_line() {
        assert_eq!(quoted("a\n`b"), r"`a\n'b`");
        assert_eq!(quoted(&"x".repeat(1_000_000)).chars().count(), MAX_TEXT + 3);
    }

    #[test]
    fn an_inline_policy_of_ours_has_a_name_of_its_own() {
        let statement = json!({"Effect": "Allow"});
        let command = put_role_policy("app", &["rds-connect", "cluster-A", "a b"], &statement);
        assert!(
            command.contains("--policy-name irsa-rds-connect-cluster-A-a-b "),
            "{command}"
        );
        assert_eq!(policy_name(&["x".repeat(500).as_str()]).len(), 128);
    }

    #[test]
    fn a_trust_policy_keeps_what_it_has() {
        let role = |policy: &str| Role {
            trust_policy: policy.to_owned(),
            ..role()
        };
        let own = json!({"Sid": "New"});
        let command = |policy: &str| add_trust_statement(&role(policy), &own);
        let found = command(r#"{"Statement": {"Sid": "It's"}}"#).unwrap();
        assert!(
            found.ends_with(r#"'{"Statement":[{"Sid":"It'\''s"},{"Sid":"New"}]}'"#),
            "{found}"
        );
        let deleted = r#"{"Statement": [{"Principal": {"AWS": ["AROAEXAMPLE"]}}]}"#;
        assert!(
            command(deleted)
                .unwrap()
                .ends_with(r#"'{"Statement":[{"Sid":"New"}]}'"#)
        );
        for none in ["", "[]", "{}", r#"{"Statement": 1}"#] {
            assert_eq!(command(none), None, "{none}");
        }
    }

    fn role() -> Role {
        Role {
            arn: "arn:aws:iam::111122223333:role/app".parse().unwrap(),
            id: "AROAEXAMPLEEXAMPLEEXA".to_owned(),
            trust_policy: String::new(),
            max_session: std::time::Duration::from_hours(1),
            boundary: None,
            tags: Vec::new(),
        }
    }

    #[test]
    fn a_long_list_is_cut() {
        assert_eq!(listed([]), "none");
        assert_eq!(listed(["a", "b"]), "`a`, `b`");
        assert_eq!(listed(["a"; 7]), "`a`, `a`, `a`, `a`, `a` and 2 more");
    }
}
