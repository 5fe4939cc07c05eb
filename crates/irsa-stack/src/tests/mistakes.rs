//! Every mistake is found, has its place and a suggestion, and shows no secret.

use super::{BROAD, SMALL, mistakes, read, source, stack};
use crate::{Document, Outputs};

/// The small file with a part replaced.
fn changed(from: &str, to: &str) -> Vec<String> {
    assert!(SMALL.contains(from), "{from}");
    mistakes(&SMALL.replacen(from, to, 1))
}

#[test]
fn the_small_file_has_none() {
    assert_eq!(mistakes(SMALL), [""; 0]);
}

/// What is replaced in the small file, by what, and the sentence about it.
const MISTAKES: [(&str, &str, &str); 12] = [
    (
        "workloads:",
        "worklods:",
        "irsa.yaml:11:1: unknown key `worklods`; did you mean `workloads`?",
    ),
    (
        "name: shop",
        "name: Shop",
        "irsa.yaml:2:7: `name`: `Shop` is not a name; expected 1 to 40 lower-case letters, digits and inner hyphens, a letter first",
    ),
    (
        "account: \"111122223333\"",
        "account: 111122223333",
        "irsa.yaml:3:16: `account` is a number, expected an AWS account ID; put it in quotes",
    ),
    (
        "create: {engine_version: \"17.4\"}",
        "create: {engine_version: 17.4}",
        "irsa.yaml:8:30: `engine_version` is a number, expected a version; put it in quotes",
    ),
    (
        "store: orders",
        "store: order",
        "irsa.yaml:14:23: PostgreSQL cluster `order` does not exist; did you mean `orders`?",
    ),
    (
        "database: orders",
        "database: xyz",
        "irsa.yaml:14:41: database `xyz` does not exist; expected one of `orders`",
    ),
    (
        "version: 1",
        "version: 2",
        "irsa.yaml:1:10: version 2 is newer than this irsa, which reads version 1; use a newer irsa",
    ),
    (
        "service_account: shop/api",
        "service_account: api",
        "irsa.yaml:13:22: `service_account`: `api` is not a service account; expected NAMESPACE/NAME",
    ),
    (
        "create: {engine_version: \"17.4\"}",
        "port: 5432",
        "irsa.yaml:7:3: `orders`: needs `create` or `existing`",
    ),
    (
        "database: orders}",
        "database: orders, privileges: write}",
        "irsa.yaml:14:61: `privileges`: `write` is not a valid value; expected one of `all`, `read`",
    ),
    (
        "database: orders}",
        "database: orders, listen: 9441}",
        "irsa.yaml:14:57: port 9441 of `postgres` is used by the health page in the same pod",
    ),
    (
        "database: orders}",
        "database: orders, listen: 0}",
        "irsa.yaml:14:57: `listen` is 0, expected 1 to 65535",
    ),
];

#[test]
fn each_mistake_has_its_line_and_a_suggestion() {
    for (from, to, expected) in MISTAKES {
        let found = changed(from, to);
        assert!(found.iter().any(|one| one == expected), "{to}: {found:#?}");
    }
}

#[test]
fn the_line_is_drawn_with_a_mark() {
    let document = read(&[&SMALL.replacen("store: orders", "store: order", 1)]).unwrap();
    let drawn = document.stack(None).unwrap_err().drawn().join("\n");
    assert!(drawn.contains(" irsa.yaml:14:23\n"), "{drawn}");
    assert!(
        !drawn.contains("no workload uses"),
        "one mistake is reported once: {drawn}"
    );
    assert!(drawn.contains("^^^^^"), "{drawn}");
    assert!(drawn.contains("did you mean `orders`?"), "{drawn}");
}

#[test]
fn what_nothing_uses_is_a_mistake() {
    let found = changed("      orders: {}", "      orders: {}\n      spare: {}");
    assert_eq!(
        found,
        [
            "irsa.yaml:11:7: no workload uses the database `spare`; remove it, or name it in a workload"
        ]
    );
    let found = changed("  shop: {}", "  shop: {}\n  other: {}");
    assert_eq!(
        found, [""; 0],
        "all clusters are used unless a workload names some"
    );
}

#[test]
fn keys_without_effect_are_mistakes() {
    let pod_identity =
        "identity: pod-identity\n    application_identity: none\n    service_account";
    let found = changed("service_account", pod_identity);
    assert!(
        found[0].starts_with("irsa.yaml:14:27: `application_identity` has no effect"),
        "{found:#?}"
    );
    let role =
        "role: {arn: \"arn:aws:iam::111122223333:role/api\", policy: p}\n    service_account";
    let found = changed("service_account", role);
    assert!(
        found[0].contains("remove `name` and `policy`"),
        "{found:#?}"
    );
}

#[test]
fn a_database_of_another_account_needs_a_role_there() {
    let found = changed(
        "    databases:",
        "    account: \"444455556666\"\n    databases:",
    );
    assert_eq!(
        found,
        [
            "irsa.yaml:15:23: `orders` is in account 444455556666, its role in 111122223333: `rds-db:connect` does not reach other accounts; set `role.arn` to a role in account 444455556666"
        ]
    );
    let text = SMALL.replacen(
        "    databases:",
        "    account: \"444455556666\"\n    databases:",
        1,
    );
    let role = "    role: {arn: \"arn:aws:iam::444455556666:role/api\"}\n    postgres: {store";
    assert_eq!(
        mistakes(&text.replacen("    postgres: {store", role, 1)),
        [""; 0]
    );
}

#[test]
fn all_mistakes_come_at_once() {
    let text = SMALL
        .replace("region: eu-central-1", "region: Europe")
        .replace("service_account", "serviceaccount");
    assert_eq!(mistakes(&text).len(), 3, "{:#?}", mistakes(&text));
}

#[test]
fn a_key_that_is_given_twice_is_a_mistake() {
    let found = changed("name: shop", "name: shop\nname: shop");
    assert!(
        found[0].starts_with("irsa.yaml:3:1: not valid YAML: "),
        "{found:#?}"
    );
}

#[test]
fn secrets_are_refused_and_not_shown() {
    for secret in [
        "AKIAIOSFODNN7EXAMPLE",
        "postgres://u:hunter2@host/db",
        "eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0.c2ln",
    ] {
        let text = format!("{SMALL}tags: {{note: \"{secret}\"}}\n");
        let refused = read(&[&text]).unwrap_err();
        let shown = refused.sentences().join("\n") + &refused.drawn().join("\n");
        assert!(
            shown.contains("secrets must not be in this file"),
            "{shown}"
        );
        assert!(!shown.contains(secret), "{shown}");
    }
    let text = SMALL.replacen(
        "    databases:",
        "    admin: {user: root, password: hunter2}\n    databases:",
        1,
    );
    let refused = read(&[&text]).unwrap_err();
    let shown = refused.sentences().join("\n") + &refused.drawn().join("\n");
    assert!(shown.contains("must not be the password itself"), "{shown}");
    assert!(!shown.contains("hunter2"), "{shown}");
}

#[test]
fn later_files_replace_add_and_remove() {
    let over = "aws: {region: eu-west-1}\nworkloads:\n  api: {service_account: prod/api}\n  job:\n    service_account: prod/job\n    postgres: {store: orders, database: orders}\ntags: null\n";
    let text = format!("{SMALL}tags: {{team: x}}\n");
    let document = read(&[&text, over]).unwrap();
    insta::assert_snapshot!(document.show());
    let stack = document.stack(None).unwrap();
    assert_eq!(stack.region.as_str(), "eu-west-1");
    assert_eq!(stack.workloads.len(), 2);
}

#[test]
fn mistakes_of_later_files_point_into_them() {
    let over = "workloads:\n  api:\n    postgres: {store: ordres}\n";
    let found = read(&[SMALL, over])
        .unwrap()
        .stack(None)
        .unwrap_err()
        .sentences();
    assert_eq!(
        found[0],
        "prod.yaml:3:23: PostgreSQL cluster `ordres` does not exist; did you mean `orders`?"
    );
}

#[test]
fn outputs_that_contradict_the_file_are_mistakes() {
    for (json, expected) in [
        (
            r#"{"version": 1, "clusters": {"shpo": {"issuer": "https://oidc.eks.eu-central-1.amazonaws.com/id/A"}}}"#,
            "output for `shpo`, which irsa.yaml does not have under `clusters`; did you mean `shop`?",
        ),
        (
            r#"{"version": 1, "roles": {"api": "arn:aws:iam::111122223333:role/other"}}"#,
            "irsa.outputs.json:1:33: the role of `api` is `arn:aws:iam::111122223333:role/other`, irsa.yaml makes it `arn:aws:iam::111122223333:role/shop-api`",
        ),
        (
            r#"{"version": 1, "postgres": {"orders": {"endpoint": "orders.cluster-abc.eu-west-1.rds.amazonaws.com", "resource_id": "cluster-ABC"}}}"#,
            "`orders` is in the region eu-west-1, irsa.yaml has eu-central-1",
        ),
        (
            r#"{"version": 1, "postgres": {"orders": {"endpoint": "other.cluster-abc.eu-central-1.rds.amazonaws.com", "resource_id": "cluster-ABC"}}}"#,
            "is not an endpoint of the cluster `orders`",
        ),
        (
            r#"{"version": 1, "clusters": {"shop": {"issuer": "https://oidc.eks.us-east-1.amazonaws.com/id/A"}}}"#,
            "the issuer of `shop` is in the region us-east-1, irsa.yaml has eu-central-1",
        ),
        (
            r#"{"version": 1, "postgres": {"orders": {"endpoint": "orders.cluster-abc.eu-central-1.rds.amazonaws.com", "resource_id": "db-ABC"}}}"#,
            "`db-ABC` is not the resource ID of",
        ),
        (
            r#"{"version": 1, "postgres": {"orders": {"endpoint": "orders"}}}"#,
            "`orders` needs the key `resource_id`",
        ),
    ] {
        let document: Document = read(&[SMALL]).unwrap();
        let outputs = Outputs::read(source("irsa.outputs.json", json), document.file_count());
        let refused = outputs.and_then(|outputs| document.stack(Some(&outputs)));
        let found = refused.unwrap_err().sentences().join("\n");
        assert!(found.contains(expected), "{found}");
        assert!(found.contains("irsa.outputs.json:1:"), "{found}");
    }
}

#[test]
fn outputs_take_the_place_of_placeholders() {
    let json = r#"{"version": 1,
        "clusters": {"shop": {"issuer": "https://oidc.eks.eu-central-1.amazonaws.com/id/ABC"}},
        "postgres": {"orders": {"endpoint": "orders.cluster-abc.eu-central-1.rds.amazonaws.com", "resource_id": "cluster-ABC"}},
        "roles": {"api": "arn:aws:iam::111122223333:role/shop-api"}}"#;
    let document = read(&[SMALL]).unwrap();
    let outputs = Outputs::read(source("irsa.outputs.json", json), document.file_count()).unwrap();
    let known = document.stack(Some(&outputs)).unwrap();
    assert!(known.placeholders.is_empty());
    assert_eq!(known.postgres[0].resource_id.as_str(), "cluster-ABC");
    assert_eq!(stack(SMALL).placeholders.len(), 2);
    assert_ne!(known.digest, stack(SMALL).digest);
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

/// A mistake beside a secret must not print the line of both.
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
fn a_workload_is_not_the_administrator_of_a_domain() {
    let found = mistakes(&BROAD.replacen("  legacy:", "  setup:", 1).replacen(
        "    role: {arn: \"arn:aws:iam::111122223333:role/legacy\"}\n",
        "",
        1,
    ));
    let expected = "`setup` has the role `acme-setup`, the administrator of the domain `search`";
    assert!(found.iter().any(|one| one.contains(expected)), "{found:#?}");
}

#[test]
fn a_key_without_a_value_is_a_mistake() {
    let help = "the key has no value: `null` removes a key of an earlier file, and none has this one; \
                write `{}` for a map without keys, or remove the key";
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
        found[0].starts_with("irsa.yaml:9:13: cn-north-1 is in the partition aws-cn"),
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
        ["irsa.yaml:8:30: no workload uses `one` with all privileges as its owner `ann`"]
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
            found[0].contains("exists already for one workload and is created for another"),
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
        found[0].contains("set `application_identity` alike"),
        "{found:#?}"
    );
}

#[test]
fn the_administrator_may_be_postgres() {
    let admin = "    admin: {user: postgres, password: managed}\n    databases:";
    assert_eq!(changed("    databases:", admin), [""; 0]);
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
        found[0].contains("`acme-orders` is the role of a workload of this file"),
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
        found[0].contains("is a collection of OpenSearch Serverless"),
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
            "irsa.outputs.json:1:2: the file has all outputs of Terraform, not the value of the output `irsa`; run \
             `terraform output -json irsa > irsa.outputs.json`",
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
    let text = format!(
        "{}",
        text.replacen("workloads:\n", "workloads:\n  copier: {service_account: a/b, postgres: {store: copy, database: archive}}\n", 1)
    );
    let found = mistakes(&text);
    assert!(
        found.iter().any(|one| one.contains("are the same store")),
        "{found:#?}"
    );
}
