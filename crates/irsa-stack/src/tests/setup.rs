//! The role of the setup, and the secrets that it reads.

use super::{SMALL, read, source, stack};
use crate::{Outputs, Stack, check};

const ENDPOINT: &str = "orders.cluster-c9akciq32rgw.eu-central-1.rds.amazonaws.com";
const ID: &str = "cluster-2K7XQ4MZJ6T5W3YHCNBVRDAEFU";
const SECRET: &str = "arn:aws:secretsmanager:eu-central-1:111122223333:secret:rds!cluster-1-AbCdEf";

/// The small file with an administrator and the setup.
fn text() -> String {
    let admin = "    admin: {user: boss, password: managed}\n    databases:";
    SMALL.replacen("    databases:", admin, 1) + "setup: {namespace: irsa-setup}\n"
}

/// The small file with this line in place of `create`.
fn with_origin(line: &str) -> String {
    text().replacen("    create: {engine_version: \"17.4\"}", line, 1)
}

/// The mistakes with this secret in the outputs.
fn with_secret(secret: &str) -> Result<Stack, String> {
    let json = format!(
        r#"{{"version": 1, "postgres": {{"orders": {{"endpoint": "{ENDPOINT}", "resource_id": "{ID}", "admin_secret": {secret}}}}}}}"#
    );
    let document = read(&[&text()]).unwrap();
    let outputs = Outputs::read(source("irsa.outputs.json", &json), document.file_count());
    let stack = outputs.and_then(|outputs| document.stack(Some(&outputs)));
    stack.map_err(|mistakes| mistakes.sentences().join("\n"))
}

/// The number of clusters whose secrets the role reads.
fn readable(stack: &Stack) -> usize {
    let setup = stack.setup.as_ref().unwrap();
    stack.setup_clusters(setup).count()
}

#[test]
fn it_reads_the_secrets_that_terraform_knows_in_its_account() {
    let existing = format!("    existing: {{endpoint: {ENDPOINT}, resource_id: {ID}}}");
    for (text, expected) in [
        (text(), 1),
        (with_origin("    existing: orders"), 1),
        (with_origin(&existing), 0),
        (SMALL.to_owned() + "setup: {namespace: irsa-setup}\n", 0),
        (text().replace("setup: {namespace: irsa-setup}\n", ""), 0),
    ] {
        let stack = stack(&text);
        assert_eq!(readable(&stack), expected, "{text}");
        assert_eq!(stack.needed_setup().is_some(), expected > 0, "{text}");
    }
    let role =
        "    service_account: shop/api\n    role: {arn: \"arn:aws:iam::444455556666:role/api\"}";
    let foreign = with_origin("    existing: orders\n    account: \"444455556666\"");
    let foreign = foreign.replacen("    service_account: shop/api", role, 1);
    assert_eq!(readable(&stack(&foreign)), 0);
}

#[test]
fn its_requests_are_decided() {
    let table = check(&stack(&text()));
    assert!(table.is_right(), "{}", table.text());
    let rows = table.rows.iter().filter(|row| row.workload == "(setup)");
    let (needed, others): (Vec<_>, Vec<_>) = rows.partition(|row| row.expected);
    let needed: Vec<_> = needed.iter().map(|row| row.question.as_str()).collect();
    assert_eq!(
        needed,
        [
            "secretsmanager:GetSecretValue on the secret of orders, from cluster shop",
            "kms:Decrypt on the key of the secret of orders, from cluster shop",
        ]
    );
    assert_eq!(others.len(), 3, "{}", table.text());
    assert!(others.iter().all(|row| row.allowed == Some(false)));
}

#[test]
fn the_outputs_name_the_secret() {
    let known = with_secret(&format!(r#"{{"arn": "{SECRET}"}}"#)).unwrap();
    let secret = known.postgres[0].admin_secret.as_ref().unwrap();
    assert_eq!((secret.arn.as_str(), &secret.kms_key), (SECRET, &None));
    let elsewhere = SECRET.replace("eu-central-1", "us-east-1");
    let refused = with_secret(&format!(r#"{{"arn": "{elsewhere}"}}"#)).unwrap_err();
    let expected = "the secret of `orders` is not in region eu-central-1 of account 111122223333";
    assert!(refused.contains(expected), "{refused}");
    for wrong in [
        r#"{"arn": "arn:aws:rds:eu-central-1:111122223333:db:x"}"#,
        r#"{"arn": "arn:aws:secretsmanager:eu-central-1:111122223333:secret:*"}"#,
        r#"{"kms_key": "arn:aws:kms:eu-central-1:111122223333:key/1"}"#,
        &format!(r#"{{"arn": "{SECRET}", "kms_key": "{SECRET}"}}"#),
    ] {
        let refused = with_secret(wrong).unwrap_err();
        assert!(
            refused.starts_with("irsa.outputs.json:1:"),
            "{wrong}: {refused}"
        );
    }
}
