//! The table of `irsa check`.

use irsa_world::World;

use super::{BROAD, SMALL, stack};
use crate::{Preset, Target, check, render};

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
        .find(|row| row.question == "assume shop-api as shop/api, from cluster other");
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

/// The policies of a role in one account do not reach a domain in another one without the domain's consent.
#[test]
fn a_domain_in_another_account_needs_an_access_policy_which_the_table_names() {
    let text = BROAD.replacen(
        "existing: search",
        "existing: search\n    account: \"444455556666\"",
        1,
    );
    let stack = stack(&text);
    let table = check(&stack);
    assert!(table.is_right(), "{}", table.text());
    let allowed = "allowed es:ESHttpGet on search, from cluster blue";
    assert!(table.text().contains(allowed), "{}", table.text());
    let remark = table
        .remarks
        .iter()
        .find(|one| one.contains("444455556666"));
    insta::assert_snapshot!(remark.unwrap());
    let files = render(&stack, Target::Lab, &["irsa.yaml"]).unwrap();
    let world = World::from_yaml(&files[0].text).unwrap();
    let domains = world.domains().iter();
    let search = domains.filter(|one| one.fine_grained);
    assert!(search.clone().all(|one| one.access_policy.is_some()));
    assert_eq!(search.count(), 1);
}

/// Each pair of workloads was a decision: 500 workloads needed a million.
#[test]
fn the_number_of_decisions_grows_with_the_number_of_workloads() {
    let table = |workloads: usize| check(&stack(&many(workloads)));
    let (small, large) = (table(20), table(200));
    assert!(large.is_right(), "{}", large.text());
    let per_workload =
        |table: &crate::Table, workloads: usize| table.rows.len().div_ceil(workloads);
    assert_eq!(per_workload(&small, 20), per_workload(&large, 200));
    // No neighbor is lost: two service accounts that no workload has, three users that no workload has.
    let neighbors = |table: &crate::Table, question: &str| -> usize {
        let of_one = table.rows.iter().filter(|row| row.workload == "w007");
        let rows = of_one.filter(|row| row.question.starts_with(question) && !row.expected);
        rows.map(|row| 1 + row.others).sum()
    };
    assert_eq!(neighbors(&large, "assume "), 199 + 2);
    assert_eq!(neighbors(&large, "connect to orders as "), 199 + 2);
    assert_eq!(neighbors(&large, "read "), 199);
}

/// A neighbor that the policies do tell apart has a row however many others there are.
#[test]
fn a_neighbor_with_a_different_decision_is_never_counted_with_others() {
    let mut stack = stack(&many(30));
    // A wildcard can't be written in the file; the engine must still see it.
    stack.workloads[0].postgres.as_mut().unwrap().user = "w02*".to_owned();
    let table = check(&stack);
    let wrong = table.rows.iter().filter(|row| !row.is_right());
    let wrong: usize = wrong
        .filter(|row| row.workload == "w000")
        .map(|row| 1 + row.others)
        .sum();
    // w020 to w029, and the own name with a letter behind it.
    assert_eq!(wrong, 11, "{}", table.text());
}

/// A set-up of so many workloads.
fn many(workloads: usize) -> String {
    let (header, _) = SMALL.split_once("workloads:\n").unwrap();
    let workload = |number: usize| {
        format!(
            "  w{number:03}:
    service_account: shop/w{number:03}
    postgres: {{store: orders, database: orders, user: w{number:03}}}
    opensearch: {{store: search, indices: {{\"w{number:03}-*\": write}}}}\n"
        )
    };
    let workloads: String = (0..workloads).map(workload).collect();
    format!("{header}opensearch:\n  search: {{existing: search}}\nworkloads:\n{workloads}")
}
