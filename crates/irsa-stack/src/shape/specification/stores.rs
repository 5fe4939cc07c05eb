//! Data stores.

use super::PORTS;
use crate::shape::rules::{
    ACCOUNT, ADMIN_USER, DATABASE, DATABASE_USER, DB_IDENTIFIER, DB_RESOURCE_ID, DOMAIN_NAME,
    EXTERNAL_ID, KMS_KEY, OPENSEARCH_ENDPOINT, RDS_ENDPOINT, REGION, ROLE_ARN, VERSION,
};
use crate::shape::{Field, Rule, Shape, Word};

const VIA: &[Field] = &[
    Field::required(
        "role",
        Shape::Text(&ROLE_ARN),
        "Role to assume in the other account.",
    ),
    Field::optional("external_id", Shape::Text(&EXTERNAL_ID), "External ID."),
];

pub(super) const POSTGRES: &[Field] = &[
    Field::optional(
        "create",
        Shape::Record(CREATE_POSTGRES),
        "Create an Aurora PostgreSQL cluster, or a DB instance of Amazon RDS for PostgreSQL.",
    ),
    Field::optional(
        "existing",
        Shape::TextOrRecord(&DB_IDENTIFIER, EXISTING_POSTGRES),
        "Use a cluster or DB instance that exists: the identifier of a cluster, `instance` with that of a DB instance, or \
         the endpoint and resource ID.",
    ),
    Field::optional("port", PORTS, "Port of the cluster. Default: 5432."),
    Field::optional(
        "account",
        Shape::Text(&ACCOUNT),
        "Account of the cluster, if it is not `aws.account`.",
    ),
    Field::optional(
        "region",
        Shape::Text(&REGION),
        "Region of the cluster, if it is not `aws.region`.",
    ),
    Field::optional(
        "via",
        Shape::Record(VIA),
        "How Terraform reaches that account.",
    ),
    Field::optional(
        "admin",
        Shape::Record(ADMIN),
        "Administrator of the databases.",
    ),
    Field::required(
        "databases",
        Shape::Map {
            key: &DATABASE,
            value: &Shape::Record(DATABASE_FIELDS),
        },
        "Databases by name.",
    ),
];

const CREATE_POSTGRES: &[Field] = &[
    Field::optional(
        "kind",
        Shape::Choice(&[
            Word {
                name: "cluster",
                doc: "An Aurora PostgreSQL cluster. The default.",
            },
            Word {
                name: "instance",
                doc: "A DB instance of Amazon RDS for PostgreSQL.",
            },
        ]),
        "What to create.",
    ),
    Field::required(
        "engine_version",
        Shape::Text(&VERSION),
        "Engine version, in quotes.",
    ),
    Field::optional(
        "instances",
        Shape::Integer { min: 1, max: 16 },
        "Number of instances. Default: 2. With `kind: instance`, 2 is a DB instance with a standby in a different \
         Availability Zone (Multi-AZ).",
    ),
    Field::optional(
        "serverless",
        Shape::Record(SERVERLESS),
        "Capacity of Aurora Serverless v2.",
    ),
    Field::optional(
        "instance",
        Shape::Text(&VERSION),
        "Instance class, such as db.r6g.large, unless `serverless` is given.",
    ),
    Field::optional(
        "volume",
        Shape::Text(&VERSION),
        "Storage of a DB instance. Default: 100GiB. The storage of Aurora clusters has no fixed size.",
    ),
    Field::optional(
        "kms_key",
        Shape::Text(&KMS_KEY),
        "KMS key that encrypts the data and the administrator's password. Default: the keys of AWS.",
    ),
];

const SERVERLESS: &[Field] = &[
    Field::required(
        "min",
        Shape::Number {
            min: 0.0,
            max: 256.0,
        },
        "Minimum Aurora capacity units.",
    ),
    Field::required(
        "max",
        Shape::Number {
            min: 1.0,
            max: 256.0,
        },
        "Maximum Aurora capacity units.",
    ),
];

const EXISTING_POSTGRES: &[Field] = &[
    Field::optional(
        "instance",
        Shape::Text(&DB_IDENTIFIER),
        "Identifier of a DB instance of Amazon RDS for PostgreSQL.",
    ),
    Field::optional(
        "endpoint",
        Shape::Text(&RDS_ENDPOINT),
        "Writer endpoint. Needs `resource_id`.",
    ),
    Field::optional(
        "resource_id",
        Shape::Text(&DB_RESOURCE_ID),
        "Resource ID: `DbClusterResourceId` or `DbiResourceId` in the AWS CLI's output.",
    ),
];

const ADMIN: &[Field] = &[
    Field::required(
        "user",
        Shape::Text(&ADMIN_USER),
        "Name of the administrator.",
    ),
    Field::required(
        "password",
        Shape::Choice(&[Word {
            name: "managed",
            doc: "AWS keeps it in Secrets Manager and rotates it.",
        }]),
        "Where the password is. The password itself must not be in this file.",
    ),
];

const DATABASE_FIELDS: &[Field] = &[
    Field::optional(
        "owner",
        Shape::Text(&DATABASE_USER),
        "User with all privileges on the database. Default: the name of the workload that uses it.",
    ),
    Field::optional(
        "exclusive",
        Shape::Flag,
        "Whether to take CONNECT from PUBLIC on a database that exists already. Default: false. A new database always is \
         exclusive.",
    ),
];

pub(super) const OPENSEARCH: &[Field] = &[
    Field::optional(
        "create",
        Shape::Record(CREATE_OPENSEARCH),
        "Create a domain.",
    ),
    Field::optional(
        "existing",
        Shape::TextOrRecord(&DOMAIN_NAME, EXISTING_OPENSEARCH),
        "Use a domain that exists: its name, or its endpoint.",
    ),
    Field::optional(
        "access",
        Shape::Choice(&[
            Word {
                name: "fine-grained",
                doc: "Fine-grained access control: each workload reaches its own indices. The default.",
            },
            Word {
                name: "domain-policy",
                doc: "The domain's access policy alone: every workload reaches all indices.",
            },
        ]),
        "Who decides about indices.",
    ),
    Field::optional(
        "admin",
        Shape::Text(&ADMIN_ROLE),
        "Master user: `setup` for the role of the setup Job (the default), or a role ARN.",
    ),
    Field::optional(
        "account",
        Shape::Text(&ACCOUNT),
        "Account of the domain, if it is not `aws.account`.",
    ),
    Field::optional(
        "region",
        Shape::Text(&REGION),
        "Region of the domain, if it is not `aws.region`.",
    ),
    Field::optional(
        "via",
        Shape::Record(VIA),
        "How Terraform reaches that account.",
    ),
];

static ADMIN_ROLE: Rule = Rule {
    noun: "an administrator",
    pattern: Some("^(setup|arn:[a-z-]+:iam::[0-9]{12}:role/.+)$"),
    check: |text| match text {
        "setup" => Ok(()),
        _ => {
            (ROLE_ARN.check)(text).map_err(|expected| format!("`setup`, or a role ARN: {expected}"))
        }
    },
};

const CREATE_OPENSEARCH: &[Field] = &[
    Field::required(
        "engine_version",
        Shape::Text(&VERSION),
        "Engine version, such as OpenSearch_2.5.",
    ),
    Field::required(
        "instance",
        Shape::Text(&VERSION),
        "Instance type, such as r6g.large.search.",
    ),
    Field::optional(
        "instances",
        Shape::Integer { min: 1, max: 200 },
        "Number of data nodes. Default: 3.",
    ),
    Field::optional(
        "volume",
        Shape::Text(&VERSION),
        "EBS volume of each node, such as 100GiB.",
    ),
    Field::optional(
        "kms_key",
        Shape::Text(&KMS_KEY),
        "KMS key that encrypts the data. Default: the key of AWS.",
    ),
];

const EXISTING_OPENSEARCH: &[Field] = &[Field::required(
    "endpoint",
    Shape::Text(&OPENSEARCH_ENDPOINT),
    "Endpoint of the domain.",
)];
