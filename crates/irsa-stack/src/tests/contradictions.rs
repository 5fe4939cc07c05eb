//! Stores, roles, users and outputs that contradict each other.

use irsa_chain::DbResourceKind;

use super::{BROAD, SMALL, changed, mistakes, read, source, stack};
use crate::Outputs;
use crate::stack::PostgresKind;

#[test]
fn a_workload_is_not_the_administrator_of_a_domain() {
    let found = mistakes(&BROAD.replacen("  legacy:", "  setup:", 1).replacen(
        "    role: {arn: \"arn:aws:iam::111122223333:role/legacy\"}\n",
        "",
        1,
    ));
    let expected =
        "`setup` has the role `acme-setup`, which is the administrator of the domain `search`";
    assert!(found.iter().any(|one| one.contains(expected)), "{found:#?}");
}

#[test]
fn two_keys_are_not_one_store() {
    let domains = "  search:\n    existing: search\n  other:\n    existing: search\n";
    let text = BROAD
        .replacen("  search:\n    existing: search\n", domains, 1)
        .replacen(
            "opensearch: {store: logs}",
            "opensearch: {store: other, indices: {\"x\": read}}",
            1,
        );
    let found = mistakes(&text);
    assert!(
        found[0].contains("`other` and `search` are the same store"),
        "{found:#?}"
    );
    let text = BROAD.replacen(
        "  archive:\n",
        "  copy:\n    existing: orders\n    databases:\n      orders: {}\n  archive:\n",
        1,
    );
    let found = mistakes(&text.replacen(
        "store: archive, database: archive",
        "store: copy, database: orders",
        1,
    ));
    assert!(
        found
            .iter()
            .any(|one| one.contains("`copy` and `orders` are the same store")),
        "{found:#?}"
    );
}

#[test]
fn kubernetes_versions_need_native_sidecars() {
    for version in ["1.29", "1.33", "v1.33.2-eks-1234", "2.0"] {
        let text = BROAD.replacen(
            "kubernetes: \"1.33\"",
            &format!("kubernetes: {version:?}"),
            1,
        );
        assert_eq!(mistakes(&text), [""; 0], "{version}");
    }
    for (version, expected) in [
        ("1.28", "Kubernetes 1.28 has no native sidecars"),
        ("v1.9.1", "Kubernetes v1.9.1 has no native sidecars"),
        ("latest", "`latest` is not a Kubernetes version"),
    ] {
        let new = format!("kubernetes: {version:?}");
        let found = mistakes(&BROAD.replacen("kubernetes: \"1.33\"", &new, 1));
        let by_webhook = BROAD.replacen("kubernetes: \"1.33\"", &new, 1).replacen(
            "irsa: {",
            "irsa: {inject: webhook, ",
            1,
        );
        let is_version = version != "latest";
        assert_eq!(mistakes(&by_webhook).is_empty(), is_version, "{version}");
        // The place is that of the value.
        assert!(found[0].starts_with("irsa.yaml:7:"), "{found:#?}");
        assert!(found[0].contains(expected), "{found:#?}");
    }
}

/// The small file with a store that exists.
fn existing(value: &str) -> String {
    SMALL.replacen(
        "create: {engine_version: \"17.4\"}",
        &format!("existing: {value}"),
        1,
    )
}

#[test]
fn an_existing_instance_is_named() {
    let text = existing("{instance: production}");
    let store = &stack(&text).postgres[0];
    assert_eq!(store.kind, PostgresKind::Instance);
    assert_eq!(store.identifier, "production");
    assert!(store.endpoint.starts_with("production."), "{store:?}");
    assert_eq!(store.resource_id.kind(), DbResourceKind::Instance);
    for (endpoint, resource_id, is_accepted) in [
        ("production.c9akciq32rgw", "db-ABC", true),
        ("other.c9akciq32rgw", "db-ABC", false),
        ("production.cluster-c9akciq32rgw", "cluster-ABC", false),
    ] {
        let json = format!(
            r#"{{"version": 1, "postgres": {{"orders": {{"endpoint": "{endpoint}.eu-central-1.rds.amazonaws.com", "resource_id": "{resource_id}"}}}}}}"#
        );
        let outputs = Outputs::read(source("irsa.outputs.json", &json), 1).unwrap();
        match read(&[&text]).unwrap().stack(Some(&outputs)) {
            Ok(_) => assert!(is_accepted, "{endpoint}"),
            Err(found) => {
                let found = found.to_string();
                let expected = "is not an endpoint of the DB instance `production`";
                assert!(!is_accepted && found.contains(expected), "{found}");
            }
        }
    }
}

#[test]
fn an_existing_store_is_described_in_one_way() {
    let endpoint = "endpoint: production.c9akciq32rgw.eu-central-1.rds.amazonaws.com";
    for value in [
        "{}".to_owned(),
        format!("{{{endpoint}}}"),
        "{resource_id: db-ABC}".to_owned(),
        format!("{{instance: production, {endpoint}, resource_id: db-ABC}}"),
    ] {
        let found = mistakes(&existing(&value));
        let expected = "`existing` needs either `instance`, or `endpoint` and `resource_id`";
        assert!(found[0].contains(expected), "{value}: {found:#?}");
    }
    let found = mistakes(&existing(&format!("{{{endpoint}, resource_id: db-ABC}}")));
    assert_eq!(found, [""; 0]);
}

#[test]
fn clusters_that_differ_only_in_case_are_a_mistake() {
    let found = changed("  shop: {}", "  Shop: {}\n  shop: {}");
    assert!(
        found[0].contains("`Shop` and `shop` differ only in case"),
        "{found:#?}"
    );
}

#[test]
fn an_endpoint_that_does_not_fit_its_resource_id_is_a_mistake() {
    for (from, to, expected) in [
        ("cluster-c9ak", "cluster-ro-c9ak", "is a reader endpoint"),
        (
            "resource_id: cluster-",
            "resource_id: db-",
            "which begins with `cluster-`",
        ),
        (
            "archive.cluster-c9ak",
            "archive.proxy-c9ak",
            "which begins with `prx-`",
        ),
    ] {
        let found = mistakes(&BROAD.replacen(from, to, 1));
        assert!(found.iter().any(|one| one.contains(expected)), "{found:#?}");
    }
    assert_eq!(
        mistakes(&BROAD.replacen("cluster-c9ak", "c9ak", 1)),
        [""; 0]
    );
}

#[test]
fn a_region_in_a_different_partition_is_a_mistake() {
    let found = changed("    databases:", "    region: cn-north-1\n    databases:");
    assert!(
        found[0].starts_with("irsa.yaml:9:13: cn-north-1 is in partition aws-cn"),
        "{found:#?}"
    );
}

/// Two databases, and workloads to be added.
const TWO: &str = "version: 1
name: shop
aws: {account: \"111122223333\", region: eu-central-1}
clusters: {shop: {}}
postgres:
  s:
    create: {engine_version: \"17.4\"}
    databases: {one: {owner: ann}, two: {}}
workloads:
  ann: {service_account: x/ann, postgres: {store: s, database: one}}
";

#[test]
fn an_owner_uses_its_database() {
    let text = TWO.replacen("database: one", "database: two, user: ann", 1);
    let text = format!(
        "{text}  bob: {{service_account: x/bob, postgres: {{store: s, database: one, user: bob}}}}\n"
    );
    let found = mistakes(&text);
    assert_eq!(
        found,
        [
            "irsa.yaml:8:30: the owner `ann` of `one` is not the user of a workload with all privileges"
        ]
    );
}

#[test]
fn a_reader_does_not_also_write() {
    let bob = |key: &str, more: &str| {
        format!(
            "  {key}: {{service_account: x/bob, role: {{name: bob}}, postgres: {{store: s, database: two, user: bob{more}}}}}\n"
        )
    };
    let text = format!(
        "{TWO}{}{}",
        bob("bob", ""),
        bob("reader", ", privileges: read")
    );
    let text = text.replacen("two: {}", "two: {owner: cat}", 1);
    let text =
        format!("{text}  cat: {{service_account: x/cat, postgres: {{store: s, database: two}}}}\n");
    let found = mistakes(&text);
    assert!(
        found[0].contains("`bob` has the same user with all privileges"),
        "{found:#?}"
    );
}

#[test]
fn a_role_is_not_both_created_and_existing() {
    for key in ["aaa", "job"] {
        let found = mistakes(&format!(
            "{SMALL}  {key}:\n    service_account: shop/job\n    role: {{arn: \"arn:aws:iam::111122223333:role/shop-api\"}}\n    \
             postgres: {{store: orders, database: orders, user: j}}\n"
        ));
        assert!(
            found[0].contains(
                "is an existing role for one workload and a new role for a different one"
            ),
            "{found:#?}"
        );
    }
}

#[test]
fn a_service_account_has_the_annotation_for_all_its_workloads() {
    let found = mistakes(&format!(
        "{SMALL}  job:\n    service_account: shop/api\n    role: {{name: shop-api}}\n    application_identity: keep\n    \
         postgres: {{store: orders, database: orders, user: j}}\n"
    ));
    assert!(
        found[0].contains("set `application_identity` to the same value for both"),
        "{found:#?}"
    );
}

#[test]
fn an_output_that_contradicts_an_existing_role_is_a_mistake() {
    let text = SMALL.replacen(
        "  api:\n",
        "  api:\n    role: {arn: \"arn:aws:iam::111122223333:role/x\"}\n",
        1,
    );
    let json = r#"{"version": 1, "roles": {"api": "arn:aws:iam::111122223333:role/shop-api"}}"#;
    let outputs = Outputs::read(source("irsa.outputs.json", json), 1).unwrap();
    let refused = read(&[&text]).unwrap().stack(Some(&outputs));
    let found = refused.unwrap_err().sentences().join("\n");
    assert!(
        found.contains("irsa.outputs.json:1:33: the role of `api` is"),
        "{found}"
    );
}

#[test]
fn a_built_in_role_is_not_the_role_of_a_workload() {
    let text = BROAD.replacen(
        "indices: {\"orders-*\": read, \"reports-*\": manage}",
        "role: acme-orders",
        1,
    );
    let found = mistakes(&text);
    assert!(
        found[0].contains("`acme-orders` is the role of a workload in this file"),
        "{found:#?}"
    );
}

#[test]
fn a_collection_is_not_a_domain() {
    let text = BROAD.replacen(
        "    existing: search\n",
        "    existing: {endpoint: abc123.eu-central-1.aoss.amazonaws.com}\n",
        1,
    );
    let found = mistakes(&text);
    assert!(
        found[0].contains("is an OpenSearch Serverless collection"),
        "{found:#?}"
    );
}

#[test]
fn outputs_of_a_different_domain_or_of_everything_are_mistakes() {
    let domain = "search-other-abcdefghijklmnopqrstuvwxyz.eu-central-1.es.amazonaws.com";
    for (json, expected) in [
        (
            format!(r#"{{"version": 1, "opensearch": {{"search": {{"endpoint": "{domain}"}}}}}}"#),
            "is an endpoint of the domain `other`, not `search`",
        ),
        (
            r#"{"irsa": {"sensitive": false, "type": "x", "value": {"version": 1}}}"#.to_owned(),
            "irsa.outputs.json:1:2: the file contains all Terraform outputs instead of the value of the output `irsa`; \
             run `terraform output -json irsa > irsa.outputs.json`",
        ),
    ] {
        let document = read(&[BROAD]).unwrap();
        let outputs = Outputs::read(source("irsa.outputs.json", &json), document.file_count());
        let refused = outputs.and_then(|outputs| document.stack(Some(&outputs)));
        let found = refused.unwrap_err().sentences().join("\n");
        assert!(found.contains(expected), "{found}");
    }
}

#[test]
fn one_resource_id_is_one_store() {
    let text = BROAD.replacen(
        "  archive:\n",
        "  copy:\n    existing: {endpoint: copy.c9akciq32rgw.eu-west-1.rds.amazonaws.com, resource_id: cluster-2K7XQ4MZJ6T5W3YHCNBVRDAEFU}\n    \
         region: eu-west-1\n    databases: {archive: {}}\n  archive:\n",
        1,
    );
    let text = text.replacen("workloads:\n", "workloads:\n  copier: {service_account: a/b, postgres: {store: copy, database: archive}}\n", 1);
    let found = mistakes(&text);
    assert!(
        found.iter().any(|one| one.contains("are the same store")),
        "{found:#?}"
    );
}
