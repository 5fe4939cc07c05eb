//! The table of `irsa check`.

use super::{BROAD, SMALL, stack};
use crate::{Preset, check};

#[test]
fn the_table_of_the_least_privileges() {
    let table = check(&stack(Preset::Camunda83.text()));
    assert!(table.is_right());
    insta::assert_snapshot!(table.text());
}

#[test]
fn the_table_of_the_reference_says_what_is_shared() {
    let table = check(&stack(Preset::Camunda83Reference.text()));
    assert!(table.is_right());
    insta::assert_snapshot!(table.text());
}

#[test]
fn the_table_of_two_clusters_and_two_ways_of_identity() {
    let table = check(&stack(BROAD));
    assert!(table.is_right(), "{}", table.text());
    insta::assert_snapshot!(table.text());
}

#[test]
fn a_workload_of_one_cluster_is_not_trusted_from_another() {
    let text = SMALL.replace("  shop: {}", "  shop: {}\n  other: {}");
    let one = text.replace(
        "    service_account: shop/api",
        "    clusters: [shop]\n    service_account: shop/api",
    );
    let text = format!(
        "{one}  job:\n    service_account: shop/job\n    postgres: {{store: orders, database: orders, user: job}}\n"
    );
    let table = check(&stack(&text));
    let row = table
        .rows
        .iter()
        .find(|row| row.question == "service account shop/api of other assumes shop-api");
    assert_eq!(row.unwrap().allowed, Some(false));
    assert!(table.is_right(), "{}", table.text());
}

#[test]
fn a_policy_for_every_user_is_found_wrong() {
    // Roles with wildcards can't be written in the file; the engine must still see one.
    let mut stack = stack(SMALL);
    stack.workloads[0].postgres.as_mut().unwrap().user = "*".to_owned();
    let table = check(&stack);
    assert!(!table.is_right());
    assert!(
        table
            .text()
            .contains("WRONG allowed connect to orders as postgres"),
        "{}",
        table.text()
    );
}

/// The security plugin maps the IAM role, so it has the roles of all its workloads.
#[test]
fn workloads_with_one_iam_role_reach_the_indices_of_each_other() {
    let with = |other: &str| {
        let shared = "    role: {name: shared}\n";
        BROAD
            .replacen(
                "  orders:\n    service_account",
                &format!("  orders:\n{shared}    service_account"),
                1,
            )
            .replacen("  archiver:\n", &format!("  archiver:\n{shared}"), 1)
            .replacen(
                "opensearch: {store: logs}",
                &format!("opensearch: {{store: search, {other}}}"),
                1,
            )
    };
    let table = check(&stack(&with("indices: {\"secret-*\": manage}"))).text();
    let row = "allowed read secret--x in search (its IAM role is also mapped to `acme-archiver`)";
    assert!(table.contains(row), "{table}");
    let table = check(&stack(&with("role: all_access"))).text();
    let row = "allowed read reports--x in search (its IAM role is also mapped to `all_access`)";
    assert!(table.contains(row), "{table}");
}

#[test]
fn indices_of_others_that_the_own_pattern_covers_in_part_are_named() {
    let text = BROAD.replacen("\"reports-*\": manage", "\"*-secret\": manage", 1);
    let table = check(&stack(&text)).text();
    let row = "allowed read orders--secret in search (irsa.yaml grants `write` on `orders-*`)";
    assert!(table.contains(row), "{table}");
}
