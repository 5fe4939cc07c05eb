//! Policies in the output of the AWS CLI. `aws iam get-role`, `get-role-policy`, `get-policy-version`, `aws opensearch
//! describe-domain` and other commands wrap the document in an object.

use serde_json::Value;
use serde_json::value::RawValue;

/// The paths to the document, from the outermost member.
const PATHS: [&[&str]; 8] = [
    &["Role", "AssumeRolePolicyDocument"],
    &["AssumeRolePolicyDocument"],
    &["PolicyDocument"],
    &["PolicyVersion", "Document"],
    &["Policy", "Content"],
    &["DomainStatus", "AccessPolicies"],
    &["DomainConfig", "AccessPolicies", "Options"],
    &["AccessPolicies", "Options"],
];

/// Extracts the policy document from the output of the AWS CLI, and returns any other text unchanged.
///
/// The surrounding text is replaced with white space, so that lines and columns are those of the file. A document that
/// is a JSON string is unquoted, and its lines and columns count from its start.
pub fn document(text: String) -> String {
    if let Ok(Value::Object(members)) = serde_json::from_str(&text)
        && !members.contains_key("Statement")
    {
        let mut found = PATHS.iter().filter_map(|path| extract(&text, path));
        return found.next().unwrap_or(text);
    }
    text
}

fn extract(text: &str, path: &[&str]) -> Option<String> {
    let mut inner: &str = text;
    for name in path {
        let members: std::collections::HashMap<String, &RawValue> =
            serde_json::from_str(inner).ok()?;
        inner = members.get(*name)?.get();
    }
    match inner.as_bytes().first()? {
        b'"' => serde_json::from_str(inner).ok(),
        b'{' => {
            let start = inner.as_ptr().addr() - text.as_ptr().addr();
            let end = start + inner.len();
            let (before, after) = (text.get(..start)?, text.get(end..)?);
            Some(blank(before) + inner + &blank(after))
        }
        _ => None,
    }
}

/// White space with the same lines and columns.
fn blank(text: &str) -> String {
    text.chars()
        .map(|char| if char == '\n' { '\n' } else { ' ' })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const POLICY: &str = r#"{"Version": "2012-10-17", "Statement": []}"#;

    #[test]
    fn documents_are_found_in_the_output_of_the_cli() {
        for output in [
            format!(r#"{{"Role": {{"RoleName": "é", "AssumeRolePolicyDocument": {POLICY}}}}}"#),
            format!(r#"{{"RoleName": "a", "PolicyName": "b", "PolicyDocument": {POLICY}}}"#),
            format!(r#"{{"PolicyVersion": {{"Document": {POLICY}, "VersionId": "v1"}}}}"#),
        ] {
            let found = document(output.clone());
            assert_eq!(found.trim(), POLICY);
            let path = |text: &str| text.find(POLICY).map(|at| text[..at].chars().count());
            assert_eq!(path(&found), path(&output));
        }
        let content = Value::from(POLICY);
        for output in [
            format!(r#"{{"DomainStatus": {{"AccessPolicies": {content}}}}}"#),
            format!(r#"{{"Policy": {{"PolicySummary": {{}}, "Content": {content}}}}}"#),
        ] {
            assert_eq!(document(output), POLICY);
        }
    }

    #[test]
    fn other_texts_are_left_alone() {
        for text in [
            POLICY,
            "",
            "{",
            r#"{"Role": {}}"#,
            r#"{"PolicyDocument": 1}"#,
            r#"{"Statement": [], "PolicyDocument": {}}"#,
        ] {
            assert_eq!(document(text.to_owned()), text);
        }
    }

    #[test]
    fn lines_stay_where_they_are() {
        let text =
            format!("{{\n  \"Role\": {{\n    \"AssumeRolePolicyDocument\": {POLICY}\n  }}\n}}\n");
        let found = document(text.clone());
        assert_eq!(found.lines().count(), text.lines().count());
        assert_eq!(
            found.lines().nth(2),
            Some(&*format!("{}{POLICY}", " ".repeat(32)))
        );
    }
}
