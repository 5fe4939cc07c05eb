//! Examples of mistakes in `Resource`.

use super::Element::Resource;
use super::{DBUSER, DOMAIN, ENDPOINT, Example, Part, meant, reported, resource};

pub(super) fn examples() -> Vec<Example> {
    vec![
        (
            Resource,
            "variable-in-arn",
            resource("kms:*", "arn:aws:kms:*:${aws:PrincipalAccount}:key/*"),
            None,
        ),
        (
            Resource,
            "doubled-dollar",
            resource(
                "rds-db:connect",
                &DBUSER.replace("/app", "/$${aws:username}"),
            ),
            meant(&DBUSER.replace("/app", "/${aws:username}")),
        ),
        (
            Resource,
            "other-service",
            reported(&Part::Resource {
                actions: &["es:ESHttpGet".to_owned()],
                arns: &[DBUSER.to_owned()],
                requested: None,
            }),
            None,
        ),
        (
            Resource,
            "variable-without-dollar",
            resource("rds-db:connect", &DBUSER.replace("/app", "/{aws:username}")),
            meant(&DBUSER.replace("/app", "/${aws:username}")),
        ),
        (
            Resource,
            "placeholder",
            resource(
                "rds-db:connect",
                &DBUSER.replace("cluster-ABCDEFGH", "<RESOURCE_ID>"),
            ),
            None,
        ),
        (
            Resource,
            "white-space",
            resource("rds-db:connect", &DBUSER.replace("aws:", "aws: ")),
            meant(DBUSER),
        ),
        (
            Resource,
            "partition-mismatch",
            resource(
                "rds-db:connect",
                &DBUSER.replace("eu-central-1", "cn-north-1"),
            ),
            meant(
                &DBUSER
                    .replace("arn:aws:", "arn:aws-cn:")
                    .replace("eu-central-1", "cn-north-1"),
            ),
        ),
        (
            Resource,
            "arn-of-opensearch",
            resource(
                "es:ESHttpGet",
                &format!("{DOMAIN}/*").replace(":es:", ":opensearch:"),
            ),
            meant(&format!("{DOMAIN}/*")),
        ),
        (
            Resource,
            "not-an-account",
            resource(
                "rds-db:connect",
                &DBUSER.replace("111122223333", "ACCOUNT_ID"),
            ),
            None,
        ),
        (
            Resource,
            "arn-without-account",
            resource("rds-db:connect", &DBUSER.replace("111122223333", "")),
            None,
        ),
        (
            Resource,
            "arn-without-region",
            resource("rds-db:connect", &DBUSER.replace("eu-central-1", "")),
            None,
        ),
        (
            Resource,
            "case-differs",
            resource("rds-db:connect", &DBUSER.replace("app", "App")),
            meant(DBUSER),
        ),
        (
            Resource,
            "endpoint-as-domain",
            resource(
                "es:ESHttpGet",
                &format!("{}/*", DOMAIN.replace("logs", ENDPOINT)),
            ),
            meant(&format!("{DOMAIN}/*")),
        ),
        (
            Resource,
            "no-such-domain-name",
            resource(
                "es:ESHttpGet",
                &format!("{}/*", DOMAIN.replace("logs", "Logs")),
            ),
            None,
        ),
        (
            Resource,
            "dbuser-of-rds",
            resource("rds-db:connect", &DBUSER.replace("rds-db", "rds")),
            meant(DBUSER),
        ),
        (
            Resource,
            "cluster-as-dbuser",
            resource(
                "rds-db:connect",
                "arn:aws:rds:eu-central-1:111122223333:cluster:orders",
            ),
            None,
        ),
        (
            Resource,
            "dbuser-separator",
            resource("rds-db:connect", &DBUSER.replace("dbuser:", "dbuser/")),
            meant(DBUSER),
        ),
        (
            Resource,
            "dbuser-without-user",
            resource("rds-db:connect", DBUSER.strip_suffix("/app").unwrap()),
            None,
        ),
        (
            Resource,
            "name-as-resource-id",
            resource(
                "rds-db:connect",
                &DBUSER.replace("cluster-ABCDEFGH", "orders"),
            ),
            None,
        ),
        (
            Resource,
            "domain-without-paths",
            resource("es:ESHttpGet", DOMAIN),
            meant(&format!("{DOMAIN}/*")),
        ),
        (
            Resource,
            "instance-of-cluster",
            resource("rds-db:connect", &DBUSER.replace("cluster-", "db-")),
            None,
        ),
    ]
}
