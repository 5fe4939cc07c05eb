//! Alert rules and the dashboard refer to existing metrics.

use std::collections::BTreeSet;

use irsa_testing::program::{finish, irsa};
use serde_json::Value;

const ALERTS: &str = include_str!("../../../../docs/monitoring/alerts.yaml");
const DASHBOARD: &str = include_str!("../../../../docs/monitoring/dashboard.json");

/// Returns the names that queries may use, from the generated page.
fn known() -> BTreeSet<String> {
    let page = finish(&mut irsa(&["reference", "metrics"]));
    let rows = page
        .printed()
        .lines()
        .filter_map(|line| line.strip_prefix("| `"));
    let rows = rows.filter_map(|row| row.split_once("` | "));
    rows.flat_map(|(name, rest)| {
        let suffixes: &[&str] = match rest.split(' ').next() {
            Some("histogram") => &["_bucket", "_sum", "_count"],
            _ => &[""],
        };
        suffixes.iter().map(move |suffix| format!("{name}{suffix}"))
    })
    .collect()
}

/// Returns the names of metrics in a text.
fn used(text: &str) -> BTreeSet<String> {
    let is_outside = |c: char| !(c.is_ascii_alphanumeric() || c == '_');
    let words = text.split(is_outside);
    let is_metric = |word: &&str| word.starts_with("irsa_") || word.starts_with("process_");
    words.filter(is_metric).map(str::to_owned).collect()
}

fn check(text: &str) {
    let (known, used) = (known(), used(text));
    assert!(used.len() > 5, "{used:?}");
    let unknown: Vec<_> = used.difference(&known).collect();
    assert!(unknown.is_empty(), "{unknown:?} are not among {known:#?}");
}

#[test]
fn the_page_of_metrics_is_up_to_date() {
    let page = include_str!("../../../../docs/reference/metrics.md");
    let current = finish(&mut irsa(&["reference", "metrics"]));
    assert_eq!(
        page.trim_end(),
        current.printed(),
        "out of date: run `cargo xtask gen`"
    );
}

#[test]
fn alert_rules_use_existing_metrics_and_have_descriptions() {
    let rules: Value = serde_saphyr::from_str(ALERTS).unwrap();
    let groups = rules["groups"].as_array().unwrap();
    let rules: Vec<_> = groups
        .iter()
        .flat_map(|group| group["rules"].as_array().unwrap())
        .collect();
    assert!(rules.len() > 5, "{rules:?}");
    for rule in rules {
        assert!(
            rule["alert"].as_str().unwrap().starts_with("Irsa"),
            "{rule}"
        );
        let severity = rule["labels"]["severity"].as_str().unwrap();
        assert!(["critical", "warning"].contains(&severity), "{rule}");
        for text in ["summary", "description"] {
            assert!(rule["annotations"][text].is_string(), "{rule}");
        }
        let expression = rule["expr"].as_str().unwrap();
        // The scenarios of the Helm chart compare these with a real API server.
        let is_of_the_api_server = expression.contains("apiserver_");
        assert!(
            is_of_the_api_server || !used(expression).is_empty(),
            "{rule}"
        );
    }
    check(ALERTS);
}

#[test]
fn the_dashboard_uses_existing_metrics() {
    let dashboard: Value = serde_json::from_str(DASHBOARD).unwrap();
    for panel in dashboard["panels"].as_array().unwrap() {
        for target in panel["targets"].as_array().unwrap() {
            assert!(
                !used(target["expr"].as_str().unwrap()).is_empty(),
                "{panel}"
            );
        }
    }
    check(DASHBOARD);
}
