//! Set-ups that do not fit into a chart, each with what to change.

use super::{CAMUNDA, ORCHESTRATION, THREE, camunda, keycloak, problem, rendered, without};

/// The problem with a setup for 8.7 in which a text is replaced.
fn changed(version: &str, from: &str, to: &str) -> String {
    let text = camunda(version);
    assert!(text.contains(from), "{from}");
    problem(&text.replacen(from, to, 1), &[])
}

#[test]
fn a_chart_that_was_not_read() {
    let text = CAMUNDA.replace("VERSION", "8.6") + THREE;
    insta::assert_snapshot!(problem(&text, &[]));
    insta::assert_snapshot!(problem(&keycloak("bitnami", "25"), &[]));
    // 8.10 is not a patch of 8.1.
    let text = CAMUNDA.replace("VERSION", "8.1") + THREE;
    assert!(problem(&text, &[]).contains("`camunda.version` is `8.1`"));
    assert!(rendered(&camunda("8.7").replace("\"8.7\"", "\"8.7.12\""), &[]).is_ok());
}

#[test]
fn no_chart_at_all() {
    let text = camunda("8.7").replace("camunda: {version: \"8.7\", namespace: camunda}\n", "");
    insta::assert_snapshot!(problem(&text, &[]));
    insta::assert_snapshot!(problem(super::super::SMALL, &[]));
}

#[test]
fn a_component_that_the_chart_does_not_have() {
    let text = CAMUNDA.replace("VERSION", "8.10") + ORCHESTRATION;
    insta::assert_snapshot!(problem(&text, &[]));
    let text = CAMUNDA.replace("VERSION", "8.3") + THREE;
    insta::assert_snapshot!(problem(&text, &[]));
}

#[test]
fn a_store_that_the_chart_has_no_values_for() {
    let from = "service_account: camunda/orchestration\n    opensearch: {store: search}";
    let to = "service_account: camunda/orchestration\n    postgres: {store: aurora, database: identity, user: o}";
    insta::assert_snapshot!(changed("8.8", from, to));
    let both = format!("{from}\n    postgres: {{store: aurora, database: identity, user: o}}");
    insta::assert_snapshot!(changed("8.9", from, &both));
}

#[test]
fn pods_of_one_release_in_two_namespaces() {
    insta::assert_snapshot!(changed("8.7", "camunda/operate", "other/operate"));
    let text = camunda("8.7").replace(", namespace: camunda", "");
    let text = text.replace("camunda/operate", "other/operate");
    assert!(
        problem(&text, &[])
            .starts_with("`operate`: its service account is in the namespace `other`")
    );
}

#[test]
fn one_pod_with_two_sidecars() {
    let text = without(&camunda("8.8"), "orchestration") + THREE;
    insta::assert_snapshot!(problem(&text, &[]));
    let text = text
        .replace(
            "application_identity: keep\n    opensearch: {store: search}\n  tasklist",
            "opensearch: {store: search}\n  tasklist",
        )
        .replace("    identity: pod-identity\n", "");
    let one = ["zeebe", "operate", "tasklist"]
        .iter()
        .fold(text, |text, name| {
            let account = format!("service_account: camunda/{name}\n");
            text.replace(
                &account,
                "service_account: camunda/orchestration\n    role: {name: search}\n",
            )
        });
    assert!(rendered(&one, &[]).is_ok(), "{:?}", rendered(&one, &[]));
}

#[test]
fn two_ports_where_the_chart_has_one_url() {
    let text = camunda("8.7");
    let from = "service_account: camunda/zeebe\n    opensearch: {store: search}";
    let text = text.replacen(
        from,
        "service_account: camunda/zeebe\n    opensearch: {store: search, listen: 9201}",
        1,
    );
    insta::assert_snapshot!(problem(&text, &[]));
    let text = camunda("8.9").replacen(
        "opensearch: {store: search}\n",
        "opensearch: {store: search, listen: 9201}\n",
        1,
    );
    assert!(rendered(&text, &[]).is_ok());
}

#[test]
fn a_name_that_yaml_reads_as_something_else_without_quotes() {
    insta::assert_snapshot!(changed("8.7", "camunda/zeebe", "camunda/on"));
    let text = keycloak("codecentric", "7").replace("keycloak: {}}", "\"a: b\": {}}");
    let text = text.replace("database: keycloak", "database: \"a: b\"");
    assert!(
        problem(&text, &[]).contains("without quotes"),
        "{}",
        problem(&text, &[])
    );
}

#[test]
fn lists_that_only_the_chart_has() {
    insta::assert_snapshot!(problem(&camunda("8.3"), &[]));
}
