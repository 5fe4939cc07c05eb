//! Policy files in practice: names with commas, output of the AWS CLI, mistakes.

use serde_json::{Value, json};

use super::{DATABASE, Files, ISSUER, assume, connect, key, policy};

#[test]
fn file_names_may_contain_commas() {
    let files = Files::new();
    let identity = files.identity("identity.json", "Allow", "rds-db:connect", DATABASE);
    let open = files.identity("a,b.json", "Allow", "*", "*");
    let deny = files.identity("c,d,e.json", "Deny", "rds-db:*", "*");
    let asked = |scp: &str| connect("evaluate", &["--identity", &identity, "--scp", scp]);
    assert_eq!(asked(&open).code, 0);
    let both = asked(&format!("{open},{deny}"));
    assert_eq!(both.code, 3, "{}", both.stderr);
    assert!(both.stdout.contains("explicit deny"), "{}", both.stdout);
    let missing = asked(&format!("{open},nowhere.json"));
    assert_eq!(
        missing.errors(),
        ["cannot read `nowhere.json`: No such file or directory (os error 2)"]
    );
}

#[test]
fn the_output_of_the_aws_cli_is_accepted() {
    let files = Files::new();
    let trust = files.trust("trust.json", &key(), "system:serviceaccount:shop:api");
    let document: Value = serde_json::from_str(&std::fs::read_to_string(&trust).unwrap()).unwrap();
    let role = json!({"Role": {"RoleName": "app", "AssumeRolePolicyDocument": document}});
    let role = files.add("role.json", &format!("{role:#}"));
    let allowed = assume("evaluate", &role, &[]);
    assert_eq!(allowed.code, 0, "{}{}", allowed.stdout, allowed.stderr);
    let wrong = files.trust("wrong.json", &key(), "system:serviceaccount:shop:*");
    let wrong: Value = serde_json::from_str(&std::fs::read_to_string(&wrong).unwrap()).unwrap();
    let wrong = json!({"Role": {"AssumeRolePolicyDocument": wrong}});
    let text = format!("{wrong:#}");
    let line = text
        .lines()
        .position(|line| line.contains("shop:*"))
        .unwrap()
        + 1;
    let wrong = files.add("wrong-role.json", &text);
    let found = policy("lint", &[&wrong]);
    assert_eq!(found.code, 3);
    let place = format!("--> {wrong}:{line}:");
    assert!(found.stdout.contains(&place), "{}", found.stdout);
}

#[test]
fn a_mistake_in_a_policy_is_reported_once() {
    let files = Files::new();
    let trust = files.trust("trust.json", &key(), "system:serviceaccount:shop:api");
    let broken = files.add("broken.json", "{\n  \"Statement\": [,]\n}");
    let arguments = [
        "--trust",
        &trust,
        "--service-account",
        "shop/api",
        "--issuer",
        ISSUER,
        "--rcp",
        &broken,
        "--connect",
        "api@cluster-ABCDEFGHIJKL",
    ];
    let wrong = policy("evaluate", &arguments);
    assert_eq!(
        (wrong.code, wrong.errors().len()),
        (2, 1),
        "{}",
        wrong.stderr
    );
}

#[test]
fn the_failing_severity_can_be_chosen() {
    let files = Files::new();
    let wide = files.identity("wide.json", "Allow", "es:*", "*");
    let wrong = files.identity("wrong.json", "Allow", "es:ESHttp", DATABASE);
    for (file, level, code) in [
        (&wide, "warning", 3),
        (&wide, "error", 0),
        (&wrong, "warning", 3),
        (&wrong, "error", 3),
    ] {
        let found = policy("lint", &[file, "--deny", level]);
        assert_eq!(found.code, code, "{file} {level}");
        assert!(!found.stdout.starts_with("0 findings"), "{}", found.stdout);
    }
}

#[test]
fn missing_keys_are_unknown_unless_the_context_is_complete() {
    let files = Files::new();
    let document = json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": "rds-db:connect", "Resource": DATABASE},
        {
            "Effect": "Deny", "Action": "*", "Resource": "*",
            "Condition": {"StringEquals": {"aws:PrincipalTag/team": "web"}},
        },
    ]});
    let identity = files.add("identity.json", &document.to_string());
    let asked = |further: &[&str]| {
        connect(
            "evaluate",
            &[&["--identity", &identity][..], further].concat(),
        )
    };
    let unsure = asked(&[]);
    assert_eq!(unsure.code, 4, "{}", unsure.stderr);
    assert!(
        unsure.stdout.contains("depends on aws:PrincipalTag/team;"),
        "{}",
        unsure.stdout
    );
    assert_eq!(asked(&["--context-complete"]).code, 0);
    assert_eq!(asked(&["--context", "aws:PrincipalTag/team=web"]).code, 3);
}
