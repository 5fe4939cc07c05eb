//! The keys of the outputs file: what exists only after `terraform apply`.

use super::rules::{
    CLUSTER_NAME, DB_IDENTIFIER, DB_RESOURCE_ID, DOMAIN_NAME, ISSUER, KMS_KEY_ARN, LABEL,
    OPENSEARCH_ENDPOINT, RDS_ENDPOINT, ROLE_ARN, SECRET_ARN,
};
use super::{Field, Shape};

const ADMIN_SECRET: &[Field] = &[
    Field::required("arn", Shape::Text(&SECRET_ARN), "ARN of the secret."),
    Field::optional(
        "kms_key",
        Shape::Text(&KMS_KEY_ARN),
        "ARN of the KMS key that encrypts it.",
    ),
];

/// The whole file.
pub(crate) static OUTPUTS: Shape = Shape::Record(&[
    Field::required(
        "version",
        Shape::Integer { min: 1, max: 1 },
        "Version of this file format.",
    ),
    Field::optional(
        "clusters",
        Shape::Map {
            key: &CLUSTER_NAME,
            value: &Shape::Record(&[Field::required(
                "issuer",
                Shape::Text(&ISSUER),
                "OIDC issuer of the cluster.",
            )]),
        },
        "EKS clusters by name.",
    ),
    Field::optional(
        "postgres",
        Shape::Map {
            key: &DB_IDENTIFIER,
            value: &Shape::Record(&[
                Field::required("endpoint", Shape::Text(&RDS_ENDPOINT), "Writer endpoint."),
                Field::required("resource_id", Shape::Text(&DB_RESOURCE_ID), "Resource ID."),
                Field::optional(
                    "admin_secret",
                    Shape::Record(ADMIN_SECRET),
                    "Secret with the administrator's password, if AWS manages it.",
                ),
            ]),
        },
        "PostgreSQL clusters by their keys in irsa.yaml.",
    ),
    Field::optional(
        "opensearch",
        Shape::Map {
            key: &DOMAIN_NAME,
            value: &Shape::Record(&[Field::required(
                "endpoint",
                Shape::Text(&OPENSEARCH_ENDPOINT),
                "Endpoint.",
            )]),
        },
        "OpenSearch domains by their keys in irsa.yaml.",
    ),
    Field::optional(
        "roles",
        Shape::Map {
            key: &LABEL,
            value: &Shape::Text(&ROLE_ARN),
        },
        "ARNs of the roles by workload.",
    ),
]);
