//! The page about the design names the reasons and the tests as they are.

use crate::Reason;

const PAGE: &str = include_str!("../../../../docs/design/webhook.md");
const TESTS: [(&str, &str); 6] = [
    ("peers", include_str!("peers.rs")),
    ("placement", include_str!("placement.rs")),
    ("protocol", include_str!("protocol.rs")),
    ("refusals", include_str!("refusals.rs")),
    ("resources", include_str!("resources.rs")),
    ("triggers", include_str!("triggers.rs")),
];

/// The names in the table of reasons.
fn described() -> Vec<&'static str> {
    let (_, section) = PAGE.split_once("## Reasons").unwrap();
    let (section, _) = section.split_once("\n## ").unwrap();
    let rows = section.lines().filter_map(|line| line.strip_prefix("| `"));
    rows.map(|row| row.split_once('`').unwrap().0).collect()
}

#[test]
fn every_reason_is_described_in_order() {
    let reasons: Vec<_> = Reason::ALL.iter().map(|reason| reason.as_str()).collect();
    assert_eq!(described(), reasons);
}

#[test]
fn every_test_that_the_page_names_exists() {
    let named: Vec<_> = PAGE
        .split('`')
        .filter_map(|code| code.split_once("::"))
        .collect();
    let named = named
        .into_iter()
        .filter(|(module, _)| module.chars().all(|char| char.is_ascii_lowercase()));
    let mut number = 0;
    for (module, name) in named {
        number += 1;
        let is_there = |source: &str| source.contains(&format!("fn {name}()"));
        let mut tests = TESTS.iter().filter(|(other, _)| *other == module);
        assert!(
            tests.any(|(_, source)| is_there(source)),
            "{module}::{name}"
        );
    }
    assert!(number > 20, "{number}");
}
