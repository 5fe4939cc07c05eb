//! Hostile names are rendered safely, or refused with their place.

use proptest::prelude::*;

use super::{BROAD, SMALL, mistakes, stack};
use crate::yaml::scalar;
use crate::{Target, render};

/// Names that mean something in SQL, shells, YAML, Terraform, Helm or IAM.
pub(super) const HOSTILE: [&str; 14] = [
    "a\"b", "a'b", "a;b", "a--b", "a\\b", "${a}", "%{a}", "{{ a }}", "a b", "dbname=x", "a$$b",
    "a:b", "a#b", "*",
];

fn with_database(name: &str) -> String {
    let name = scalar(name);
    SMALL
        .replacen("      orders: {}", &format!("      {name}: {{}}"), 1)
        .replacen("database: orders", &format!("database: {name}"), 1)
}

fn with_user(name: &str) -> String {
    SMALL.replacen(
        "database: orders}",
        &format!("database: orders, user: {}}}", scalar(name)),
        1,
    )
}

#[test]
fn a_hostile_database_is_quoted() {
    for name in HOSTILE {
        let stack = stack(&with_database(name));
        assert_eq!(stack.postgres[0].databases[0].name, name);
        let text = &render(&stack, Target::Sql, &["irsa.yaml"]).unwrap()[0].text;
        let quoted = format!("CREATE DATABASE \"{}\" ", name.replace('"', "\"\""));
        assert!(text.contains(&quoted), "{text}");
    }
}

#[test]
fn a_user_that_a_policy_would_take_for_a_pattern_is_refused() {
    for name in HOSTILE {
        let found = mistakes(&with_user(name));
        if name.contains(['*', '?', '$']) {
            assert!(found[0].starts_with("irsa.yaml:14:"), "{found:#?}");
            assert!(found[0].contains("wildcards and variables"), "{found:#?}");
        } else {
            assert_eq!(found, [""; 0], "{name}");
        }
    }
}

#[test]
fn what_can_not_be_seen_or_changes_on_its_way_is_refused() {
    for (name, expected) in [
        ("a\nb", "U+000A"),
        ("a\0b", "U+0000"),
        ("a\u{202e}b", "U+202E"),
        ("e\u{301}", "normalization form C"),
        ("", "this has 0"),
        (&"x".repeat(64), "this has 64"),
        ("pg_x", "does not reserve"),
        ("rds_iam", "does not reserve"),
        ("rds_replication", "does not reserve"),
        ("rdsrepladmin", "does not reserve"),
        ("\u{20ac}", "U+00FF"),
    ] {
        let found = mistakes(&with_user(name));
        assert!(
            found.iter().any(|one| one.contains(expected)),
            "{name:?}: {found:#?}"
        );
        assert!(
            found.iter().all(|one| one.starts_with("irsa.yaml:14:")),
            "{found:#?}"
        );
    }
    assert_eq!(mistakes(&with_user(&"x".repeat(63))), [""; 0]);
}

#[test]
fn a_role_name_that_is_too_long_is_refused() {
    let text = SMALL.replacen("name: shop", &format!("name: {}", "s".repeat(40)), 1);
    let text = text.replacen("  api:", &format!("  {}:", "w".repeat(40)), 1);
    let found = mistakes(&text);
    assert!(
        found[0].contains("has 81 characters, but the limit is 64"),
        "{found:#?}"
    );
}

#[test]
fn a_trust_policy_that_is_too_large_is_refused() {
    let text = SMALL.replacen("  api:", "  api:\n    role: {name: shared}", 1);
    let workload = |number: i32| {
        format!(
            "  api-{number}:
    service_account: shop/a-long-name-of-a-service-account-{number}
    role: {{name: shared}}
    postgres: {{store: orders, database: orders, user: u{number}}}
"
        )
    };
    let workloads: Vec<_> = (0..40).map(workload).collect();
    let text = text + &workloads.concat();
    let found = mistakes(&text);
    assert!(
        found[0].contains("exceed the limit of 2048 for a trust policy"),
        "{found:#?}"
    );
}

/// IAM permits every printable ASCII character in paths.
#[test]
fn a_path_of_a_role_is_one_word_of_the_script() {
    let with_path = |path: &str| {
        BROAD
            .replacen("path: /acme/", &format!("path: {}", scalar(path)), 1)
            .replacen("indices: {\"orders-*\": write}", "role: all_access", 1)
    };
    let stack = stack(&with_path("/;(id)|&<>#!{}[]~/"));
    let script = &render(&stack, Target::OpenSearch, &["irsa.yaml"]).unwrap()[0].text;
    let line =
        "\nadd all_access '\"arn:aws:iam::111122223333:role/;(id)|&<>#!{}[]~/acme-orders\"' '[{";
    assert!(script.contains(line), "{script}");
    for path in [
        "/`id`/", "/$(id)/", "/a'b/", "/a\"b/", "/a\\b/", "/*/", "/?/",
    ] {
        let found = mistakes(&with_path(path));
        assert!(found[0].contains("is not an IAM path"), "{found:#?}");
        let arn = format!("arn:aws:iam::111122223333:role{path}legacy");
        let given = BROAD.replacen(
            "\"arn:aws:iam::111122223333:role/legacy\"",
            &scalar(&arn),
            1,
        );
        let found = mistakes(&given);
        assert!(found[0].contains("is not a role ARN"), "{found:#?}");
    }
}

proptest! {
    /// Whatever is accepted as a user is one quoted identifier in the script.
    #[test]
    fn an_accepted_user_is_one_identifier(name in "\\PC{1,20}") {
        let text = with_user(&name);
        if mistakes(&text).is_empty() {
            let stack = stack(&text);
            let script = &render(&stack, Target::Sql, &["irsa.yaml"]).unwrap()[0].text;
            let (_, rest) = script.split_once("CREATE ROLE \"").unwrap();
            let end = rest.replace("\"\"", "\u{1}\u{1}").find('"').unwrap();
            let (identifier, rest) = rest.split_at(end);
            prop_assert_eq!(identifier.replace("\"\"", "\""), name);
            prop_assert!(rest.starts_with("\" LOGIN;\n"));
        }
    }

    /// No text makes the reader panic.
    #[test]
    fn any_text_is_read_or_refused(text in "\\PC{0,200}") {
        let _ = mistakes(&text);
        let _ = mistakes(&format!("{SMALL}{text}"));
    }
}
