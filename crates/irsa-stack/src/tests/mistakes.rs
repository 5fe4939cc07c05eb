//! Every mistake is found, has its place and a suggestion, and shows no secret.

use super::{SMALL, changed, mistakes, read, source, stack};
use crate::{Document, Outputs};

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
        "irsa.yaml:1:10: version 2 is not supported: this irsa supports version 1; use a newer irsa",
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
        found[0].contains("remove `name`, `policy` and `import`"),
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
            "irsa.yaml:15:23: `orders` is in account 444455556666, but its role is in 111122223333: `rds-db:connect` does not work across accounts; set `role.arn` to a role in account 444455556666"
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
            shown.contains("this file must not contain secrets"),
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
            "the outputs contain `shpo`, which is not defined under `clusters` in irsa.yaml; did you mean `shop`?",
        ),
        (
            r#"{"version": 1, "roles": {"api": "arn:aws:iam::111122223333:role/other"}}"#,
            "irsa.outputs.json:1:33: the role of `api` is `arn:aws:iam::111122223333:role/other`, but irsa.yaml defines `arn:aws:iam::111122223333:role/shop-api`",
        ),
        (
            r#"{"version": 1, "postgres": {"orders": {"endpoint": "orders.cluster-abc.eu-west-1.rds.amazonaws.com", "resource_id": "cluster-ABC"}}}"#,
            "`orders` is in region eu-west-1, but irsa.yaml has eu-central-1",
        ),
        (
            r#"{"version": 1, "postgres": {"orders": {"endpoint": "other.cluster-abc.eu-central-1.rds.amazonaws.com", "resource_id": "cluster-ABC"}}}"#,
            "is not an endpoint of the cluster `orders`",
        ),
        (
            r#"{"version": 1, "clusters": {"shop": {"issuer": "https://oidc.eks.us-east-1.amazonaws.com/id/A"}}}"#,
            "the issuer of `shop` is in region us-east-1, but irsa.yaml has eu-central-1",
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

/// A mistake beside a secret must not print the line of both.

#[test]
fn the_administrator_may_be_postgres() {
    let admin = "    admin: {user: postgres, password: managed}\n    databases:";
    assert_eq!(changed("    databases:", admin), [""; 0]);
}

#[test]
fn a_user_acts_as_an_application_only() {
    let with = |more: &str| {
        let used = format!("database: orders, {more}");
        mistakes(&SMALL.replacen("database: orders", &used, 1)).join("\n")
    };
    assert_eq!(with("user: api_iam, acts_as: api"), "");
    for (more, problem) in [
        (
            "acts_as: api",
            "`api` is the user itself: set `user` to a second one",
        ),
        (
            "user: api_iam, acts_as: api, privileges: read",
            "`read` does not limit a user that acts as `api`",
        ),
    ] {
        let found = with(more);
        assert!(found.contains(problem), "{found}");
    }
    let admin = SMALL
        .replacen(
            "create: {engine",
            "admin: {user: boss, password: managed}\n    create: {engine",
            1,
        )
        .replacen("database: orders", "database: orders, acts_as: boss", 1);
    let found = mistakes(&admin).join("\n");
    assert!(found.contains("`boss` is the administrator"), "{found}");
}
