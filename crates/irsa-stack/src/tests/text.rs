//! What is wrong with the text of a file, where it is, and what is printed of it.

use super::{SMALL, changed, mistakes, read, stack};
use crate::tree::comparisons;

#[test]
fn a_key_that_is_given_twice_is_a_mistake() {
    let found = changed("name: shop", "name: shop\nname: shop");
    assert!(
        found[0].starts_with("irsa.yaml:3:1: not valid YAML: "),
        "{found:#?}"
    );
}

#[test]
fn text_that_is_not_yaml_has_its_line() {
    for (line, expected) in [
        ("tags: {a: \"x\0y\"}", "irsa.yaml:15:13: not valid YAML: "),
        ("tags: {\u{e9}: \"x}", "irsa.yaml:15:11: not valid YAML: "),
        ("tags: {a: *b}", "irsa.yaml:15:11: not valid YAML: "),
        ("---\nname: x", "irsa.yaml:16:1: not valid YAML: "),
    ] {
        let found = mistakes(&format!("{SMALL}{line}\n"));
        assert!(found[0].starts_with(expected), "{line}: {found:#?}");
        for part in ["at line", "from_str", "Policy"] {
            assert!(!found[0].contains(part), "{found:#?}");
        }
    }
}

#[test]
fn secrets_beside_mistakes_are_not_shown() {
    let admin =
        |admin: &str| SMALL.replacen("    databases:", &format!("    {admin}\n    databases:"), 1);
    for (text, secret) in [
        (admin("admin: {usr: root, password: hunter2}"), "hunter2"),
        (admin("admin: {user: root, password: 40414243}"), "40414243"),
        (admin("admin: {user: root, password: \"hunter2}"), "hunter2"),
        (admin("password: hunter2"), "hunter2"),
        (
            SMALL.replacen(
                "{engine_version: \"17.4\"}",
                "\"postgres://u:hunter2@host/db\"",
                1,
            ),
            "hunter2",
        ),
        (
            format!("{SMALL}tags: {{AKIAIOSFODNN7EXAMPLE: 5}}\n"),
            "AKIAIOSFODNN7EXAMPLE",
        ),
        (
            format!("{SMALL}AKIAIOSFODNN7EXAMPLE: 5\n"),
            "AKIAIOSFODNN7EXAMPLE",
        ),
        (
            SMALL.replacen(
                "database: orders}",
                "database: orders, privileges: AKIAIOSFODNN7EXAMPLE}",
                1,
            ),
            "AKIAIOSFODNN7EXAMPLE",
        ),
        (
            format!("{SMALL}tags: {{a: \"postgres://u:pa/hunter2@host/db\"}}\n"),
            "hunter2",
        ),
        (
            format!("{SMALL}tags: {{a: \"host=x password=hunter2\"}}\n"),
            "hunter2",
        ),
        (
            format!("{SMALL}tags: {{a: \"postgres://host/db?password=hunter2\"}}\n"),
            "hunter2",
        ),
    ] {
        let refused = read(&[&text]).unwrap_err();
        let shown = refused.sentences().join("\n") + &refused.drawn().join("\n");
        assert!(!shown.contains(secret), "{shown}");
    }
    let image = "irsa: {image: \"registry.example.com:5000/irsa:1@sha256:abc\"}\n";
    assert_eq!(mistakes(&format!("{SMALL}{image}")), [""; 0]);
    let tag = "tags: {a: \"https://registry.example.com:5000/irsa@sha256:abc\"}\n";
    assert_eq!(mistakes(&format!("{SMALL}{tag}")), [""; 0]);
}

#[test]
fn a_key_without_a_value_is_a_mistake() {
    let help = "the key has no value; this removes the key that an earlier file set, but no earlier file sets it; \
                write `{}` for an empty map, or remove the key";
    let found = changed("      orders: {}", "      orders:");
    assert_eq!(found, [format!("irsa.yaml:10:7: {help}")]);
    let found = changed("  shop: {}", "  shop:");
    assert_eq!(found, [format!("irsa.yaml:5:3: {help}")]);
    let found = read(&[SMALL, "tags: {team: null}\n"]).unwrap_err();
    assert_eq!(found.sentences(), [format!("prod.yaml:1:8: {help}")]);
}

#[test]
fn keys_of_different_types_are_one_key() {
    for tags in ["{1: a, \"1\": b}", "{true: a, \"true\": b}"] {
        let found = mistakes(&format!("{SMALL}tags: {tags}\n"));
        assert!(found[0].contains("duplicate mapping key: "), "{found:#?}");
        assert!(found[0].starts_with("irsa.yaml:15:"), "{found:#?}");
    }
}

#[test]
fn a_merged_key_may_be_replaced() {
    let text = SMALL.replacen(
        "  api:\n",
        "  job: &job {service_account: shop/job, postgres: {store: orders, database: orders}}\n  api:\n    <<: *job\n",
        1,
    );
    assert_eq!(
        stack(&text).workloads[0].service_account.to_string(),
        "shop/api"
    );
}

#[test]
fn short_names_are_not_taken_for_each_other() {
    let text = SMALL
        .replacen("      orders: {}", "      a: {}", 1)
        .replacen("database: orders", "database: b", 1);
    let found = mistakes(&text);
    assert_eq!(
        found,
        ["irsa.yaml:14:41: database `b` does not exist; expected one of `a`"]
    );
}

#[test]
fn a_later_file_may_have_comments_alone() {
    for overlay in ["", "# nothing yet\n", "---\n# nothing yet\n"] {
        let document = read(&[SMALL, overlay]).unwrap();
        assert_eq!(
            document.show(),
            read(&[SMALL]).unwrap().show(),
            "{overlay:?}"
        );
    }
    for first in ["", "# nothing yet\n"] {
        let found = read(&[first, SMALL]).unwrap_err().sentences();
        let expected = "irsa.yaml:1:1: the file must be a map that begins with `version: 1`";
        assert_eq!(found, [expected], "{first:?}");
    }
}

/// Each key was compared with all others, which took minutes for files of this size.
#[test]
fn large_files_are_merged_and_shown_without_a_search_for_each_key() {
    let keys = |letter: char| {
        let keys = (0..40_000).map(|number| format!("  {letter}{number:06}: v\n"));
        format!("tags:\n{}", keys.collect::<String>())
    };
    let before = comparisons();
    let document = read(&[&format!("{SMALL}{}", keys('a')), &keys('b'), &keys('a')]).unwrap();
    let shown = document.show();
    assert!(
        comparisons() - before < 10_000,
        "{}",
        comparisons() - before
    );
    assert!(shown.ends_with("  b039999: v  # prod.yaml:40001\n"));
    assert!(shown.contains("\n  a039999: v  # third.yaml:40001\n"));
}
