//! Texts from outside in reports, and JSON that can be pasted.

use irsa_chain::untrusted;
use serde_json::{Value, json};

/// As much of a foreign text as is shown.
const SHOWN: usize = 160;

/// As many values of a list.
const LISTED: usize = 5;

/// A foreign text in backticks, on one line, cut where it is long.
pub(super) fn quoted(text: &str) -> String {
    untrusted::quoted(text).longest(SHOWN).to_string()
}

/// The first of a list, with commas; `none` where there is nothing.
pub(super) fn listed<'t>(all: impl IntoIterator<Item = &'t str>) -> String {
    let mut all = all.into_iter();
    let shown: Vec<_> = all.by_ref().take(LISTED).map(quoted).collect();
    match (shown.is_empty(), all.count()) {
        (true, _) => "none".to_owned(),
        (false, 0) => shown.join(", "),
        (false, more) => format!("{} and {more} more", shown.join(", ")),
    }
}

/// The command that gives a role one more inline policy.
pub(crate) fn put_role_policy(role: &str, name: &str, statement: &Value) -> String {
    let policy = json!({"Version": "2012-10-17", "Statement": [statement]});
    format!(
        "run `aws iam put-role-policy --role-name {role} --policy-name {name} --policy-document '{policy}'`"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_text_is_one_short_line() {
        assert_eq!(quoted("a\n`b"), r"`a\n'b`");
        assert_eq!(quoted(&"x".repeat(1_000_000)).chars().count(), SHOWN + 3);
    }

    #[test]
    fn a_long_list_is_cut() {
        assert_eq!(listed([]), "none");
        assert_eq!(listed(["a", "b"]), "`a`, `b`");
        assert_eq!(listed(["a"; 7]), "`a`, `a`, `a`, `a`, `a` and 2 more");
    }
}
